//! What is advertised on a link: it follows from what regions say alone, so that all racks of the link say the same
//! (RFC 4861 §6.2.7).

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use model::controller::ServedRack;
use model::net::iprange::{IpRange, Purpose};
use model::net::router_advertisements::RouterAdvertisements;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;

/// The length of a prefix that hosts make addresses of their own from (RFC 4862 §5.5.3, RFC 4291 §2.5.1).
const AUTONOMOUS_LENGTH: u8 = 64;
/// The least MTU of a link with IPv6 (RFC 8200 §5): hosts ignore a smaller one.
const MTU_MIN: u16 = 1_280;

/// What is known of a link.
#[derive(Debug)]
pub struct Link<'a> {
    /// The VLAN.
    pub vlan: &'a Vlan,
    /// The VLAN that it is relayed to.
    pub relay: Option<&'a Vlan>,
    /// The subnets of the VLAN.
    pub subnets: Vec<&'a Subnet>,
    /// The ranges of these subnets.
    pub ranges: Vec<&'a IpRange>,
    /// The racks of the VLAN.
    pub racks: Vec<&'a ServedRack>,
    /// The service address of the VLAN, while a rack holds it.
    pub service_address: Option<Ipv6Addr>,
    /// The site's default domain.
    pub domain: Option<&'a str>,
}

/// A prefix, and what it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// The prefix.
    pub net: Ipv6Net,
    /// Its addresses are on the link (flag L).
    pub on_link: bool,
    /// Hosts may make addresses of it (flag A).
    pub autonomous: bool,
}

/// What is advertised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Addresses are given by `DHCPv6` (flag M).
    pub managed: bool,
    /// `DHCPv6` tells other things, or addresses, too (flag O).
    pub other: bool,
    /// The largest packet of the link.
    pub mtu: Option<u16>,
    /// What is on the link.
    pub prefixes: Vec<Prefix>,
    /// Resolvers.
    pub servers: Vec<Ipv6Addr>,
    /// Where hosts look for short names.
    pub domains: Vec<String>,
}

impl Content {
    /// What racks advertise on a link; nothing when its VLAN does not ask for it.
    #[must_use]
    pub fn of(link: &Link<'_>) -> Option<Self> {
        let slaac = match link.vlan.router_advertisements {
            RouterAdvertisements::Off => return None,
            RouterAdvertisements::On => false,
            RouterAdvertisements::Slaac => true,
        };
        let subnets = || link.subnets.iter().filter_map(|subnet| Some((*subnet, of_ipv6(subnet)?)));
        let prefixes = subnets().map(|(_, net)| Prefix {
            net,
            on_link: true,
            autonomous: slaac && net.prefix_len() == AUTONOMOUS_LENGTH,
        });
        let dhcp_on = link.relay.unwrap_or(link.vlan).dhcp_on;
        let served = dhcp_on && subnets().any(|(subnet, _)| subnet.managed);
        let gives = served && link.ranges.iter().any(|range| gives_addresses(link, range));
        let relayed = is_relayed_to_others(link.vlan);
        Some(Self {
            managed: gives || relayed,
            other: served || relayed,
            mtu: Some(link.vlan.mtu).filter(|mtu| *mtu >= MTU_MIN),
            prefixes: prefixes.collect(),
            servers: servers(link),
            domains: link.domain.map(str::to_owned).into_iter().collect(),
        })
    }
}

/// The prefix of a subnet of IPv6. That of link-local addresses is known to all, and not advertised (RFC 4861
/// §6.2.1).
fn of_ipv6(subnet: &Subnet) -> Option<Ipv6Net> {
    match subnet.cidr {
        IpNet::V4(_) => None,
        IpNet::V6(net) => Some(net).filter(|net| !net.addr().is_unicast_link_local()),
    }
}

/// Whether racks pass on `DHCPv6` to servers of others: what these give is not known here.
fn is_relayed_to_others(vlan: &Vlan) -> bool {
    vlan.is_relayed_by_racks() && vlan.relay_to.iter().any(IpAddr::is_ipv6)
}

