//! The server as a state machine: what arrives goes in, what is to be done comes out.
//!
//! An offer comes from the rack's own block and costs nothing. A request for it becomes a request to
//! commit the binding, and the acknowledgement follows the commit. While no region answers, the
//! rules of [`model::lease::offline`] say what may still be promised. There is never a NAK without
//! positive knowledge: whoever does not know is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use model::id::{SubnetId, SystemId, VlanId};
use model::lease::client::ClientId;
use model::lease::clock::{Moment, RegionClock};
use model::lease::commit::Refusal;
use model::lease::policy::Policy;
use model::mac::MacAddress;

use crate::v4::addresses::OwnAddresses;
use crate::v4::answer::{Destination, destination};
use crate::v4::copies::Copies;
use crate::v4::declines::Declines;
use crate::v4::grants::Grants;
use crate::v4::limits::Limits;
use crate::v4::offers::Offers;
use crate::v4::pending::{OpenCommits, WaitingClient};
use crate::v4::probes::Probes;
use crate::v4::queries::Queries;
use crate::v4::rapid_commits::RapidCommits;
use crate::v4::sharing::{Transmissions, rank};
use crate::v4::view::{PeerRack, View};
use crate::wire::code;
use crate::wire::lease_query::LeaseQuery;
use crate::wire::message::{Kind, Message, MessageError};
use crate::wire::reply::{self, Reply};

/// How long a reply with a time in it may wait for its sending: less than the skew that every
/// deadline is shortened by.
const SEND_WITHIN_MS: u64 = 1_000;

/// This rack process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRack {
    /// The rack.
    pub rack: SystemId,
    /// The random number it drew at its start.
    pub incarnation: u64,
}

/// How and where a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The link of the interface it came in at.
    pub vlan: VlanId,
    /// The kernel's index of that interface.
    pub interface: u32,
    /// This rack's address there, for clients that no other of its addresses is nearer to.
    pub server: Ipv4Addr,
    /// The UDP port it was sent from.
    pub source_port: u16,
    /// The IP address it was sent to: one of this rack's, or a broadcast.
    pub destination: Ipv4Addr,
    /// When it was received, in microseconds by a clock of the caller. The server decides nothing by
    /// it; the [`Sending`] that answers repeats it.
    pub received_us: u64,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a reply.
    Send(Sending),
    /// Ask a region to commit a binding, and hand the outcome to [`Engine::committed`].
    Commit(CommitRequest),
    /// Tell the event log what a machine was told.
    Report(Exchange),
}

/// A reply on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The interface that the request came in at.
    pub interface: u32,
    /// The source address.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub destination: Destination,
    /// What it says, for counters.
    pub kind: reply::Kind,
    /// The UDP payload.
    pub payload: Vec<u8>,
    /// It must not be sent later than this.
    pub send_before: Moment,
    /// When the message that it answers was received, as its [`Arrival`] said.
    pub received_us: u64,
}

/// What a client was told, for the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The client.
    pub client: ClientId,
    /// The link.
    pub vlan: VlanId,
    /// The address it got.
    pub ip: Ipv4Addr,
    /// The boot file it was told, if it boots from the network.
    pub boot: Option<String>,
}

/// A binding that a region is asked to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// Unique; the same when it is repeated.
    pub request_id: [u8; 16],
    /// What happened.
    pub change: model::lease::commit::Change,
    /// The link.
    pub vlan: VlanId,
    /// The subnet of the address.
    pub subnet: SubnetId,
    /// The address.
    pub ip: Ipv4Addr,
    /// The client.
    pub client: ClientId,
    /// The client's name.
    pub hostname: Option<String>,
    /// How long the client may use the address, in milliseconds from the sending on.
    pub told_ms: u64,
    /// The own block that it was chosen from, with the block's epoch.
    pub block: Option<(model::id::BlockId, u64)>,
}

/// What became of a request to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed {
        /// At this revision.
        revision: u64,
        /// How long the client may use the address, in milliseconds from the sending on.
        told_ms: u64,
    },
    /// It was refused at a revision, and can never be committed any more.
    Refused {
        /// The revision at which that was decided.
        revision: u64,
        /// Whether somebody else has the address.
        taken: bool,
    },
    /// Nobody knows: no region answered.
    Unknown,
}

