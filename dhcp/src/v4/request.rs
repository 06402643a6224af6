//! DHCPREQUEST in its four states (RFC 2131 §4.3.2), DHCPDECLINE (§4.3.3), DHCPRELEASE (§4.3.4).

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::binding::Binding;
use model::lease::clock::Moment;
use model::lease::commit::Change;

use crate::leases::availability::Availability;
use crate::leases::declines::Decliner;
use crate::leases::sharing::rank;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::{Arrival, Output};
use crate::v4::pending::WaitingClient;
use crate::wire::code;
use crate::wire::message::Message;

/// The state that the client is in, told by what its request contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It takes an offer.
    Selecting,
    /// It was restarted and wants to go on with its address.
    InitReboot,
    /// It extends its lease, at the server that gave it.
    Renewing,
    /// It extends its lease, at any server.
    Rebinding,
}

impl Engine {
    pub(crate) fn request(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        let (state, ip) = classify(message, self.unicast(arrival))?;
        match state {
            State::Selecting => self.check_selected(message, arrival, ip, now)?,
            State::Renewing => {}
            State::InitReboot | State::Rebinding => {
                if !self.our_turn(message, arrival.vlan, now) {
                    return Err(Dropped::NotOurTurn);
                }
            }
        }
        if !self.on_link(arrival.vlan, ip) {
            return self.wrong_link(message, arrival, now);
        }
        let reservations = self.leases.view.reservations(arrival.vlan, &message.client);
        if reservations.contains(&ip) {
            self.leases.offers.withdraw(arrival.vlan, &message.client);
            return Ok(self.acknowledge(message, arrival, ip, self.leases.policy.lease_ms, now));
        }
        if !reservations.is_empty() && state == State::InitReboot {
            return Ok(self.refuse(message, arrival, "another address is reserved for you", now));
        }
        self.request_dynamic(message, arrival, state, ip, now)
    }

    fn request_dynamic(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        state: State,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if let Some(left_ms) = self.fresh_lease_ms(ip, &message.client, now) {
            self.leases.offers.withdraw(arrival.vlan, &message.client);
            return Ok(self.acknowledge(message, arrival, ip, left_ms, now));
        }
        let offered = self.leases.offers.of(arrival.vlan, &message.client, now) == Some(ip);
        if offered && self.leases.reusable(arrival.vlan, ip, &message.client, now).is_some() {
            return self.commit_or_answer(message, arrival, ip, now);
        }
        match self.availability(arrival.vlan, ip, &message.client, now) {
            Availability::Taken => {
                self.leases.offers.withdraw(arrival.vlan, &message.client);
                Ok(self.refuse(message, arrival, "address is in use", now))
            }
            Availability::Usable { .. } => self.commit_or_answer(message, arrival, ip, now),
            Availability::Unknown if state == State::InitReboot => {
                let bound = self.leases.view.bindings_of(arrival.vlan, &message.client);
                let elsewhere = bound.iter().any(|binding| self.promised(binding, now));
                if elsewhere {
                    Ok(self.refuse(message, arrival, "another address is yours", now))
                } else {
                    Err(Dropped::NotKnown)
                }
            }
            Availability::Unknown => Err(Dropped::NotKnown),
        }
    }

    pub(crate) fn commit_or_answer(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if self.waiting.has(ip, &message.client) {
            return Err(Dropped::Repeated);
        }
        self.may_be_bound(message, arrival.vlan, now)?;
        let asked = self.leases.grants.get(ip).is_some_and(|grant| grant.asked);
        if self.leases.reachable && !asked && !self.leases.commits.full() {
            return Ok(self.ask(message, arrival, ip, now));
        }
        let waiting = WaitingClient { message: message.clone(), arrival: *arrival, ip, since: now };
        let outputs = self.answer_offline(&waiting, now);
        if outputs.is_empty() { Err(Dropped::NotKnown) } else { Ok(outputs) }
    }

