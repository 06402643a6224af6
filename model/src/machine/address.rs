//! Chooses the static address of an AUTO link: one that nobody holds and DHCP never gives.
//!
//! Pure: the caller passes what is taken, and claims the choice in a transaction in which every
//! address belongs to one holder, so a stale view costs one retry and never a duplicate.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::iprange::{IpRange, Purpose};
use crate::net::subnet::Subnet;

/// The lowest address of a managed subnet that is free for a machine.
///
/// Left out are the network and broadcast addresses, the router, the DNS servers, `taken`, and
/// every range: dynamic ones belong to DHCP, reserved ones to somebody else. In an unmanaged
/// subnet only the reserved ranges may be used.
#[must_use]
pub fn free_address(
    subnet: &Subnet,
    ranges: &[IpRange],
    taken: &BTreeSet<IpAddr>,
) -> Option<IpAddr> {
    let own = |address: IpAddr| {
        subnet.gateway_ip == Some(address) || subnet.dns_servers.contains(&address)
    };
    let mut address = first_host(&subnet.cidr);
    loop {
        if !is_host(&subnet.cidr, address) {
            return None;
        }
        let inside =
            ranges.iter().find(|range| range.start_ip <= address && address <= range.end_ip);
        let allowed = match inside.map(|range| range.purpose) {
            None => subnet.managed,
            Some(Purpose::Reserved) => !subnet.managed,
            Some(Purpose::Dynamic) => false,
        };
        if allowed && !own(address) && !taken.contains(&address) {
            return Some(address);
        }
        let skipped = inside.filter(|_| !allowed).map_or(address, |range| range.end_ip);
        address = successor(skipped)?;
    }
}

fn first_host(cidr: &IpNet) -> IpAddr {
    let network = cidr.network();
    if cidr.prefix_len() + 1 >= cidr.max_prefix_len() {
        return network;
    }
    successor(network).unwrap_or(network)
}

fn is_host(cidr: &IpNet, address: IpAddr) -> bool {
    let broadcast = address.is_ipv4()
        && cidr.prefix_len() + 1 < cidr.max_prefix_len()
        && address == cidr.broadcast();
    cidr.contains(&address) && !broadcast
}

fn successor(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => v4.to_bits().checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => v6.to_bits().checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{IpRangeId, SubnetId, VlanId};
    use crate::net::subnet::ReverseDns;

    fn subnet(cidr: &str, managed: bool) -> Subnet {
        let cidr: IpNet = cidr.parse().expect("a prefix");
        Subnet {
            id: SubnetId(1),
            name: cidr.to_string(),
            description: String::new(),
            vlan: VlanId(1),
            cidr,
            gateway_ip: Some(first_host(&cidr)),
            dns_servers: Vec::new(),
            managed,
            rdns_mode: ReverseDns::default(),
            allow_dns: true,
            allow_proxy: true,
            active_discovery: false,
            disabled_boot_architectures: Vec::new(),
        }
    }

    fn range(purpose: Purpose, start: &str, end: &str) -> IpRange {
        IpRange {
            id: IpRangeId(1),
            purpose,
            start_ip: start.parse().expect("an address"),
            end_ip: end.parse().expect("an address"),
            subnet: SubnetId(1),
            user: None,
            comment: String::new(),
        }
    }

    #[track_caller]
    fn check(subnet: &Subnet, ranges: &[IpRange], taken: &[&str], expected: Option<&str>) {
        let taken = taken.iter().map(|text| text.parse().expect("an address")).collect();
        let expected = expected.map(|text| text.parse::<IpAddr>().expect("an address"));
        assert_eq!(free_address(subnet, ranges, &taken), expected);
    }

    #[test]
    fn router_ranges_and_taken_addresses_are_left_out() {
        let subnet = subnet("10.0.0.0/24", true);
        check(&subnet, &[], &[], Some("10.0.0.2"));
        check(&subnet, &[], &["10.0.0.2", "10.0.0.3"], Some("10.0.0.4"));
        let dynamic = range(Purpose::Dynamic, "10.0.0.2", "10.0.0.199");
        check(&subnet, std::slice::from_ref(&dynamic), &["10.0.0.200"], Some("10.0.0.201"));
        let reserved = range(Purpose::Reserved, "10.0.0.200", "10.0.0.255");
        check(&subnet, &[dynamic, reserved], &[], None);
    }

    #[test]
    fn broadcast_is_never_given() {
        check(&subnet("10.0.0.0/30", true), &[], &["10.0.0.2"], None);
    }

    #[test]
    fn unmanaged_subnet_gives_from_its_reserved_ranges_only() {
        let unmanaged = subnet("10.0.0.0/24", false);
        check(&unmanaged, &[], &[], None);
        let reserved = range(Purpose::Reserved, "10.0.0.50", "10.0.0.60");
        check(&unmanaged, &[reserved], &["10.0.0.50"], Some("10.0.0.51"));
    }

    #[test]
    fn large_ranges_of_ipv6_are_skipped_whole() {
        let subnet = subnet("fd00::/64", true);
        let dynamic = range(Purpose::Dynamic, "fd00::2", "fd00::ffff:ffff:ffff");
        check(&subnet, &[dynamic], &[], Some("fd00::1:0:0:0"));
    }
}
