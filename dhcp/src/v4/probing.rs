//! Which addresses the server asks for, and what it does when somebody answers.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::binding::BindingState;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;
use model::mac::MacAddress;
use model::time::Timestamp;

use crate::leases::availability::Availability;
use crate::v4::engine::Engine;
use crate::v4::output::Output;
use crate::v4::pending::WaitingClient;
use crate::v4::probes::{Answer, Conflict, Finding, Probe, STOCK_MAX};
use crate::wire::message::Kind;

/// Stands for a client that has nothing: what is free for it is free for all.
const NEW_CLIENT: ClientId = ClientId::Hardware(MacAddress([0; 6]));

impl Engine {
    /// The addresses to ask for now, ahead of need and once more. Call it a few times a second, if
    /// there is a way to ask and to hear answers; an address that does not answer counts as vacant.
    pub fn probe(&mut self, now: Moment) -> Vec<Probe> {
        let (view, own) = (&self.leases.view, &self.leases.own);
        let is_own = |vlan, ip| {
            view.is_open(ip) && view.block_at(vlan, &own.rack, own.incarnation, ip).is_some()
        };
        self.probes.go_on(is_own, now);
        self.hold_what_is_not_free(now);
        let served: Vec<VlanId> =
            self.leases.view.links().filter(|vlan| self.serves(*vlan)).collect();
        self.probes.retain_links(|vlan| served.binary_search(&vlan).is_ok());
        for vlan in served {
            let (room, last) = self.probes.room(vlan, now);
            if room > 0 {
                let addresses = self.unknown_addresses(vlan, last, room, now);
                self.probes.stock(vlan, addresses, now);
            }
        }
        self.probes.take_to_send()
    }

    /// The addresses to ask for at once, because they were offered.
    pub fn take_probes(&mut self) -> Vec<Probe> {
        self.probes.take_to_send()
    }

    /// Nothing can be sent on a link now. Says whether that is new.
    pub fn cannot_probe(&mut self, vlan: VlanId, now: Moment) -> bool {
        self.probes.pause(vlan, now)
    }

    /// How many new clients were offered an address that was not known to be vacant, since this was
    /// asked last.
    pub fn take_unprobed(&mut self) -> u64 {
        self.probes.take_unprobed()
    }

    /// Somebody answered. It is believed only of an address that was asked for and that no client was
    /// promised, and not if the client answers that it is offered to, or this rack.
    pub fn answered(&mut self, answer: Answer, now: Moment) -> Option<Finding> {
        let (heard_on, ip, by) = match answer {
            Answer::Arp { vlan, ip, mac } => (Some(vlan), ip, Some(mac)),
            Answer::Echo { ip } => (None, ip, None),
        };
        let vlan = self.leases.view.subnet_of(ip)?.1.vlan;
        let on_another_link = heard_on.is_some_and(|heard_on| heard_on != vlan);
        let of_this_rack = by.is_some_and(|by| self.hardware.contains(&by));
        if on_another_link || of_this_rack || !self.probes.was_asked(vlan, ip) {
            return None;
        }
        let of_holder = self.leases.offers.holder(ip).is_some_and(|(_, client)| is_of(by, client));
        if self.is_promised(ip, now) || of_holder {
            return None;
        }
        self.probes.found(Conflict { vlan, ip, by }, now)
    }

    /// Whether a client may use an address by what this rack knows.
    fn is_promised(&self, ip: Ipv4Addr, now: Moment) -> bool {
        let Some(clock) = self.leases.clock else { return true };
        let granted = self.leases.grants.get(ip);
        let told = granted.is_some_and(|grant| grant.told.is_some() || grant.decided.is_some());
        let bound = self.leases.view.binding(ip).is_some_and(|binding| {
            let until = binding.promise_until.plus_ms(self.leases.policy.skew_ms);
            binding.state == BindingState::Active && until > clock.earliest(now)
        });
        told || bound
    }

    /// Free addresses that nobody has asked for lately, the ones after `last` first.
    fn unknown_addresses(
        &self,
        vlan: VlanId,
        last: Ipv4Addr,
        count: usize,
        now: Moment,
    ) -> Vec<Ipv4Addr> {
        let Some(pool) = self.leases.view.free_on(vlan) else { return Vec::new() };
        let next = Ipv4Addr::from_bits(last.to_bits().saturating_add(1));
        let over = self.leases.surely_over(now);
        let ended = over.into_iter().flat_map(|over| pool.ended_by(over));
        pool.new_from(next)
            .chain(ended)
            .take(count + 2 * STOCK_MAX)
            .filter(|ip| !self.probes.is_known(vlan, *ip, now))
            .filter(|ip| self.offerable(vlan, *ip, &NEW_CLIENT, now))
            .take(count)
            .collect()
    }

    /// Whether somebody else was found to use an address that a client asks for, and it was not bound
    /// anew since: another rack may have got its block.
    pub(crate) fn is_in_use_by_another(
        &self,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> bool {
        let in_use = self.probes.in_use(ip).filter(|of| !is_of(of.by, client) && !of.offered);
        let Some((in_use, clock)) = in_use.zip(self.leases.clock) else { return false };
        let latest = clock.latest(now).unix_ms;
        let found = Timestamp::from_unix_ms(latest.saturating_sub(now.since_ms(in_use.at)));
        let lease_end = found.plus_ms(self.leases.policy.lease_ms + self.leases.policy.skew_ms);
        let bound_anew = self.leases.view.binding(ip).is_some_and(|binding| {
            binding.state == BindingState::Active && binding.told_until > lease_end
        });
        !bound_anew
    }

    /// The address that was found in use longest ago, if there has been no other for a while.
    pub(crate) fn longest_in_use(
        &self,
        vlan: VlanId,
        client: &ClientId,
        now: Moment,
    ) -> Option<Ipv4Addr> {
        let usable = |ip| {
            let availability = self.leases.availability_by_promises(vlan, ip, client, now);
            !self.leases.offers.to_another(ip, client, now)
                && matches!(availability, Availability::Usable { .. })
        };
        let in_use = self.probes.last_resort(vlan, now).filter(|(ip, _)| usable(*ip));
        in_use.min_by_key(|(_, of)| (of.offered, of.at)).map(|(ip, _)| ip)
    }

    /// An address was committed, and found in use meanwhile: the client does not get it, and nobody
    /// for as long as if the client had declined it.
    pub(crate) fn take_back(&mut self, waiting: &WaitingClient, now: Moment) -> Vec<Output> {
        let WaitingClient { message, arrival, ip, .. } = waiting;
        let mut outputs = self.tell(Change::Decline, message, arrival, *ip, now);
        if message.kind != Kind::Discover {
            outputs.extend(self.refuse(message, arrival, "address is in use", now));
        }
        outputs
    }
}

/// Whether a hardware address is that of a client.
fn is_of(by: Option<MacAddress>, client: &ClientId) -> bool {
    by.is_some() && by == client.mac()
}