impl Outcome {
    /// How a refusal of the model's rules looks to the engine.
    #[must_use]
    pub fn refused(revision: u64, refusal: &Refusal) -> Self {
        let taken = match refusal {
            Refusal::BoundToAnother { .. } | Refusal::Reserved { .. } => true,
            Refusal::NotTheOwner { .. }
            | Refusal::Quarantined { .. }
            | Refusal::NotBound { .. } => false,
        };
        Self::Refused { revision, taken }
    }
}

/// Why a packet was not answered, for counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It is no message of a client.
    #[error(transparent)]
    Malformed(#[from] MessageError),
    /// This rack does not serve that link.
    #[error("the link is not served by this rack")]
    NotServed,
    /// Another rack answers this transmission.
    #[error("another rack answers")]
    NotOurTurn,
    /// It is meant for another server.
    #[error("it is meant for another server")]
    AnotherServer,
    /// It contradicts itself or the RFC.
    #[error("its fields contradict each other or RFC 2131")]
    Senseless,
    /// No address is free in this rack's blocks.
    #[error("no address is free")]
    NoAddress,
    /// This rack cannot know the answer now.
    #[error("the answer is not known")]
    NotKnown,
    /// The client has declined too many addresses (RFC 2131 §4.3.3).
    #[error("the client has declined too many addresses")]
    DeclinesTooOften,
    /// Another interface on the same link has heard it too, and before.
    #[error("it was heard at another interface of the link before")]
    Copy,
    /// A client that nobody knows asks more often than clients do.
    #[error("an unknown client asks too often")]
    AsksTooOften,
    /// The clients behind its port of a switch have as many addresses as they get.
    #[error("the circuit has as many unknown clients as it may")]
    CircuitFull,
    /// A query for leases of somebody who is no relay of a subnet that this rack serves (RFC 4388 §7).
    #[error("a query for leases of no relay that is trusted")]
    UntrustedRelay,
    /// A relay queries leases more often than it may.
    #[error("a relay queries leases too often")]
    QueriesTooOften,
    /// It has no hardware address, and the region is of a version that knows no other clients.
    #[error("the region knows no clients without a hardware address yet")]
    NoIdentifiersYet,
    /// The answer to an earlier transmission is on its way.
    #[error("an earlier transmission is being answered")]
    Repeated,
}

/// The server.
#[derive(Debug)]
pub struct Engine {
    /// How long leases, promises and blocks last.
    pub policy: Policy,
    pub(crate) own: OwnRack,
    pub(crate) addresses: OwnAddresses,
    /// The hardware addresses of this rack's interfaces.
    pub(crate) hardware: BTreeSet<MacAddress>,
    pub(crate) view: View,
    pub(crate) clock: Option<RegionClock>,
    pub(crate) reachable: bool,
    takes_identifiers: bool,
    pub(crate) offers: Offers,
    pub(crate) grants: Grants,
    pub(crate) declines: Declines,
    pub(crate) probes: Probes,
    pub(crate) limits: Limits,
    pub(crate) queries: Queries,
    pub(crate) rapid: RapidCommits,
    pub(crate) commits: OpenCommits,
    pub(crate) waiting: BTreeMap<[u8; 16], WaitingClient>,
    /// How full the pools of subnets are, in thousandths.
    pub(crate) pools: BTreeMap<SubnetId, u32>,
    /// How many addresses went to clients that did not have them, by link, since that was asked.
    went: BTreeMap<VlanId, u32>,
    /// How many clients were answered without a region, since that was asked.
    pub(crate) answered_offline: u64,
    transmissions: Transmissions,
    copies: Copies,
}

impl Engine {
    /// A server that knows nothing yet.
    #[must_use]
    pub fn new(own: OwnRack, policy: Policy) -> Self {
        let mut view = View::default();
        view.set_own(own.rack.clone(), own.incarnation);
        Self {
            policy,
            commits: OpenCommits::new(own.incarnation),
            own,
            addresses: OwnAddresses::default(),
            hardware: BTreeSet::new(),
            view,
            clock: None,
            reachable: false,
            takes_identifiers: true,
            offers: Offers::default(),
            grants: Grants::default(),
            declines: Declines::default(),
            probes: Probes::default(),
            limits: Limits::default(),
            queries: Queries::default(),
            rapid: RapidCommits::default(),
            waiting: BTreeMap::new(),
            pools: BTreeMap::new(),
            went: BTreeMap::new(),
            answered_offline: 0,
            transmissions: Transmissions::default(),
            copies: Copies::default(),
        }
    }

