//! Which racks need a change: what is of one link goes to the racks of that link.

use std::collections::{BTreeMap, BTreeSet};

use model::id::{SystemId, VlanId};
use model::net::vlan::Vlan;

/// Who needs a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// All racks.
    All,
    /// The racks of a link.
    Link(VlanId),
    /// All racks but those of a link.
    OtherLinks(VlanId),
    /// One rack.
    Rack(SystemId),
    /// All racks but one.
    OtherRacks(SystemId),
}

impl Audience {
    /// Whether a rack with these links belongs to it.
    #[must_use]
    pub fn includes(&self, rack: &SystemId, links: &BTreeSet<VlanId>) -> bool {
        match self {
            Self::All => true,
            Self::Link(link) => links.contains(link),
            Self::OtherLinks(link) => !links.contains(link),
            Self::Rack(of) => of == rack,
            Self::OtherRacks(of) => of != rack,
        }
    }
}

/// The links of all racks: those that they are named for, and those that reach them by relays.
/// Whether DHCP is on does not count, so that switching it on moves nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    of_rack: BTreeMap<SystemId, BTreeSet<VlanId>>,
}

impl Links {
    /// The links that VLANs say.
    #[must_use]
    pub fn of(vlans: &BTreeMap<VlanId, Vlan>) -> Self {
        let mut of_rack: BTreeMap<SystemId, BTreeSet<VlanId>> = BTreeMap::new();
        for vlan in vlans.values() {
            let relay = vlan.relay_vlan.and_then(|relay| vlans.get(&relay));
            for rack in vlan.racks().chain(relay.into_iter().flat_map(Vlan::racks)) {
                of_rack.entry(rack.clone()).or_default().insert(vlan.id);
            }
        }
        Self { of_rack }
    }

    /// The links of a rack.
    #[must_use]
    pub fn of_rack(&self, rack: &SystemId) -> BTreeSet<VlanId> {
        self.of_rack.get(rack).cloned().unwrap_or_default()
    }

    /// The racks of a link.
    pub fn racks(&self, link: VlanId) -> impl Iterator<Item = &SystemId> {
        self.of_rack.iter().filter(move |(_, links)| links.contains(&link)).map(|(rack, _)| rack)
    }

    /// The racks that have a link here that they did not have before.
    pub fn gained_since<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a SystemId> {
        let gained = |rack: &SystemId, links: &BTreeSet<VlanId>| {
            before.of_rack.get(rack).is_none_or(|had| !links.is_subset(had))
        };
        self.of_rack.iter().filter(move |(rack, links)| gained(rack, links)).map(|(rack, _)| rack)
    }
}

#[cfg(test)]
mod tests {
    use model::id::FabricId;

    use super::*;

    fn rack(number: u64) -> SystemId {
        SystemId::from_number(number)
    }

    fn vlan(id: u32, numbers: &[u64], relay: Option<u32>) -> (VlanId, Vlan) {
        let mut racks = numbers.iter().map(|number| rack(*number));
        let vlan = Vlan {
            primary_rack: racks.next(),
            secondary_rack: racks.next(),
            further_racks: racks.collect(),
            relay_vlan: relay.map(VlanId),
            ..Vlan::untagged(VlanId(id), FabricId(1))
        };
        (vlan.id, vlan)
    }

    #[test]
    fn links_are_those_of_all_racks_and_of_relays() {
        let vlans = [
            vlan(1, &[1, 2, 5], None),
            vlan(2, &[], Some(1)),
            vlan(3, &[2], None),
            vlan(4, &[], None),
        ];
        let links = Links::of(&vlans.into());
        let of = |number| links.of_rack(&rack(number)).into_iter().map(|id| id.0).collect();
        let [first, second, third, further]: [Vec<u32>; 4] = [of(1), of(2), of(3), of(5)];
        assert_eq!((first, second, third), (vec![1, 2], vec![1, 2, 3], vec![]));
        assert_eq!(further, [1, 2], "a further rack");
        assert_eq!(links.racks(VlanId(1)).collect::<Vec<_>>(), [&rack(1), &rack(2), &rack(5)]);
        assert_eq!(links.racks(VlanId(3)).collect::<Vec<_>>(), [&rack(2)]);
    }

    #[test]
    fn only_racks_with_more_links_have_gained() {
        let before = Links::of(&[vlan(1, &[1, 2], None), vlan(2, &[], None)].into());
        let after = Links::of(&[vlan(1, &[1], None), vlan(2, &[3], None)].into());
        let third = Links::of(&[vlan(1, &[1, 2, 4], None), vlan(2, &[], None)].into());
        assert_eq!(after.gained_since(&before).collect::<Vec<_>>(), [&rack(3)]);
        assert_eq!(third.gained_since(&before).collect::<Vec<_>>(), [&rack(4)]);
        assert_eq!(before.gained_since(&after).collect::<Vec<_>>(), [&rack(2)]);
        assert_eq!(before.gained_since(&before).count(), 0);
    }

    #[test]
    fn audience_is_everybody_or_some_or_all_others() {
        let (own, links) = (rack(1), BTreeSet::from([VlanId(1)]));
        let includes = |audience: Audience| audience.includes(&own, &links);
        for audience in [
            Audience::All,
            Audience::Link(VlanId(1)),
            Audience::OtherLinks(VlanId(2)),
            Audience::Rack(rack(1)),
            Audience::OtherRacks(rack(2)),
        ] {
            assert!(includes(audience));
        }
        for audience in [
            Audience::Link(VlanId(2)),
            Audience::OtherLinks(VlanId(1)),
            Audience::Rack(rack(2)),
            Audience::OtherRacks(rack(1)),
        ] {
            assert!(!includes(audience));
        }
    }
}
