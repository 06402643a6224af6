//! A VLAN of a fabric: one broadcast domain, and so one DHCP service.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{FabricId, SpaceId, SystemId, VlanId};
use crate::net::router_advertisements::RouterAdvertisements;

/// The most racks that a VLAN has beside the primary and the secondary one.
pub const FURTHER_RACKS_MAX: usize = 6;

/// A VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vlan {
    /// Its database id.
    pub id: VlanId,
    /// The fabric it belongs to.
    pub fabric: FabricId,
    /// The 802.1Q tag, 0 for untagged traffic.
    pub vid: u16,
    /// Its name, `untagged` for tag 0.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// Whether the racks below serve DHCP here.
    pub dhcp_on: bool,
    /// A rack that serves this VLAN.
    pub primary_rack: Option<SystemId>,
    /// Another rack that serves this VLAN.
    pub secondary_rack: Option<SystemId>,
    /// Racks that serve this VLAN beside those two, each once, in the order in which they move up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_racks: Vec<SystemId>,
    /// The VLAN whose racks serve this one through relays.
    pub relay_vlan: Option<VlanId>,
    /// The space it belongs to; none is MAAS's `undefined`.
    pub space: Option<SpaceId>,
    /// What the racks above advertise here.
    #[serde(default, skip_serializing_if = "RouterAdvertisements::is_off")]
    pub router_advertisements: RouterAdvertisements,
    /// Whether the racks above pass on what DHCP clients say here to those of `relay_vlan`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relay_agent: bool,
    /// DHCP servers of others that the racks above pass on to what DHCP clients say here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relay_to: Vec<IpAddr>,
    /// Whether the racks above tell clients that boot from the network what to load, while a server of others gives them
    /// addresses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxy_dhcp: bool,
    /// The addresses by which clients know the racks above, one of each address family at most: the rack that holds them
    /// ([`crate::net::service_address`]) answers at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_addresses: Vec<IpAddr>,
}

/// Which racks are to serve a VLAN; of what is not said, they stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedRacks {
    /// The primary one, or none.
    pub primary: Option<Option<SystemId>>,
    /// The secondary one, or none.
    pub secondary: Option<Option<SystemId>>,
    /// All further ones.
    pub further: Option<Vec<SystemId>>,
}

/// Why racks cannot serve a VLAN as they are named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RacksError {
    /// One is the primary and the secondary one.
    #[error("the primary and the secondary rack are the same")]
    PrimaryIsSecondary,
    /// A further one is named elsewhere, too.
    #[error("rack {0} is named twice")]
    NamedTwice(SystemId),
    /// There are too many.
    #[error("there are more than {FURTHER_RACKS_MAX} further racks")]
    TooMany,
}

impl Vlan {
    /// The VLAN that every fabric begins with: untagged, without DHCP.
    #[must_use]
    pub fn untagged(id: VlanId, fabric: FabricId) -> Self {
        Self {
            id,
            fabric,
            vid: 0,
            name: "untagged".to_owned(),
            description: String::new(),
            mtu: 1500,
            dhcp_on: false,
            primary_rack: None,
            secondary_rack: None,
            further_racks: Vec::new(),
            relay_vlan: None,
            space: None,
            router_advertisements: RouterAdvertisements::Off,
            relay_agent: false,
            relay_to: Vec::new(),
            proxy_dhcp: false,
            service_addresses: Vec::new(),
        }
    }

    /// The racks that serve DHCP on this VLAN, in a fixed order.
    pub fn racks(&self) -> impl Iterator<Item = &SystemId> {
        self.primary_rack.iter().chain(&self.secondary_rack).chain(&self.further_racks)
    }

    /// Has other racks serve this VLAN. Who gets the place of another one leaves its own, and where a place is free the next one
    /// moves up.
    ///
    /// # Errors
    /// [`RacksError`].
    pub fn name_racks(&mut self, named: NamedRacks) -> Result<(), RacksError> {
        let NamedRacks { primary, secondary, further } = named;
        if let Some(primary) = primary {
            if secondary.is_none() && self.secondary_rack == primary {
                self.secondary_rack = None;
            }
            self.primary_rack = primary;
        }
        if let Some(secondary) = secondary {
            self.secondary_rack = secondary;
        }
        let both = [&self.primary_rack, &self.secondary_rack];
        let is_one = |rack: &SystemId| both.into_iter().flatten().any(|own| own == rack);
        match further {
            Some(further) => self.further_racks = further,
            None => self.further_racks.retain(|rack| !is_one(rack)),
        }
        self.check_racks()?;
        self.move_racks_up();
        Ok(())
    }

    fn check_racks(&self) -> Result<(), RacksError> {
        if self.primary_rack.is_some() && self.primary_rack == self.secondary_rack {
            return Err(RacksError::PrimaryIsSecondary);
        }
        let mut seen = BTreeSet::new();
        match self.racks().find(|rack| !seen.insert(*rack)) {
            Some(twice) => Err(RacksError::NamedTwice(twice.clone())),
            None if self.further_racks.len() > FURTHER_RACKS_MAX => Err(RacksError::TooMany),
            None => Ok(()),
        }
    }

    /// Has a rack serve this VLAN no more; the next ones move up.
    pub fn remove_rack(&mut self, rack: &SystemId) {
        self.primary_rack.take_if(|own| own == rack);
        self.secondary_rack.take_if(|own| own == rack);
        self.further_racks.retain(|own| own != rack);
        self.move_racks_up();
    }

