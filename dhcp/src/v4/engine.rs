//! The server as a state machine: what arrives goes in, what is to be done comes out.
//!
//! An offer comes from the rack's own block and costs nothing. A request for it becomes a request to
//! commit the binding, and the acknowledgement follows the commit. While no region answers, the
//! rules of [`model::lease::offline`] say what may still be promised. There is never a NAK without
//! positive knowledge: whoever does not know is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use model::id::{SubnetId, VlanId};
use model::lease::clock::{Moment, RegionClock};
use model::lease::policy::Policy;
use model::mac::MacAddress;

use crate::leases::{self, Leases};
use crate::v4::addresses::OwnAddresses;
use crate::v4::answer::destination;
use crate::v4::dropped::Dropped;
use crate::v4::external_dhcp::is_search;
use crate::v4::heard::Heard;
use crate::v4::output::{Arrival, Exchange, Output, Sending};
use crate::v4::pending::WaitingClients;
use crate::v4::probes::Probes;
use crate::v4::view::View;
use crate::wire::lease_query::LeaseQuery;
use crate::wire::message::{Kind, Message};
use crate::wire::reply::{self, Reply};

/// How long a reply with a time in it may wait for its sending: less than the skew that every
/// deadline is shortened by.
const SEND_WITHIN_MS: u64 = 1_000;

/// This rack process.
pub type OwnRack = leases::OwnRack;

/// The server.
#[derive(Debug)]
pub struct Engine {
    /// What it knows and has promised.
    pub leases: Leases<Ipv4Addr>,
    pub(crate) addresses: OwnAddresses,
    /// The hardware addresses of this rack's interfaces.
    pub(crate) hardware: BTreeSet<MacAddress>,
    takes_identifiers: bool,
    pub(crate) probes: Probes,
    pub(crate) heard: Heard,
    pub(crate) waiting: WaitingClients,
}

impl Engine {
    /// A server that knows nothing yet.
    #[must_use]
    pub fn new(own: OwnRack, policy: Policy) -> Self {
        Self {
            leases: Leases::new(own, policy),
            addresses: OwnAddresses::default(),
            hardware: BTreeSet::new(),
            takes_identifiers: true,
            probes: Probes::default(),
            heard: Heard::default(),
            waiting: WaitingClients::default(),
        }
    }

    /// What the server serves from.
    #[must_use]
    pub fn view(&self) -> &View {
        self.leases.view()
    }

    /// Changes what the server serves from. All changes of one revision belong into one call.
    pub fn update(&mut self, change: impl FnOnce(&mut View)) {
        self.leases.update(change);
    }

    /// Sets the IPv4 addresses of this rack's interfaces, as they are now.
    pub fn set_addresses(&mut self, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        self.addresses = addresses.into_iter().collect();
    }

    /// Sets the hardware addresses of this rack's interfaces, as they are now.
    pub fn set_hardware(&mut self, hardware: impl IntoIterator<Item = MacAddress>) {
        self.hardware = hardware.into_iter().collect();
    }

    /// A region said what time it is.
    pub fn set_clock(&mut self, clock: RegionClock) {
        self.leases.set_clock(clock);
    }

    /// What time it is in the region is in doubt: nothing is given by it.
    pub fn forget_clock(&mut self) {
        self.leases.forget_clock();
    }

