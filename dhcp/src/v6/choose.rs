//! Which address an association gets.

use std::net::Ipv6Addr;

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::cut::Address;

use crate::leases::availability::Availability;
use crate::leases::family::Family;
use crate::leases::sharing::mixed;
use crate::leases::telling::Holder;
use crate::v6::asking::Asking;
use crate::v6::associations::Fate;
use crate::v6::engine::Engine;
use crate::v6::fqdn;
use crate::wire::v6::code::Status;
use crate::wire::v6::message::Leased;

/// An association that is to get an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) asking: &'a Asking,
    pub(crate) client: &'a ClientId,
    /// The addresses that it would like to have.
    pub(crate) hints: &'a [Ipv6Addr],
    /// Those that other associations of the message have.
    pub(crate) taken: &'a [Ipv6Addr],
}

impl Engine {
    /// The address for an association: one that is kept for the sender's hardware address, the one it has
    /// or had, one that it would like to have, the one it was advertised before, a free one of this
    /// rack's blocks, and when none is left, the one that was declined longest ago.
    pub(crate) fn choose(&self, asker: &Asker<'_>, now: Moment) -> Option<Ipv6Addr> {
        let Asker { asking, client, hints, taken } = *asker;
        let vlan = asking.vlan();
        if let Some(reserved) = self.reserved(asker) {
            return Some(reserved);
        }
        let leases = &self.leases;
        let bound = leases.view.bindings_of(vlan, client).into_iter();
        let bound = bound.filter_map(|binding| Ipv6Addr::of(binding.ip));
        let mut known = bound
            .chain(leases.grants.of(client))
            .chain(hints.iter().copied())
            .chain(leases.offers.of(vlan, client, now));
        let declined = || leases.longest_declined(vlan, client, now);
        known
            .find(|ip| self.may_be_given(asker, *ip, now))
            .or_else(|| self.free_address(asker, now))
            .or_else(|| declined().filter(|ip| !taken.contains(ip)))
    }

    /// The address that is kept for the sender: one machine may ask for it several times along its boot,
    /// with other associations, but not twice at once.
    pub(crate) fn reserved(&self, asker: &Asker<'_>) -> Option<Ipv6Addr> {
        let mac = asker.asking.hardware?;
        let kept = self.leases.view.reservations_of(asker.asking.vlan(), mac);
        let wanted = kept.iter().find(|ip| asker.hints.contains(ip) && !asker.taken.contains(ip));
        wanted.or_else(|| kept.iter().find(|ip| !asker.taken.contains(ip))).copied()
    }

    /// A free address of this rack's blocks. Where the search begins depends on the client, so that clients
    /// spread and the same one tends to get the same address.
    fn free_address(&self, asker: &Asker<'_>, now: Moment) -> Option<Ipv6Addr> {
        let pool = self.leases.view.free_on(asker.asking.vlan())?;
        let may_be_given = |ip: &Ipv6Addr| self.may_be_given(asker, *ip, now);
        let new = pool.bounds().and_then(|(first, last)| {
            let among = (last.number() - first.number()).saturating_add(1);
            let beyond = u128::from(mixed(asker.client.bytes().iter().copied())) % among;
            pool.new_from(first.at(first.number() + beyond)?).find(may_be_given)
        });
        new.or_else(|| pool.ended_by(self.leases.surely_over(now)?).find(may_be_given))
    }

    /// Whether an association may have an address, as far as this rack knows.
    pub(crate) fn may_be_given(&self, asker: &Asker<'_>, ip: Ipv6Addr, now: Moment) -> bool {
        let (vlan, client) = (asker.asking.vlan(), asker.client);
        self.is_on_link(asker.asking, ip)
            && !asker.taken.contains(&ip)
            && !self.leases.offers.to_another(ip, client, now)
            && matches!(
                self.leases.availability_by_promises(vlan, ip, client, now),
                Availability::Usable { .. }
            )
    }

    /// Whether somebody else has an address for certain.
    pub(crate) fn is_taken(&self, asker: &Asker<'_>, ip: Ipv6Addr, now: Moment) -> bool {
        let vlan = asker.asking.vlan();
        let known = self.leases.availability_by_promises(vlan, ip, asker.client, now);
        known == Availability::Taken || asker.taken.contains(&ip)
    }

    /// Whether an address lies in a subnet of the client's link.
    pub(crate) fn is_on_link(&self, asking: &Asking, ip: Ipv6Addr) -> bool {
        self.leases.view.subnets_on(asking.vlan()).any(|(net, _)| ip.is_in(&net))
    }

    /// Gives an association an address: at once what is kept for it, and what it got a moment ago; all
    /// else when that is committed, or by what this rack may promise without a region.
    pub(crate) fn give(&mut self, asker: &Asker<'_>, ip: Ipv6Addr, now: Moment) -> Fate {
        let Asker { asking, client, .. } = *asker;
        let vlan = asking.vlan();
        let kept = |mac| self.leases.view.reservations_of(vlan, mac).contains(&ip);
        if asking.hardware.is_some_and(kept) {
            self.leases.offers.withdraw(vlan, client);
            return Fate::Given {
                what: Leased::Address(ip),
                until: now.plus_ms(self.leases.policy.lease_ms),
            };
        }
        if let Some(left_ms) = self.leases.fresh_lease_ms(ip, client, now) {
            self.leases.offers.withdraw(vlan, client);
            return Fate::Given { what: Leased::Address(ip), until: now.plus_ms(left_ms) };
        }
        let asked = self.leases.grants.get(ip).is_some_and(|grant| grant.asked);
        let holder = self.holder(asking, client, ip);
        if self.leases.reachable && !asked && !self.leases.commits.full() {
            let request = self.leases.ask(&holder, ip, now);
            let what = Leased::Address(ip);
            return request
                .map_or(Fate::Unknown, |it| Fate::Asked { what, request: it.request_id });
        }
        let promised = self.leases.promise_offline(&holder, ip, now);
        promised.map_or(Fate::Unknown, |left_ms| Fate::Given {
            what: Leased::Address(ip),
            until: now.plus_ms(left_ms),
        })
    }

    /// An association as the one that has an address.
    pub(crate) fn holder<'a>(
        &self,
        asking: &Asking,
        client: &'a ClientId,
        ip: Ipv6Addr,
    ) -> Holder<'a> {
        Holder {
            vlan: asking.vlan(),
            client,
            hardware: asking.hardware,
            hostname: fqdn::hostname(&asking.message),
            told_ms: self.leases.longest_ms(ip, client, self.is_of_site(asking)),
        }
    }

    /// Why an association gets nothing: for certain when no range of the link is for clients, or none of
    /// them has an address left. Else this rack alone has none at the moment.
    pub(crate) fn without_address(&self, asking: &Asking) -> Fate {
        let (vlan, leases) = (asking.vlan(), &self.leases);
        let full = |subnet| leases.pools.get(subnet).is_some_and(|used| *used >= 1_000);
        let mut subnets = leases.view.subnets_on(vlan);
        let none = leases.view.ranges_on(vlan).next().is_none();
        if none || subnets.all(|(_, subnet)| full(&subnet.id)) {
            return Fate::Refused(Some(Status::NoAddrsAvail));
        }
        Fate::Unknown
    }
}