    fn move_racks_up(&mut self) {
        let racks: Vec<SystemId> = self.racks().cloned().collect();
        let mut racks = racks.into_iter();
        self.primary_rack = racks.next();
        self.secondary_rack = racks.next();
        self.further_racks = racks.collect();
    }

    /// Whether its racks pass on what DHCP clients say here.
    #[must_use]
    pub fn is_relayed_by_racks(&self) -> bool {
        let has_target =
            (self.relay_agent && self.relay_vlan.is_some()) || !self.relay_to.is_empty();
        has_target && !self.dhcp_on
    }

    /// Whether its racks tell clients what to load, while a server of others gives them addresses.
    #[must_use]
    pub const fn is_proxied(&self) -> bool {
        let is_served = self.dhcp_on || self.relay_vlan.is_some() || !self.relay_to.is_empty();
        self.proxy_dhcp && !is_served
    }

    /// Ends what its racks do here, because there are none any more.
    pub fn end_what_racks_do(&mut self) {
        self.router_advertisements = RouterAdvertisements::Off;
        self.relay_agent = false;
        self.relay_to.clear();
        self.proxy_dhcp = false;
        self.service_addresses.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rack(number: u64) -> SystemId {
        SystemId::from_number(number)
    }

    /// A VLAN that racks of these numbers serve, the first of them as the primary one.
    fn vlan(numbers: &[u64]) -> Vlan {
        let mut racks = numbers.iter().map(|number| rack(*number));
        Vlan {
            primary_rack: racks.next(),
            secondary_rack: racks.next(),
            further_racks: racks.collect(),
            ..Vlan::untagged(VlanId(1), FabricId(1))
        }
    }

    fn one(number: u64) -> Option<Option<SystemId>> {
        Some((number > 0).then(|| rack(number)))
    }

    fn some(numbers: &[u64]) -> Option<Vec<SystemId>> {
        Some(numbers.iter().map(|number| rack(*number)).collect())
    }

    /// Checks which racks serve a VLAN of racks 1, 2 and 3 after others were named.
    #[track_caller]
    fn check(
        (primary, secondary): (Option<Option<SystemId>>, Option<Option<SystemId>>),
        further: Option<Vec<SystemId>>,
        expected: Result<&[u64], RacksError>,
    ) {
        let mut own = vlan(&[1, 2, 3]);
        let named = own.name_racks(NamedRacks { primary, secondary, further });
        assert_eq!(named.map(|()| own), expected.map(vlan));
    }

    #[test]
    fn racks_that_nothing_is_said_of_stay() {
        check((None, None), None, Ok(&[1, 2, 3]));
        check((one(4), None), None, Ok(&[4, 2, 3]));
        check((None, one(4)), None, Ok(&[1, 4, 3]));
        check((None, None), some(&[4, 5]), Ok(&[1, 2, 4, 5]));
    }

    #[test]
    fn a_further_rack_moves_up_when_the_primary_or_the_secondary_goes() {
        check((one(0), None), None, Ok(&[2, 3]));
        check((None, one(0)), None, Ok(&[1, 3]));
        check((one(0), one(0)), None, Ok(&[3]));
        check((one(0), one(0)), some(&[]), Ok(&[]));
        check((None, one(0)), some(&[5, 4]), Ok(&[1, 5, 4]));
        check((None, None), some(&[]), Ok(&[1, 2]));
    }

    #[test]
    fn a_rack_that_gets_the_place_of_another_leaves_its_own() {
        check((one(2), None), None, Ok(&[2, 3]));
        check((one(3), None), None, Ok(&[3, 2]));
        check((None, one(3)), None, Ok(&[1, 3]));
        check((one(3), one(1)), some(&[2]), Ok(&[3, 1, 2]));
    }

    #[test]
    fn no_rack_is_named_twice() {
        check((None, one(1)), None, Err(RacksError::PrimaryIsSecondary));
        check((one(4), one(4)), None, Err(RacksError::PrimaryIsSecondary));
        for (twice, further) in [(1, &[1][..]), (2, &[4, 2]), (4, &[4, 4])] {
            check((None, None), some(further), Err(RacksError::NamedTwice(rack(twice))));
        }
    }

    #[test]
    fn a_vlan_has_eight_racks_at_most() {
        check((None, None), some(&[3, 4, 5, 6, 7, 8]), Ok(&[1, 2, 3, 4, 5, 6, 7, 8]));
        check((None, None), some(&[3, 4, 5, 6, 7, 8, 9]), Err(RacksError::TooMany));
    }

    #[test]
    fn a_rack_that_is_removed_is_followed_by_the_next_ones() {
        for (removed, left) in [(1, [2, 3]), (2, [1, 3]), (3, [1, 2])] {
            let mut own = vlan(&[1, 2, 3]);
            own.remove_rack(&rack(removed));
            assert_eq!(own, vlan(&left), "without {removed}");
        }
        let mut own = vlan(&[1, 2, 3]);
        own.remove_rack(&rack(4));
        assert_eq!(own, vlan(&[1, 2, 3]));
    }

    #[test]
    fn rows_without_further_racks_are_as_before_there_were_any() {
        let written = serde_json::to_value(vlan(&[1, 2])).unwrap();
        assert_eq!(written.get("further_racks"), None);
        assert_eq!(serde_json::from_value::<Vlan>(written).unwrap(), vlan(&[1, 2]));
    }
}