    /// Whether a region can be reached now.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.leases.set_reachable(reachable);
    }

    /// Whether the region commits bindings of clients that have no hardware address: one of an
    /// earlier version does not.
    pub fn set_takes_identifiers(&mut self, takes: bool) {
        self.takes_identifiers = takes;
    }

    /// Whether this rack is one of those that answer on a link.
    #[must_use]
    pub fn serves(&self, vlan: VlanId) -> bool {
        self.leases.serves(vlan)
    }

    /// How full the pools of subnets are, in thousandths, as a region said last. Those that are not
    /// named have addresses enough.
    pub fn set_pools(&mut self, used_permille: BTreeMap<SubnetId, u32>) {
        self.leases.set_pools(used_permille);
    }

    /// How many addresses of this rack's blocks a new client could get; those above `max` are not
    /// counted.
    #[must_use]
    pub fn free_addresses(&self, vlan: VlanId, max: usize, now: Moment) -> usize {
        self.leases.free_addresses(vlan, max, now)
    }

    /// How many requests to commit have no outcome yet.
    #[must_use]
    pub fn open_commits(&self) -> usize {
        self.leases.open_commits()
    }

    /// Handles one UDP payload; returns the name of the message, for counters, and what is to be done.
    ///
    /// # Errors
    /// [`Dropped`] when nothing is answered, now or later.
    pub fn handle(
        &mut self,
        packet: &[u8],
        arrival: Arrival,
        now: Moment,
    ) -> Result<(&'static str, Vec<Output>), Dropped> {
        let message = match Message::parse(packet) {
            Ok(message) => message,
            Err(error) => {
                let query = LeaseQuery::parse(packet).ok_or(error)?;
                return Ok(("leasequery", self.lease_query(&query, &arrival, now)?));
            }
        };
        if is_search(&message) {
            return Err(Dropped::Search);
        }
        if self.is_proxied(&message, &arrival) {
            return Ok((message.kind.name(), self.proxy_offer(&message, &arrival, now)?));
        }
        if message.client.mac().is_none() && !self.takes_identifiers {
            return Err(Dropped::NoIdentifiersYet);
        }
        let arrival = Arrival { vlan: self.link_of(&message, &arrival)?, ..arrival };
        let Message { client, xid, kind, giaddr, .. } = &message;
        let identity = (arrival.vlan, client.clone(), *xid, *kind, *giaddr);
        if self.heard.copies.is_copy(identity, arrival.interface, now) {
            return Err(Dropped::Copy);
        }
        self.notice(&message, &arrival, now);
        let outputs = match message.kind {
            Kind::Discover => self.discover(&message, &arrival, now)?,
            Kind::Request => {
                self.heard.transmissions.asked(&message.client);
                self.request(&message, &arrival, now)?
            }
            Kind::Decline => self.decline(&message, &arrival, now)?,
            Kind::Release => self.release(&message, &arrival, now)?,
            Kind::Inform => self.inform(&message, &arrival, now)?,
        };
        Ok((message.kind.name(), outputs))
    }

    /// The link that a client is on: its relay says it; else the address that it uses, if it was
    /// sent to this rack alone and so may have been routed here (RFC 2131 §4.3.6); else the
    /// interface it came in at.
    pub(crate) fn link_of(&self, message: &Message, arrival: &Arrival) -> Result<VlanId, Dropped> {
        let vlan = match message.link_address() {
            Some(link) => {
                let (_, subnet) = self.leases.view.subnet_of(link).ok_or(Dropped::NotServed)?;
                subnet.vlan
            }
            None => {
                let routed = self.unicast(arrival) && !message.ciaddr.is_unspecified();
                let own = routed.then(|| self.leases.view.subnet_of(message.ciaddr)).flatten();
                own.map_or(arrival.vlan, |(_, subnet)| subnet.vlan)
            }
        };
        if self.serves(vlan) { Ok(vlan) } else { Err(Dropped::NotServed) }
    }

    /// Whether this rack answers a packet, now or at another transmission, or nobody is to answer it. What it does not keep, it
    /// may pass on to other servers.
    #[must_use]
    pub fn keeps(&self, packet: &[u8], arrival: &Arrival) -> bool {
        match Message::parse(packet) {
            Ok(message) => is_search(&message) || self.link_of(&message, arrival).is_ok(),
            Err(_) => LeaseQuery::parse(packet).is_some(),
        }
    }

    /// What is offered is not free until the offer ends, and what is in use until nobody answers.
    pub(crate) fn hold_what_is_not_free(&mut self, now: Moment) {
        self.leases.offers.forget(now);
        for ip in self.leases.offers.take_changed().into_iter().chain(self.probes.take_changed()) {
            let held = self.leases.offers.holder(ip).is_some() || self.probes.in_use(ip).is_some();
            self.leases.view.set_held(ip, held);
        }
    }

    fn inform(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if !self.unicast(arrival) && !self.our_turn(message, arrival.vlan, now) {
            return Err(Dropped::NotOurTurn);
        }
        let reply = self.inform_reply(message, arrival);
        Ok(vec![self.send(message, arrival, &reply, now.plus_ms(self.leases.policy.lease_ms))])
    }

    /// An acknowledgement with the time that is left, and its report.
    pub(crate) fn acknowledge(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        left_ms: u64,
        now: Moment,
    ) -> Vec<Output> {
        if message.kind == Kind::Discover {
            self.heard.rapid.remember(message, arrival.vlan, ip, now);
        }
        let reply = self.grant_reply(message, arrival, reply::Kind::Ack, ip, left_ms);
        let boot = (!reply.file.is_empty()).then(|| reply.file.clone());
        let send_before = now.plus_ms(SEND_WITHIN_MS);
        let exchange = Exchange { client: message.client.clone(), vlan: arrival.vlan, ip, boot };
        vec![self.send(message, arrival, &reply, send_before), Output::Report(exchange)]
    }

    pub(crate) fn refuse(
        &self,
        message: &Message,
        arrival: &Arrival,
        reason: &str,
        now: Moment,
    ) -> Vec<Output> {
        let reply = self.nak_reply(message, arrival, reason);
        vec![self.send(message, arrival, &reply, now.plus_ms(10_000))]
    }

    /// Forgets what is over. Call it about every second.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.leases.forget(now);
        self.heard.forget(now);
    }

    /// A reply leaves from the address that was asked, because a relay's or a client's firewall
    /// expects it from there.
    pub(crate) fn send(
        &self,
        message: &Message,
        arrival: &Arrival,
        reply: &Reply,
        send_before: Moment,
    ) -> Output {
        let asked = self.unicast(arrival).then_some(arrival.destination);
        let client = [reply.yiaddr, reply.ciaddr].into_iter().find(|ip| !ip.is_unspecified());
        let written = reply.written();
        Output::Send(Sending {
            interface: arrival.interface,
            source: asked.unwrap_or_else(|| self.own_address(arrival, client)),
            destination: destination(message, reply, arrival.source_port),
            kind: reply.kind,
            payload: written.bytes,
            left_out: written.left_out,
            send_before,
            received_us: arrival.received_us,
        })
    }
}