/// Whether `DHCPv6` gives addresses of a range.
fn gives_addresses(link: &Link<'_>, range: &IpRange) -> bool {
    let managed = link.subnets.iter().any(|subnet| subnet.id == range.subnet && subnet.managed);
    range.purpose == Purpose::Dynamic && range.start_ip.is_ipv6() && managed
}

/// The service address, then for each subnet the addresses that the racks have in it, if it lets its hosts ask them, and the servers
/// that it names.
fn servers(link: &Link<'_>) -> Vec<Ipv6Addr> {
    let asks_racks = link.subnets.iter().any(|own| own.allow_dns && of_ipv6(own).is_some());
    let mut servers: Vec<_> = link.service_address.filter(|_| asks_racks).into_iter().collect();
    for subnet in link.subnets.iter().filter(|subnet| of_ipv6(subnet).is_some()) {
        let racks = link.racks.iter().filter(|_| subnet.allow_dns);
        let at_racks = racks.filter_map(|rack| address_in(rack, subnet));
        for ip in at_racks.chain(subnet.dns_servers.iter().copied()) {
            if let IpAddr::V6(ip) = ip
                && !servers.contains(&ip)
            {
                servers.push(ip);
            }
        }
    }
    servers
}

fn address_in(rack: &ServedRack, subnet: &Subnet) -> Option<IpAddr> {
    let mut addresses = rack.interfaces.iter().flat_map(|own| &own.addresses).map(IpNet::addr);
    addresses.find(|ip| subnet.cidr.contains(ip))
}

#[cfg(test)]
mod tests {
    use model::controller::ControllerInterface;
    use model::id::{FabricId, IpRangeId, SubnetId, SystemId, VlanId};
    use model::mac::MacAddress;

    use super::*;

    /// A VLAN with a subnet of each family, a range, and two racks.
    struct Site {
        vlan: Vlan,
        relay: Option<Vlan>,
        subnets: Vec<Subnet>,
        range: IpRange,
        racks: Vec<ServedRack>,
        service_address: Option<Ipv6Addr>,
    }

    fn subnet(id: u32, cidr: &str) -> Subnet {
        Subnet::new(SubnetId(id), VlanId(1), cidr.parse().unwrap())
    }

    fn rack(number: u64, addresses: &[&str]) -> ServedRack {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let name = "eth0".to_owned();
        ServedRack {
            system_id: SystemId::from_number(number),
            hostname: format!("k{number}"),
            interfaces: vec![ControllerInterface { name, mac: MacAddress([0; 6]), addresses }],
            connected: true,
        }
    }

    fn site() -> Site {
        let mut six = subnet(2, "fd00:10::/64");
        six.dns_servers = ["10.0.0.53", "fd00::53"].map(|ip| ip.parse().unwrap()).to_vec();
        let range = IpRange {
            id: IpRangeId(1),
            purpose: Purpose::Dynamic,
            start_ip: "fd00:10::1:0".parse().unwrap(),
            end_ip: "fd00:10::1:ffff".parse().unwrap(),
            subnet: SubnetId(2),
            user: None,
            comment: String::new(),
        };
        Site {
            vlan: Vlan {
                dhcp_on: true,
                router_advertisements: RouterAdvertisements::On,
                ..Vlan::untagged(VlanId(1), FabricId(1))
            },
            relay: None,
            subnets: vec![subnet(1, "10.0.0.0/24"), six],
            range,
            racks: vec![
                rack(1, &["10.0.0.2/24", "fe80::2/64", "fd00:10::2/64"]),
                rack(2, &["fd00:10::3/64", "fd00:99::3/64"]),
            ],
            service_address: None,
        }
    }

