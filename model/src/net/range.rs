//! Ranges of addresses of one family, and arithmetic on them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Addresses from `first` to `last`, both included, of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// The range between two addresses; none when they are of two families or the wrong way round.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// One address.
    #[must_use]
    pub fn one(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }

    /// All addresses of a prefix.
    #[must_use]
    pub fn of(prefix: IpNet) -> Self {
        Self { first: prefix.network(), last: prefix.broadcast() }
    }

    /// The addresses of a prefix that hosts can have: without network and broadcast address in
    /// IPv4 (but all of a /31, RFC 3021), and without the routers' anycast address in IPv6 (RFC
    /// 4291 §2.6.1; but all of a /127, RFC 6164).
    #[must_use]
    pub fn hosts_of(prefix: IpNet) -> Self {
        let all = Self::of(prefix);
        let host_bits = prefix.max_prefix_len() - prefix.prefix_len();
        if host_bits < 2 {
            return all;
        }
        let last = if all.first.is_ipv4() { number(all.last) - 1 } else { number(all.last) };
        Self { first: address(number(all.first) + 1, all.first), last: address(last, all.first) }
    }

    /// The first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// How many addresses; the whole of IPv6 counts one less than it has.
    #[must_use]
    pub fn size(&self) -> u128 {
        (number(self.last) - number(self.first)).saturating_add(1)
    }

    /// Its addresses, in order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let like = self.first;
        (number(self.first)..=number(self.last)).map(move |at| address(at, like))
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }

    /// Whether all of `other` lies in it.
    #[must_use]
    pub fn contains_range(&self, other: &Self) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }

    /// Whether they share an address.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4()
            && self.first <= other.last
            && other.first <= self.last
    }
}

/// The parts of `within` that none of `used` covers, in order. `used` may overlap and be in any
/// order.
#[must_use]
pub fn free_ranges(within: AddressRange, used: &[AddressRange]) -> Vec<AddressRange> {
    let mut used: Vec<AddressRange> =
        used.iter().copied().filter(|range| range.overlaps(&within)).collect();
    used.sort();
    let mut free = Vec::new();
    let mut next = Some(number(within.first));
    for range in used {
        let Some(from) = next else { break };
        let first = number(range.first);
        if from < first {
            free.push(AddressRange {
                first: address(from, within.first),
                last: address(first - 1, within.first),
            });
        }
        let after = number(range.last).checked_add(1);
        next = after.map(|after| after.max(from));
    }
    if let Some(from) = next.filter(|&from| from <= number(within.last)) {
        free.push(AddressRange { first: address(from, within.first), last: within.last });
    }
    free
}

/// An address as a number.
#[must_use]
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// A number as an address of the same family as `like`; cut to 32 bits in IPv4.
#[must_use]
pub fn address(number: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap_or(u32::MAX))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(number)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> AddressRange {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        AddressRange::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    #[track_caller]
    fn check_free(within: &str, used: &[&str], free: &[&str]) {
        let used: Vec<_> = used.iter().map(|text| range(text)).collect();
        let free: Vec<_> = free.iter().map(|text| range(text)).collect();
        assert_eq!(free_ranges(range(within), &used), free);
    }

    #[test]
    fn free_ranges_are_what_is_left() {
        check_free("10.0.0.1-10.0.0.9", &[], &["10.0.0.1-10.0.0.9"]);
        check_free("10.0.0.1-10.0.0.9", &["10.0.0.1-10.0.0.9"], &[]);
        check_free(
            "10.0.0.1-10.0.0.9",
            &["10.0.0.8-10.0.1.0", "10.0.0.3", "10.0.0.2-10.0.0.4", "9.0.0.0-10.0.0.0"],
            &["10.0.0.1", "10.0.0.5-10.0.0.7"],
        );
        check_free(
            "ff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            &["ff::"],
            &["ff::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        );
    }

    #[test]
    fn hosts_leave_out_what_no_host_can_have() {
        let hosts = |text: &str| AddressRange::hosts_of(text.parse().unwrap());
        assert_eq!(hosts("10.0.0.0/24"), range("10.0.0.1-10.0.0.254"));
        assert_eq!(hosts("10.0.0.0/31"), range("10.0.0.0-10.0.0.1"));
        assert_eq!(hosts("10.0.0.7/32"), range("10.0.0.7"));
        assert_eq!(hosts("fd00::/126"), range("fd00::1-fd00::3"));
        assert_eq!(hosts("0.0.0.0/0"), range("0.0.0.1-255.255.255.254"));
    }

    proptest! {
        #[test]
        fn an_address_is_free_or_used(
            used in prop::collection::vec((0_u8..64, 0_u8..8), 0..12),
            probe in 0_u8..64,
        ) {
            let ip = |n: u8| IpAddr::from([10, 0, 0, n]);
            let used: Vec<_> = used
                .into_iter()
                .filter_map(|(first, more)| AddressRange::new(ip(first), ip(first + more)))
                .collect();
            let within = AddressRange::new(ip(0), ip(63)).unwrap();
            let free = free_ranges(within, &used);
            let is_used = used.iter().any(|range| range.contains(ip(probe)));
            let is_free = free.iter().filter(|range| range.contains(ip(probe))).count();
            prop_assert_eq!(is_free, usize::from(!is_used));
        }
    }
}