    /// Checks that the client chose this server; otherwise its offer is withdrawn. What it gets of another
    /// rack counts among the addresses of its circuit here, too.
    fn check_selected(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<(), Dropped> {
        let server = message.options.address(code::SERVER_IDENTIFIER);
        if server.is_some_and(|server| self.is_of_all_racks(server, arrival)) {
            return self.check_offered(message, arrival, ip, now);
        }
        if server.is_some_and(|server| self.names_this_rack(server, message, arrival)) {
            return Ok(());
        }
        self.leases.offers.withdraw(arrival.vlan, &message.client);
        if server.is_some_and(|server| self.leases.view.is_of_a_rack(server)) {
            // The other rack decides whether it gets it.
            let _ = self.may_be_bound(message, arrival.vlan, now);
        }
        Err(Dropped::AnotherServer)
    }

    /// Checks that it is this rack's to answer who takes the offer of a server that is all racks of the link: it made
    /// the offer, was asked alone, or those before it are silent.
    fn check_offered(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<(), Dropped> {
        let offered = self.leases.offers.of(arrival.vlan, &message.client, now);
        if offered.is_some_and(|offered| offered != ip) {
            self.leases.offers.withdraw(arrival.vlan, &message.client);
        }
        if offered == Some(ip) || self.unicast(arrival) {
            return Ok(());
        }
        // What it gets of another rack counts among the addresses of its circuit here, too.
        let _ = self.may_be_bound(message, arrival.vlan, now);
        if self.our_turn(message, arrival.vlan, now) { Ok(()) } else { Err(Dropped::NotOurTurn) }
    }

    /// Whether an address lies in a subnet of the link.
    fn on_link(&self, vlan: VlanId, ip: Ipv4Addr) -> bool {
        self.leases.view.subnets_on(vlan).any(|(net, _)| net.contains(&ip))
    }

    /// A NAK if the link's subnets are known, because then the address is wrong for certain.
    fn wrong_link(
        &self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if self.leases.view.subnets_on(arrival.vlan).next().is_none() {
            return Err(Dropped::NotKnown);
        }
        Ok(self.refuse(message, arrival, "wrong address for this network", now))
    }

    fn promised(&self, binding: &Binding, now: Moment) -> bool {
        self.leases.clock.is_some_and(|clock| binding.promise_until > clock.latest(now))
    }

    pub(crate) fn release(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        self.check_meant(message, arrival, message.ciaddr)?;
        self.check_holder(message, message.ciaddr)?;
        Ok(self.tell(Change::Release, message, arrival, message.ciaddr, now))
    }

    pub(crate) fn decline(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        let named = message.options.address(code::REQUESTED_ADDRESS);
        let ip = named
            .or_else(|| self.heard.rapid.told(message, arrival.vlan, now))
            .ok_or(Dropped::Senseless)?;
        self.check_meant(message, arrival, ip)?;
        let kept = self.leases.view.reservations(arrival.vlan, &message.client).contains(&ip);
        if let Some(mac) = message.client.mac().filter(|_| kept) {
            self.leases.decline_kept(&decliner(message, arrival.vlan), ip, mac, now);
            return Ok(Vec::new());
        }
        self.check_holder(message, ip)?;
        if self.leases.declines.too_many(&decliner(message, arrival.vlan), now) {
            return Err(Dropped::DeclinesTooOften);
        }
        if self.leases.declines.at(ip).is_some() {
            return Err(Dropped::Repeated);
        }
        self.leases.offers.withdraw(arrival.vlan, &message.client);
        self.leases.declines.remember(&decliner(message, arrival.vlan), ip, now);
        Ok(self.tell(Change::Decline, message, arrival, ip, now))
    }

    /// Whether the sender of a release or decline holds the address.
    fn check_holder(&self, message: &Message, ip: Ipv4Addr) -> Result<(), Dropped> {
        if self.leases.holds(ip, &message.client) { Ok(()) } else { Err(Dropped::NotKnown) }
    }

    /// Whether the sender of a release or decline means this server.
    fn check_meant(
        &self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
    ) -> Result<(), Dropped> {
        let server = message.options.address(code::SERVER_IDENTIFIER);
        if server.is_some_and(|server| !self.names_this_rack(server, message, arrival)) {
            return Err(Dropped::AnotherServer);
        }
        let all = server.is_some_and(|server| self.is_of_all_racks(server, arrival));
        if all && !self.unicast(arrival) && !self.is_givers(message, arrival.vlan, ip) {
            return Err(Dropped::NotOurTurn);
        }
        Ok(())
    }

    /// Whether this rack is the one of a link that looks after an address: that of its block, or the first of those that live.
    fn is_givers(&self, message: &Message, vlan: VlanId, ip: Ipv4Addr) -> bool {
        let own = &self.leases.own.rack;
        let block = self.leases.view.block_around(vlan, ip);
        let giver = block.and_then(|block| block.rack.as_ref());
        match giver.filter(|giver| self.leases.live_racks(vlan).any(|rack| rack == *giver)) {
            Some(giver) => giver == own,
            None => rank(own, self.leases.live_racks(vlan), &message.client) == 0,
        }
    }
}

/// A client as one that declines.
pub(crate) fn decliner(message: &Message, vlan: VlanId) -> Decliner<'_> {
    let circuit = message.circuit().map(|circuit| (message.giaddr.into(), circuit));
    Decliner { vlan, client: &message.client, circuit }
}

fn classify(message: &Message, unicast: bool) -> Result<(State, Ipv4Addr), Dropped> {
    let requested = message.options.address(code::REQUESTED_ADDRESS);
    if message.options.get(code::SERVER_IDENTIFIER).is_some() {
        let ip = requested.or_else(|| Some(message.ciaddr).filter(|ip| !ip.is_unspecified()));
        return ip.map(|ip| (State::Selecting, ip)).ok_or(Dropped::Senseless);
    }
    if !message.ciaddr.is_unspecified() {
        let renewing = if message.relayed() { message.unicast_to_relay() } else { unicast };
        let state = if renewing { State::Renewing } else { State::Rebinding };
        return Ok((state, message.ciaddr));
    }
    requested.map(|ip| (State::InitReboot, ip)).ok_or(Dropped::Senseless)
}
