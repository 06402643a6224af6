//! DHCPDISCOVER (RFC 2131 §4.3.1).

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::clock::Moment;

use crate::v4::choice::Asker;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::{Arrival, Output};
use crate::v4::request::decliner;
use crate::wire::code;
use crate::wire::message::Message;
use crate::wire::reply;

impl Engine {
    pub(crate) fn discover(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if message.options.get(code::SERVER_IDENTIFIER).is_some() {
            return Err(Dropped::Senseless);
        }
        // All racks of the link hear it and count, whichever of them answers.
        self.may_be_offered(message, arrival.vlan, now)?;
        if !self.our_turn(message, arrival.vlan, now) {
            return Err(Dropped::NotOurTurn);
        }
        if self.leases.declines.too_many(&decliner(message, arrival.vlan), now)
            && self.leases.view.reservations(arrival.vlan, &message.client).is_empty()
        {
            return Err(Dropped::DeclinesTooOften);
        }
        self.hold_what_is_not_free(now);
        let ip = self.chosen(message, arrival.vlan, now)?;
        if self.leases.view.binding(ip).is_none_or(|binding| binding.client != message.client)
            && self.leases.offers.of(arrival.vlan, &message.client, now) != Some(ip)
        {
            *self.leases.went.entry(arrival.vlan).or_default() += 1;
            if !self.leases.view.reservations(arrival.vlan, &message.client).contains(&ip) {
                self.probes.offered(arrival.vlan, ip, now);
            }
        }
        if self.commits_rapidly(message, arrival) {
            return self.commit_rapidly(message, arrival, ip, now);
        }
        self.leases.offers.make(arrival.vlan, &message.client, ip, now);
        let lease_ms = self.leases.policy.lease_ms;
        let reply = self.grant_reply(message, arrival, reply::Kind::Offer, ip, lease_ms);
        Ok(vec![self.send(message, arrival, &reply, now.plus_ms(lease_ms))])
    }

    /// The address to offer.
    fn chosen(
        &mut self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Result<Ipv4Addr, Dropped> {
        let asker = self.asker(message, vlan);
        if let Some(chosen) = self.choose(&asker, now) {
            return Ok(chosen.ip);
        }
        let machine = Asker { may_have_the_last: true, ..asker };
        if !asker.may_have_the_last && self.choose(&machine, now).is_some() {
            return Err(Dropped::KeptForMachines);
        }
        self.probes.none_left(vlan, now);
        Err(Dropped::NoAddress)
    }
}
