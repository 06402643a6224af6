//! On which links this rack passes on what it hears, and to whom it sends it.
//!
//! A rack never passes on what it serves itself: it answers, and would else send to itself, or to a rack that sends it
//! back.

use std::collections::BTreeSet;

use model::id::{SystemId, VlanId};
use model::net::vlan::Vlan;

use crate::leases::Leases;
use crate::leases::family::Family;

impl<A: Family> Leases<A> {
    /// Whether this rack passes on what clients of a link say.
    #[must_use]
    pub fn relays(&self, vlan: VlanId) -> bool {
        self.relaying(vlan).any(|rack| *rack == self.own.rack)
    }

    /// Whether this rack passes on what clients of any link say.
    #[must_use]
    pub fn relays_any(&self) -> bool {
        let mut asking = self.view.vlans().filter(|vlan| vlan.is_relayed_by_racks());
        asking.any(|vlan| self.relays(vlan.id))
    }

    /// The racks that pass on what clients of a link say: those of its VLAN, if that asks for it, but those that
    /// answer there themselves.
    fn relaying(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        let asking = self.view.vlan(vlan).filter(|vlan| vlan.is_relayed_by_racks());
        let serves = move |rack: &SystemId| self.view.racks_on(vlan).any(|(id, _)| id == rack);
        asking.into_iter().flat_map(Vlan::racks).filter(move |rack| !serves(rack))
    }

    /// Those of them that a region has a session with, and whose address is known to lie there.
    pub fn live_relays(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        self.relaying(vlan).filter(move |rack| self.lives_on(rack, vlan))
    }

    /// Whether this rack tells clients of a link that boot from the network what to load, beside a server that gives
    /// them addresses.
    #[must_use]
    pub fn proxies(&self, vlan: VlanId) -> bool {
        self.proxying(vlan).any(|rack| *rack == self.own.rack)
    }

    fn proxying(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        self.view.vlan(vlan).filter(|vlan| vlan.is_proxied()).into_iter().flat_map(Vlan::racks)
    }

    /// The racks that do so, which a region has a session with, and whose address is known to lie there.
    pub fn live_proxies(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        self.proxying(vlan).filter(move |rack| self.lives_on(rack, vlan))
    }

    /// Whether a server that answers clients of a link is one that they are passed on to, or was heard through a rack that
    /// does that.
    #[must_use]
    pub fn is_relayed_to(&self, vlan: VlanId, server: A, source: A) -> bool {
        let relay_to =
            self.view.vlan(vlan).map(|vlan| vlan.relay_to.as_slice()).unwrap_or_default();
        let is_named = |ip: A| relay_to.contains(&ip.into());
        !relay_to.is_empty() && (is_named(server) || self.view.is_of_a_rack(source))
    }

    /// The addresses of the racks of a link's VLAN: none of them passes on to another what it heard there.
    #[must_use]
    pub fn addresses_of_racks(&self, vlan: VlanId) -> BTreeSet<A> {
        let racks = self.view.vlan(vlan).into_iter().flat_map(Vlan::racks);
        let known = racks.filter_map(|id| self.view.rack(id));
        known.flat_map(|rack| &rack.addresses).filter_map(|own| A::of(own.addr())).collect()
    }

    fn lives_on(&self, rack: &SystemId, vlan: VlanId) -> bool {
        self.view.rack(rack).is_some_and(|rack| rack.connected && self.view.lies_on(rack, vlan))
    }

    /// The servers that are sent what clients of a link say: the other racks that serve it, at their addresses on the
    /// link that it is relayed to, or servers of others. None of them hears the link itself.
    #[must_use]
    pub fn relay_targets(&self, vlan: VlanId) -> BTreeSet<A> {
        let others = self.view.racks_on(vlan).filter(|(id, _)| **id != self.own.rack);
        let racks = others.filter_map(|(_, rack)| self.view.address_serving(rack?, vlan));
        let named = self.view.vlan(vlan).into_iter().flat_map(|vlan| &vlan.relay_to);
        let hears = |ip: &A| self.view.subnet_of(*ip).is_some_and(|(_, net)| net.vlan == vlan);
        racks.chain(named.filter_map(|ip| A::of(*ip))).filter(|ip| !hears(ip)).collect()
    }
}