    fn content(change: impl FnOnce(&mut Site)) -> Option<Content> {
        let mut site = site();
        change(&mut site);
        Content::of(&Link {
            vlan: &site.vlan,
            relay: site.relay.as_ref(),
            subnets: site.subnets.iter().collect(),
            ranges: vec![&site.range],
            racks: site.racks.iter().collect(),
            service_address: site.service_address,
            domain: Some("lab.example"),
        })
    }

    #[track_caller]
    fn flags(change: impl FnOnce(&mut Site), expected: (bool, bool)) {
        let content = content(change).expect("it is asked for");
        assert_eq!((content.managed, content.other), expected);
    }

    #[test]
    fn all_that_hosts_need_is_advertised_where_it_is_asked_for() {
        let expected = Content {
            managed: true,
            other: true,
            mtu: Some(1_500),
            prefixes: vec![Prefix {
                net: "fd00:10::/64".parse().unwrap(),
                on_link: true,
                autonomous: false,
            }],
            servers: ["fd00:10::2", "fd00:10::3", "fd00::53"]
                .map(|ip| ip.parse().unwrap())
                .to_vec(),
            domains: vec!["lab.example".to_owned()],
        };
        assert_eq!(content(|_| {}), Some(expected));
        assert_eq!(
            content(|site| site.vlan.router_advertisements = RouterAdvertisements::Off),
            None
        );
    }

    #[test]
    fn hosts_are_sent_to_dhcpv6_for_what_it_gives() {
        flags(|_| {}, (true, true));
        flags(|site| site.range.purpose = Purpose::Reserved, (false, true));
        flags(|site| site.subnets[1].managed = false, (false, false));
        flags(|site| site.vlan.dhcp_on = false, (false, false));
        let relayed = |dhcp_on| {
            move |site: &mut Site| {
                site.vlan.dhcp_on = false;
                let relay = Vlan::untagged(VlanId(2), FabricId(1));
                site.relay = Some(Vlan { dhcp_on, ..relay });
            }
        };
        flags(relayed(true), (true, true));
        flags(relayed(false), (false, false));
        let to_others = |server: &str| {
            let server = server.parse().unwrap();
            move |site: &mut Site| {
                site.vlan.dhcp_on = false;
                site.vlan.relay_to = vec![server];
            }
        };
        flags(to_others("2001:db8::67"), (true, true));
        flags(to_others("192.0.2.67"), (false, false));
    }

    #[test]
    fn hosts_make_addresses_of_their_own_where_they_may_and_can() {
        let slaac = |cidr: &'static str| {
            let content = content(|site| {
                site.vlan.router_advertisements = RouterAdvertisements::Slaac;
                site.subnets[1].cidr = cidr.parse().unwrap();
            });
            content.expect("it is asked for").prefixes.iter().map(|own| own.autonomous).collect()
        };
        let autonomous: Vec<Vec<bool>> =
            ["fd00:10::/64", "fd00:10::/96", "fe80::/64"].map(slaac).to_vec();
        assert_eq!(autonomous, [vec![true], vec![false], vec![]]);
    }

    #[test]
    fn racks_that_may_not_be_asked_for_names_are_no_resolvers() {
        let alone = content(|site| site.subnets[1].allow_dns = false).expect("it is asked for");
        assert_eq!(alone.servers, ["fd00::53".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn an_mtu_that_ipv6_does_not_allow_is_not_told() {
        let mtu = |mtu| content(|site| site.vlan.mtu = mtu).and_then(|content| content.mtu);
        assert_eq!([9_000, 1_280, 1_279].map(mtu), [Some(9_000), Some(1_280), None]);
    }

    #[test]
    fn the_service_address_is_the_first_resolver_where_racks_are_asked() {
        let service = "fd00:10::5".parse().unwrap();
        let told = content(|site| site.service_address = Some(service)).unwrap();
        assert_eq!(told.servers[0], service);
        assert!(told.servers.len() > 1, "the racks follow");
        let alone = content(|site| {
            site.service_address = Some(service);
            site.subnets[1].allow_dns = false;
        });
        assert!(!alone.unwrap().servers.contains(&service));
    }
}
