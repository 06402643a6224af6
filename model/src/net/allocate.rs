//! Chooses the address that IPAM assigns to a machine (MAAS's AUTO links and `next IP`).
//!
//! Pure: the caller passes what is in use and commits the choice in a transaction in which the
//! address is claimed by a unique key, so a stale view costs one retry and never a duplicate.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::iprange::Purpose;
use crate::net::occupancy::Occupancy;
use crate::net::range::{AddressRange, free_ranges};

/// Why no address could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllocateError {
    /// Every address is in use or kept for something else. MAAS says it like this.
    #[error("No more IPs available in subnet: {subnet}.")]
    Exhausted {
        /// The subnet.
        subnet: IpNet,
    },
}

/// An address that can be given: of the smallest free range the first one, so that large ranges stay
/// whole, then the next one, and so on. `is_free` is asked of each and may refuse it; after that,
/// `passed_over` more are passed over if there are so many.
///
/// In a managed subnet everything is free that is not in use, reserved, dynamic, the gateway or a
/// DNS server. In an unmanaged one only addresses of reserved ranges are: there, they are the ones
/// that were reserved *for* us.
///
/// # Errors
/// [`AllocateError::Exhausted`].
pub fn allocate(
    occupancy: &Occupancy<'_>,
    passed_over: usize,
    is_free: impl FnMut(IpAddr) -> bool,
) -> Result<IpAddr, AllocateError> {
    let mut free =
        if occupancy.subnet.managed { occupancy.unused() } else { unused_reserved(occupancy) };
    free.sort_by_key(|range| (range.size(), range.first()));
    let candidates = free.iter().flat_map(AddressRange::addresses).filter_map({
        let mut is_free = is_free;
        move |address| is_free(address).then_some(address)
    });
    candidates
        .take(passed_over.saturating_add(1))
        .last()
        .ok_or(AllocateError::Exhausted { subnet: occupancy.subnet.cidr })
}

fn unused_reserved(occupancy: &Occupancy<'_>) -> Vec<AddressRange> {
    let kept = occupancy.subnet.gateway_ip.iter().chain(&occupancy.subnet.dns_servers);
    let mut taken: Vec<AddressRange> = kept.map(|address| AddressRange::one(*address)).collect();
    taken.extend(occupancy.assigned);
    let reserved = occupancy.ranges.iter().filter(|range| range.purpose == Purpose::Reserved);
    reserved
        .filter_map(|range| AddressRange::new(range.start_ip, range.end_ip))
        .flat_map(|range| free_ranges(range, &taken))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::occupancy::tests::{iprange, subnet};
    use crate::net::subnet::Subnet;

    #[track_caller]
    fn check(subnet: &Subnet, assigned: &[&str], expected: Option<&str>) {
        let ranges = [
            iprange(Purpose::Dynamic, "10.0.0.8", "10.0.0.14"),
            iprange(Purpose::Reserved, "10.0.0.3", "10.0.0.4"),
        ];
        let assigned: Vec<AddressRange> =
            assigned.iter().map(|text| AddressRange::one(text.parse().unwrap())).collect();
        let occupancy = Occupancy { subnet, ranges: &ranges, assigned: &assigned };
        let chosen = allocate(&occupancy, 0, |_| true);
        assert_eq!(chosen.ok(), expected.map(|text| text.parse().unwrap()));
    }

    #[test]
    fn managed_subnets_give_the_smallest_free_range_first() {
        let subnet = subnet("10.0.0.0/28", Some("10.0.0.1"));
        check(&subnet, &[], Some("10.0.0.2"));
        check(&subnet, &["10.0.0.2"], Some("10.0.0.5"));
        check(&subnet, &["10.0.0.2", "10.0.0.6"], Some("10.0.0.5"));
        check(&subnet, &["10.0.0.2", "10.0.0.5", "10.0.0.6", "10.0.0.7"], None);
    }

    #[test]
    fn unmanaged_subnets_give_only_what_was_reserved() {
        let subnet = Subnet { managed: false, ..subnet("10.0.0.0/28", Some("10.0.0.3")) };
        check(&subnet, &[], Some("10.0.0.4"));
        check(&subnet, &["10.0.0.4"], None);
    }

    #[test]
    fn refused_addresses_are_left_out_and_others_passed_over_while_there_are_more() {
        let subnet = subnet("10.0.0.0/29", None);
        let occupancy = Occupancy { subnet: &subnet, ranges: &[], assigned: &[] };
        let refused: IpAddr = "10.0.0.1".parse().unwrap();
        let chosen = |passed_over| {
            let chosen = allocate(&occupancy, passed_over, |address| address != refused);
            chosen.map(|address| address.to_string())
        };
        assert_eq!(chosen(0).as_deref(), Ok("10.0.0.2"));
        assert_eq!(chosen(2).as_deref(), Ok("10.0.0.4"));
        assert_eq!(chosen(1000).as_deref(), Ok("10.0.0.6"));
    }
}
