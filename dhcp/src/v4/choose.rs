//! Which address a client is offered (RFC 2131 §4.3.1), and whether it may have one.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::availability::Availability;
use crate::leases::family::Family;
use crate::leases::sharing::mixed;
use crate::v4::choice::{Asker, Choice, Why};
use crate::v4::engine::Engine;

impl Engine {
    /// The address to offer: the one reserved for the client, the one it has or had, the one it asks
    /// for, the one it was offered before, a free one of this rack's blocks, and when none is left,
    /// the one that was declined longest ago, or found in use.
    pub(crate) fn choose(&self, asker: &Asker<'_>, now: Moment) -> Option<Choice> {
        let Asker { vlan, client, requested, .. } = *asker;
        if let Some(reserved) = self.leases.view.reservations(vlan, client).into_iter().next() {
            return Some(Choice { ip: reserved, why: Why::Reserved });
        }
        let offered = self.leases.offers.of(vlan, client, now);
        let bound = self
            .leases
            .view
            .bindings_of(vlan, client)
            .into_iter()
            .filter_map(|it| Ipv4Addr::of(it.ip));
        let granted = self.leases.grants.of(client);
        let known = bound
            .map(Choice::because(Why::Bound))
            .chain(granted.map(Choice::because(Why::Granted)))
            .chain(requested.map(Choice::because(Why::Requested)))
            .chain(offered.map(Choice::because(Why::Offered)));
        let may_be_new = |ip: &Ipv4Addr| !self.is_withheld(*ip, asker);
        let declined = || self.leases.longest_declined(vlan, client, now).filter(may_be_new);
        let in_use = || self.longest_in_use(vlan, client, now).filter(may_be_new);
        known
            .filter(|it| {
                self.leases.view.subnet_of(it.ip).is_some_and(|(_, subnet)| subnet.vlan == vlan)
            })
            .filter(|it| it.why != Why::Requested || may_be_new(&it.ip))
            .find(|it| self.offerable(vlan, it.ip, client, now))
            .or_else(|| self.free_address(asker, now))
            .or_else(|| declined().map(Choice::because(Why::Declined)))
            .or_else(|| in_use().map(Choice::because(Why::InUse)))
    }

    /// A free address of this rack's blocks, if possible one that is known to be vacant. Where the
    /// search begins depends on the client, so that clients spread and the same client tends to get
    /// the same address.
    fn free_address(&self, asker: &Asker<'_>, now: Moment) -> Option<Choice> {
        if self.withholds_all(asker) {
            return None;
        }
        let Asker { vlan, client, .. } = *asker;
        let pool = self.leases.view.free_on(vlan)?;
        let is_free =
            |ip: &Ipv4Addr| !self.is_withheld(*ip, asker) && self.offerable(vlan, *ip, client, now);
        let new = pool.bounds().and_then(|(first, last)| {
            let (first, last) = (first.to_bits(), last.to_bits());
            let beyond = mixed(client.bytes().iter().copied()) % (u64::from(last - first) + 1);
            let start = first + u32::try_from(beyond).unwrap_or_default();
            let start = Ipv4Addr::from_bits(start);
            self.probes.vacant_from(vlan, start).chain(pool.new_from(start)).find(is_free)
        });
        let new =
            new.or_else(|| self.probes.vacant_from(vlan, Ipv4Addr::UNSPECIFIED).find(is_free));
        new.map(Choice::because(Why::New)).or_else(|| {
            let ended = pool.ended_by(self.leases.surely_over(now)?).find(is_free);
            ended.map(Choice::because(Why::Ended))
        })
    }

    /// A block may be of a subnet that is on another link by now, or gone.
    pub(crate) fn offerable(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> bool {
        self.leases.view.subnet_of(ip).is_some_and(|(_, subnet)| subnet.vlan == vlan)
            && !self.leases.offers.to_another(ip, client, now)
            && matches!(self.availability(vlan, ip, client, now), Availability::Usable { .. })
    }

    /// What this rack knows of an address for a client.
    pub(crate) fn availability(
        &self,
        vlan: VlanId,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> Availability {
        if self.is_in_use_by_another(ip, client, now) {
            return Availability::Taken;
        }
        self.leases.availability_by_promises(vlan, ip, client, now)
    }
}