    /// What the server serves from.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Changes what the server serves from. All changes of one revision belong into one call.
    pub fn update(&mut self, change: impl FnOnce(&mut View)) {
        change(&mut self.view);
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
        self.clock = Some(clock);
    }

    /// What time it is in the region is in doubt: nothing is given by it.
    pub fn forget_clock(&mut self) {
        self.clock = None;
    }

    /// Whether a region can be reached now.
    pub fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
    }

    /// Whether the region commits bindings of clients that have no hardware address: one of an
    /// earlier version does not.
    pub fn set_takes_identifiers(&mut self, takes: bool) {
        self.takes_identifiers = takes;
    }

    /// Whether this rack is one of those that answer on a link.
    #[must_use]
    pub fn serves(&self, vlan: VlanId) -> bool {
        self.view.racks_on(vlan).any(|(id, _)| *id == self.own.rack)
    }

    /// How many addresses were offered to clients that did not have them, by link, since this was asked
    /// last.
    pub fn take_went(&mut self) -> BTreeMap<VlanId, u32> {
        std::mem::take(&mut self.went)
    }

    /// How many clients got or extended a lease without a region, since this was asked last.
    pub fn take_answered_offline(&mut self) -> u64 {
        std::mem::take(&mut self.answered_offline)
    }

    /// How many requests to commit have no outcome yet.
    #[must_use]
    pub fn open_commits(&self) -> usize {
        self.commits.open.len()
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
        if message.client.mac().is_none() && !self.takes_identifiers {
            return Err(Dropped::NoIdentifiersYet);
        }
        let arrival = Arrival { vlan: self.link_of(&message, &arrival)?, ..arrival };
        if self.copies.is_copy(&message, arrival.vlan, arrival.interface, now) {
            return Err(Dropped::Copy);
        }
        let outputs = match message.kind {
            Kind::Discover => self.discover(&message, &arrival, now)?,
            Kind::Request => {
                self.transmissions.asked(&message.client);
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
                let (_, subnet) = self.view.subnet_of(link).ok_or(Dropped::NotServed)?;
                subnet.vlan
            }
            None => {
                let routed = self.unicast(arrival) && !message.ciaddr.is_unspecified();
                let own = routed.then(|| self.view.subnet_of(message.ciaddr)).flatten();
                own.map_or(arrival.vlan, |(_, subnet)| subnet.vlan)
            }
        };
        if self.serves(vlan) { Ok(vlan) } else { Err(Dropped::NotServed) }
    }

    /// Whether it is this rack's turn to answer a message that all racks of the link have seen.
    pub(crate) fn our_turn(&mut self, message: &Message, vlan: VlanId, now: Moment) -> bool {
        let count = self.transmissions.count(&message.client, message.xid, message.kind, now);
        count > self.place(message, vlan, now)
    }

    /// The place of this rack among those that answer a message, 0 for the first.
    fn place(&self, message: &Message, vlan: VlanId, now: Moment) -> usize {
        let (own, client) = (&self.own.rack, &message.client);
        match self.only_giver(message, vlan, now) {
            Some(giver) if giver == own => 0,
            Some(giver) => {
                1 + rank(own, self.live_racks(vlan).filter(|rack| *rack != giver), client)
            }
            None => rank(own, self.live_racks(vlan), client),
        }
    }

    /// The rack that alone can give a new client the address that it asks for (RFC 2131 §4.3.1,
    /// option 50), because it lies in a block of that rack: it answers first.
    pub(crate) fn only_giver(
        &self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Option<&SystemId> {
        if message.kind != Kind::Discover || self.known(vlan, &message.client) {
            return None;
        }
        let requested = message.options.address(code::REQUESTED_ADDRESS)?;
        let block = self.view.block_around(vlan, requested)?;
        let can_be_given = self.gives_from(block, now)
            && self.is_free_by_promises(requested, &message.client, now);
        let giver = block.rack.as_ref().filter(|_| can_be_given)?;
        self.live_racks(vlan).find(|rack| *rack == giver)
    }

    /// The racks of a link that a region has a session with.
    pub(crate) fn live_racks(&self, vlan: VlanId) -> impl Iterator<Item = &SystemId> {
        let live = |rack: &PeerRack| rack.connected;
        self.view.racks_on(vlan).filter(move |(_, rack)| rack.is_some_and(live)).map(|(id, _)| id)
    }

    fn discover(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if message.options.get(code::SERVER_IDENTIFIER).is_some() {
            return Err(Dropped::Senseless);
        }
        if !self.our_turn(message, arrival.vlan, now) {
            return Err(Dropped::NotOurTurn);
        }
        if self.declines.too_many(message, arrival.vlan, now)
            && self.view.reservations(arrival.vlan, &message.client).is_empty()
        {
            return Err(Dropped::DeclinesTooOften);
        }
        self.may_be_offered(message, arrival.vlan, now)?;
        self.hold_what_is_not_free(now);
        let requested = message.options.address(code::REQUESTED_ADDRESS);
        let chosen = self.choose(arrival.vlan, &message.client, requested, now);
        let Some(ip) = chosen.map(|chosen| chosen.ip) else {
            self.probes.none_left(arrival.vlan, now);
            return Err(Dropped::NoAddress);
        };
        if self.view.binding(ip).is_none_or(|binding| binding.client != message.client)
            && self.offers.of(arrival.vlan, &message.client, now) != Some(ip)
        {
            *self.went.entry(arrival.vlan).or_default() += 1;
            if !self.view.reservations(arrival.vlan, &message.client).contains(&ip) {
                self.probes.offered(arrival.vlan, ip, now);
            }
        }
        if self.commits_rapidly(message, arrival) {
            return self.commit_rapidly(message, arrival, ip, now);
        }
        self.offers.make(arrival.vlan, &message.client, ip, now);
        let lease_ms = self.policy.lease_ms;
        let reply = self.grant_reply(message, arrival, reply::Kind::Offer, ip, lease_ms);
        Ok(vec![self.send(message, arrival, &reply, now.plus_ms(lease_ms))])
    }

    /// What is offered is not free until the offer ends, and what is in use until nobody answers.
    pub(crate) fn hold_what_is_not_free(&mut self, now: Moment) {
        self.offers.forget(now);
        for ip in self.offers.take_changed().into_iter().chain(self.probes.take_changed()) {
            let held = self.offers.holder(ip).is_some() || self.probes.in_use(ip).is_some();
            self.view.set_held(ip, held);
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
        Ok(vec![self.send(message, arrival, &reply, now.plus_ms(self.policy.lease_ms))])
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
            self.rapid.remember(message, arrival.vlan, ip, now);
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
        self.offers.forget(now);
        self.transmissions.forget(now);
        self.limits.forget(now);
        self.queries.forget(now);
        self.rapid.forget(now);
        self.copies.forget(now);
        self.declines.forget(self.policy.decline_ms, now);
        if let Some(clock) = self.clock {
            let (policy, revision) = (self.policy, self.view.revision);
            let earliest = clock.earliest(now);
            self.grants.forget(|grant| grant.over(&policy, earliest, revision));
        }
    }

    /// A reply leaves from the address that was asked, because a relay's or a client's firewall
    /// expects it from there.
    fn send(
        &self,
        message: &Message,
        arrival: &Arrival,
        reply: &Reply,
        send_before: Moment,
    ) -> Output {
        let asked = self.unicast(arrival).then_some(arrival.destination);
        let client = [reply.yiaddr, reply.ciaddr].into_iter().find(|ip| !ip.is_unspecified());
        Output::Send(Sending {
            interface: arrival.interface,
            source: asked.unwrap_or_else(|| self.server_address(arrival, client)),
            destination: destination(message, reply, arrival.source_port),
            kind: reply.kind,
            payload: reply.encode(),
            send_before,
            received_us: arrival.received_us,
        })
    }
}
