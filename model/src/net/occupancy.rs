//! What the addresses of a subnet are taken by: ranges with purposes, in MAAS's words.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::net::iprange::{IpRange, Purpose};
use crate::net::range::{AddressRange, address, free_ranges, number};
use crate::net::subnet::Subnet;

/// Why an address is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Assigned to a machine, or reserved by a user.
    Assigned,
    /// A DNS server of the subnet.
    DnsServer,
    /// In a dynamic range.
    Dynamic,
    /// The subnet's gateway.
    Gateway,
    /// In a reserved range.
    Reserved,
}

impl Use {
    /// MAAS's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Assigned => "assigned-ip",
            Self::DnsServer => "dns-server",
            Self::Dynamic => "dynamic",
            Self::Gateway => "gateway-ip",
            Self::Reserved => "reserved",
        }
    }
}

/// What is known of a subnet's addresses.
#[derive(Debug, Clone)]
pub struct Occupancy<'a> {
    /// The subnet.
    pub subnet: &'a Subnet,
    /// Its IP ranges.
    pub ranges: &'a [IpRange],
    /// Addresses that machines or users have.
    pub assigned: &'a [AddressRange],
}

/// Consecutive addresses that are used for the same purposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedRange {
    /// The addresses.
    pub range: AddressRange,
    /// What they are used for.
    pub uses: BTreeSet<Use>,
}

impl Occupancy<'_> {
    /// The addresses that hosts of the subnet can have.
    #[must_use]
    pub fn hosts(&self) -> AddressRange {
        AddressRange::hosts_of(self.subnet.cidr)
    }

    /// Everything that is used, each address once, in order.
    #[must_use]
    pub fn used(&self) -> Vec<UsedRange> {
        let all = AddressRange::of(self.subnet.cidr);
        let marks: Vec<(AddressRange, Use)> =
            self.marks().into_iter().filter(|(range, _)| all.contains_range(range)).collect();
        // Where something begins or ends, a new stretch of addresses begins.
        let mut cuts: BTreeMap<u128, ()> = BTreeMap::new();
        for (range, _) in &marks {
            cuts.insert(number(range.first()), ());
            if let Some(after) = number(range.last()).checked_add(1) {
                cuts.insert(after, ());
            }
        }
        let cuts: Vec<u128> = cuts.into_keys().collect();
        let mut used: Vec<UsedRange> = Vec::new();
        for (at, &first) in cuts.iter().enumerate() {
            let last = cuts.get(at + 1).map_or_else(|| number(all.last()), |next| next - 1);
            let like = all.first();
            let Some(range) = AddressRange::new(address(first, like), address(last, like)) else {
                continue;
            };
            let covers = marks.iter().filter(|(mark, _)| mark.contains(range.first()));
            let uses: BTreeSet<Use> = covers.map(|(_, purpose)| *purpose).collect();
            if !uses.is_empty() {
                push_or_extend(&mut used, UsedRange { range, uses });
            }
        }
        used
    }

    /// The addresses that hosts can have and nobody uses.
    #[must_use]
    pub fn unused(&self) -> Vec<AddressRange> {
        let used: Vec<AddressRange> = self.marks().into_iter().map(|(range, _)| range).collect();
        free_ranges(self.hosts(), &used)
    }

    fn marks(&self) -> Vec<(AddressRange, Use)> {
        let mut marks = Vec::new();
        for range in self.ranges {
            let purpose = match range.purpose {
                Purpose::Dynamic => Use::Dynamic,
                Purpose::Reserved => Use::Reserved,
            };
            marks.extend(AddressRange::new(range.start_ip, range.end_ip).map(|at| (at, purpose)));
        }
        let one = |address: &IpAddr, purpose| (AddressRange::one(*address), purpose);
        marks.extend(self.subnet.gateway_ip.iter().map(|address| one(address, Use::Gateway)));
        marks.extend(self.subnet.dns_servers.iter().map(|address| one(address, Use::DnsServer)));
        marks.extend(self.assigned.iter().map(|range| (*range, Use::Assigned)));
        marks
    }
}

fn push_or_extend(used: &mut Vec<UsedRange>, next: UsedRange) {
    if let Some(before) = used.last_mut()
        && before.uses == next.uses
        && number(before.range.last()).checked_add(1) == Some(number(next.range.first()))
        && let Some(joined) = AddressRange::new(before.range.first(), next.range.last())
    {
        before.range = joined;
        return;
    }
    used.push(next);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{IpRangeId, SubnetId, VlanId};

    pub(crate) fn subnet(cidr: &str, gateway: Option<&str>) -> Subnet {
        Subnet {
            name: cidr.to_owned(),
            gateway_ip: gateway.map(|text| text.parse().unwrap()),
            ..Subnet::new(SubnetId(1), VlanId(1), cidr.parse().unwrap())
        }
    }

    pub(crate) fn iprange(purpose: Purpose, first: &str, last: &str) -> IpRange {
        IpRange {
            id: IpRangeId(1),
            purpose,
            start_ip: first.parse().unwrap(),
            end_ip: last.parse().unwrap(),
            subnet: SubnetId(1),
            user: None,
            comment: String::new(),
        }
    }

    #[test]
    fn neighbours_of_one_use_are_one_range_and_overlaps_have_both() {
        let subnet = Subnet {
            dns_servers: vec!["10.0.0.1".parse().unwrap()],
            ..subnet("10.0.0.0/24", Some("10.0.0.1"))
        };
        let ranges = [
            iprange(Purpose::Reserved, "10.0.0.2", "10.0.0.5"),
            iprange(Purpose::Dynamic, "10.0.0.100", "10.0.0.254"),
        ];
        let assigned = ["10.0.0.6", "10.0.0.7", "10.0.0.3"];
        let assigned: Vec<AddressRange> =
            assigned.iter().map(|text| AddressRange::one(text.parse().unwrap())).collect();
        let occupancy = Occupancy { subnet: &subnet, ranges: &ranges, assigned: &assigned };
        let used: Vec<String> = occupancy
            .used()
            .iter()
            .map(|used| {
                let uses: Vec<&str> = used.uses.iter().map(|purpose| purpose.word()).collect();
                format!("{}-{} {}", used.range.first(), used.range.last(), uses.join("+"))
            })
            .collect();
        assert_eq!(
            used,
            [
                "10.0.0.1-10.0.0.1 dns-server+gateway-ip",
                "10.0.0.2-10.0.0.2 reserved",
                "10.0.0.3-10.0.0.3 assigned-ip+reserved",
                "10.0.0.4-10.0.0.5 reserved",
                "10.0.0.6-10.0.0.7 assigned-ip",
                "10.0.0.100-10.0.0.254 dynamic",
            ]
        );
        let unused = occupancy.unused();
        assert_eq!(unused.len(), 1);
        assert_eq!(
            (unused[0].first(), unused[0].last()),
            ("10.0.0.8".parse().unwrap(), "10.0.0.99".parse().unwrap())
        );
    }
}
