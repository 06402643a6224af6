//! Two racks with two links, a region, and clients that say anything: what the target *engine* runs.
//!
//! The racks hear of the region's changes when the case says so, and their commits are decided late,
//! twice or without an answer. Racks are cut off and restarted.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::answer::Destination;
use dhcp::v4::engine::{Engine, OwnRack};
use dhcp::v4::output::{Arrival, CommitRequest, Outcome, Output, Sending};
use dhcp::v4::probes::{Answer, Finding, Probe};
use dhcp::v4::view::{PeerRack, View};
use dhcp::wire::message::{self, Message};
use dhcp::wire::reply::Kind;
use model::id::{BlockId, FabricId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::lease::client::ClientId;
use model::lease::clock::{Moment, RegionClock};
use model::lease::grant::Applicant;
use model::lease::policy::Policy;
use model::mac::MacAddress;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;

use crate::draws::Draws;
use crate::operators::Operators;
use crate::region::Region;
use crate::replies;

/// Region time at the start.
const EPOCH_MS: u64 = 1_000_000_000;
/// The link that the racks are on, and the one that is relayed to it.
pub(crate) const NEAR: VlanId = VlanId(1);
const FAR: VlanId = VlanId(2);
/// The relay of the far link, which is its gateway.
pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);
/// An address of a block that is reserved, and its client.
const RESERVED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 101);

/// A client; there are few, so that they meet.
pub(crate) fn mac(number: u8) -> MacAddress {
    MacAddress([0x52, 0x54, 0, 0, 0, number])
}

/// A client by its number: every third is on InfiniBand.
pub(crate) fn client(number: u8) -> ClientId {
    if number.is_multiple_of(3) {
        ClientId::Identifier([255, 0, 0, 0, number].into())
    } else {
        mac(number).into()
    }
}

/// A rack process.
#[derive(Debug)]
pub(crate) struct Rack {
    pub(crate) id: SystemId,
    pub(crate) address: Ipv4Addr,
    pub(crate) engine: Engine,
    incarnation: u64,
    reachable: bool,
}

impl Rack {
    fn new(number: u8, incarnation: u64) -> Self {
        let id = SystemId::from_number(u64::from(number));
        let own = OwnRack { rack: id.clone(), incarnation, serves_time: true };
        let address = Ipv4Addr::new(10, 0, 0, 1 + number);
        let mut engine = Engine::new(own, Policy::default());
        engine.set_addresses([address]);
        engine.set_reachable(true);
        Self { id, address, engine, incarnation, reachable: true }
    }
}

/// A request that the region has not decided yet.
#[derive(Debug)]
struct UnderWay {
    rack: usize,
    incarnation: u64,
    request: CommitRequest,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) racks: Vec<Rack>,
    region: Region,
    under_way: Vec<UnderWay>,
    /// Who was told that it may use an address, and until when.
    holders: BTreeMap<Ipv4Addr, (ClientId, Moment)>,
    /// What each client was offered last, and by whom.
    pub(crate) offered: BTreeMap<ClientId, (Ipv4Addr, Ipv4Addr)>,
    pub(crate) operators: Operators,
    told: BTreeMap<Kind, usize>,
    changes_of_hands: usize,
    /// How often a rack found that somebody uses a free address, and two clients with one hardware address.
    findings: [usize; 2],
    /// Whether what happens is written to standard error.
    pub(crate) written: bool,
}

impl World {
    /// Both racks have their blocks, and nobody has an address.
    pub(crate) fn new() -> Self {
        Self::of([Rack::new(1, 11), Rack::new(2, 21)])
    }

    /// Two processes that are one rack: what must never be.
    #[cfg(test)]
    pub(crate) fn of_twins() -> Self {
        Self::of([Rack::new(1, 11), Rack::new(1, 11)])
    }

    /// How often an address was offered, acknowledged and refused, told to a relay, and got another holder;
    /// and the findings.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> [usize; 7] {
        let [in_use, twice] = self.findings;
        [
            self.told[&Kind::Offer],
            self.told[&Kind::Ack],
            self.told[&Kind::Nak],
            self.told[&Kind::LeaseActive],
            self.changes_of_hands,
            in_use,
            twice,
        ]
    }

    fn of(racks: [Rack; 2]) -> Self {
        let mut region = Region::default();
        region.reserved.insert(RESERVED, mac(1));
        let pairs = [(NEAR, [10, 0, 0, 100]), (NEAR, [10, 0, 0, 102]), (FAR, [10, 5, 0, 100])];
        for (number, (vlan, first)) in (1..).zip(pairs) {
            region.blocks.insert(BlockId(number), block(number, vlan, first));
        }
        let mut world = Self {
            now: Moment::from_ms(0),
            racks: racks.into(),
            region,
            under_way: Vec::new(),
            holders: BTreeMap::new(),
            offered: BTreeMap::new(),
            operators: Operators::default(),
            told: [Kind::Offer, Kind::Ack, Kind::Nak, Kind::LeaseActive]
                .map(|kind| (kind, 0))
                .into(),
            changes_of_hands: 0,
            findings: [0; 2],
            written: false,
        };
        for rack in [0, 1] {
            world.synchronize(rack);
            world.grant(rack);
        }
        world
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_unix_ms(EPOCH_MS + self.now.ms)
    }

    /// What the addresses of clients may be.
    pub(crate) fn holds(&self, client: &ClientId) -> Option<Ipv4Addr> {
        self.holders.iter().find(|(_, (holder, _))| holder == client).map(|(ip, _)| *ip)
    }

    /// Writes down what happens, if it is to be read.
    fn note(&self, what: impl FnOnce() -> String) {
        if self.written {
            // Nobody reads it if it cannot be written.
            drop(writeln!(std::io::stderr(), "{:>9} ms  {}", self.now.ms, what()));
        }
    }

    /// A rack hears a packet.
    pub(crate) fn deliver(&mut self, rack: usize, packet: &[u8], arrival: Arrival) {
        let handled = self.racks[rack].engine.handle(packet, arrival, self.now);
        self.note(|| {
            let outcome = handled.as_ref().map(|_| "ok").map_err(ToString::to_string);
            format!("rack {rack} hears {:?}: {outcome:?}", Message::parse(packet))
        });
        self.findings[1] += self.racks[rack].engine.take_heard_twice().len();
        let Ok((kind, outputs)) = handled else { return };
        let request = Message::parse(packet).ok();
        assert_eq!(request.as_ref().map_or("leasequery", |request| request.kind.name()), kind);
        self.carry_out(rack, request.as_ref(), outputs);
    }

    /// A client says that it does not use an address any more, whoever hears it.
    pub(crate) fn give_up(&mut self, packet: &[u8]) {
        let Ok(message) = Message::parse(packet) else { return };
        let ip = match message.kind {
            message::Kind::Release => Some(message.ciaddr),
            message::Kind::Decline => message.options.address(50),
            message::Kind::Discover | message::Kind::Request | message::Kind::Inform => None,
        };
        if let Some(ip) = ip
            && self.holders.get(&ip).is_some_and(|(holder, _)| *holder == message.client)
        {
            self.holders.remove(&ip);
        }
    }

    /// Time passes, and the racks notice.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.note(|| format!("{ms} ms pass"));
        self.now = self.now.plus_ms(ms);
        for rack in 0..self.racks.len() {
            let outputs = self.racks[rack].engine.tick(self.now);
            self.carry_out(rack, None, outputs);
        }
    }

    /// The region decides one of the requests; the rack hears of it if it is told.
    pub(crate) fn decide(&mut self, which: usize, told: bool) {
        if self.under_way.is_empty() {
            return;
        }
        let UnderWay { rack, incarnation, request } =
            self.under_way.swap_remove(which % self.under_way.len());
        let id = self.racks[rack].id.clone();
        let applicant = Applicant { rack: &id, incarnation };
        let outcome = self.region.commit(&applicant, &request, self.time());
        self.note(|| format!("the region decides {request:?}: {outcome:?}, told {told}"));
        let outcome = if told { outcome } else { Outcome::Unknown };
        self.answer(rack, incarnation, request.request_id, outcome);
    }

    /// A request is lost before the region hears it.
    pub(crate) fn lose(&mut self, which: usize) {
        if !self.under_way.is_empty() {
            let lost = self.under_way.swap_remove(which % self.under_way.len());
            self.note(|| format!("lost: {:?}", lost.request));
            self.answer(lost.rack, lost.incarnation, lost.request.request_id, Outcome::Unknown);
        }
    }

    fn answer(&mut self, rack: usize, incarnation: u64, id: [u8; 16], outcome: Outcome) {
        if self.racks[rack].incarnation == incarnation {
            let outputs = self.racks[rack].engine.committed(id, outcome, self.now);
            self.carry_out(rack, None, outputs);
        }
    }

    /// A rack that reaches the region gets its copy up to date.
    pub(crate) fn synchronize(&mut self, rack: usize) {
        let time = self.time();
        self.note(|| format!("rack {rack} hears of revision {}", self.region.revision));
        let (region, now) = (&self.region, self.now);
        let rack = &mut self.racks[rack];
        if rack.reachable {
            rack.engine.set_clock(RegionClock::between(now, time, time));
            rack.engine.update(|view| copy(view, region));
            self.operators.tell(&mut rack.engine);
        }
    }

    /// A rack that reaches the region gets the blocks that it may have.
    pub(crate) fn grant(&mut self, rack: usize) {
        let time = self.time();
        if self.racks[rack].reachable {
            let Rack { id, incarnation, .. } = &self.racks[rack];
            self.region.grant(id, *incarnation, time);
            self.note(|| format!("rack {rack} gets blocks: {:?}", self.region.blocks));
            self.synchronize(rack);
        }
    }

    /// A rack loses the region, or finds it again.
    pub(crate) fn reach(&mut self, rack: usize, reachable: bool) {
        self.note(|| format!("rack {rack} reaches the region: {reachable}"));
        self.racks[rack].reachable = reachable;
        self.racks[rack].engine.set_reachable(reachable);
    }

    /// A rack starts anew, and remembers nothing.
    pub(crate) fn restart(&mut self, rack: usize) {
        self.note(|| format!("rack {rack} starts anew"));
        let number = u8::try_from(rack + 1).unwrap_or(u8::MAX);
        self.racks[rack] = Rack::new(number, self.racks[rack].incarnation + 1);
        self.synchronize(rack);
    }

    /// A rack asks whether anybody uses addresses, and somebody answers now and then.
    pub(crate) fn probe(&mut self, rack: usize, draws: &mut Draws) {
        let (now, engine) = (self.now, &mut self.racks[rack].engine);
        let mut probes = engine.probe(now);
        probes.extend(engine.take_probes());
        for Probe { vlan, ip } in probes {
            if !draws.percent(5) {
                continue;
            }
            // A host of nobody's, or one of the clients.
            let mac = mac(*draws.pick(&[200, 201, 1, 2, 4, 5]));
            let answer =
                if vlan == NEAR { Answer::Arp { vlan, ip, mac } } else { Answer::Echo { ip } };
            let found = self.racks[rack].engine.answered(answer, now);
            self.note(|| format!("rack {rack} asks for {ip}: {answer:?}: {found:?}"));
            self.findings[0] += usize::from(found.is_some());
            if let Some(Finding::InUse(conflict) | Finding::AnswersForMany(conflict)) = found {
                self.check_address(conflict.ip, &client(200));
            }
        }
    }

    fn carry_out(&mut self, rack: usize, request: Option<&Message>, outputs: Vec<Output>) {
        let incarnation = self.racks[rack].incarnation;
        for output in outputs {
            match output {
                Output::Send(sending) => self.sent(rack, request, &sending),
                Output::Commit(request) => {
                    self.under_way.push(UnderWay { rack, incarnation, request });
                }
                Output::Report(_) => {}
            }
        }
    }

    fn sent(&mut self, rack: usize, request: Option<&Message>, sending: &Sending) {
        assert!(sending.send_before >= self.now, "it may be sent");
        let reply = &sending.payload;
        let options = replies::options(reply);
        if let Some(request) = request {
            replies::check(request, reply);
            let relayed = request.kind != message::Kind::Inform || request.ciaddr.is_unspecified();
            let echo = request.options.get(82).filter(|_| relayed);
            assert_eq!(options.get(82), echo, "option 82 is echoed");
        }
        *self.told.entry(sending.kind).or_default() += 1;
        let kind = request.map(|request| request.kind);
        let ip = Ipv4Addr::from(<[u8; 4]>::try_from(&reply[16..20]).unwrap_or_default());
        let client = replies::client(reply);
        self.note(|| {
            let told = options.number_u32(51).unwrap_or_default();
            format!("rack {rack} sends {:?} {ip} for {told} s to {client}", sending.kind)
        });
        match sending.kind {
            Kind::Offer => {
                assert_eq!(
                    kind,
                    Some(message::Kind::Discover),
                    "only a DISCOVER is offered anything"
                );
                self.check_address(ip, &client);
                self.offered.insert(client, (ip, self.racks[rack].address));
            }
            Kind::LeaseUnassigned | Kind::LeaseUnknown | Kind::LeaseActive => {
                let is_gateway = |ip: Ipv4Addr| ip == RELAY || ip == Ipv4Addr::new(10, 0, 0, 1);
                let destination = sending.destination;
                assert!(
                    matches!(destination, Destination::Relay { ip, port: 67 } if is_gateway(ip)),
                    "only relays of the site are told: {destination:?}"
                );
                assert!(ip.is_unspecified(), "an answer to a relay gives nobody an address");
                assert_eq!(kind, None, "no client is answered so");
            }
            Kind::Nak => {
                assert!(ip.is_unspecified(), "a refusal has no address");
                assert!(kind.is_none_or(|kind| kind == message::Kind::Request), "{kind:?} refused");
            }
            Kind::Ack if ip.is_unspecified() => assert_eq!(kind, Some(message::Kind::Inform)),
            Kind::Ack => {
                self.check_address(ip, &client);
                let told = options.number_u32(51).unwrap_or_default();
                assert!(u64::from(told) * 1_000 <= Policy::default().lease_ms, "{told} s");
                self.hold(ip, client, self.now.plus_ms(u64::from(told) * 1_000));
            }
        }
    }

    /// The one thing that all the rest is for.
    fn hold(&mut self, ip: Ipv4Addr, client: ClientId, until: Moment) {
        let holder = self.holders.get(&ip).filter(|(_, until)| *until > self.now);
        if let Some((holder, until)) = holder {
            let left = until.since_ms(self.now);
            assert_eq!(
                *holder, client,
                "{ip} is {holder}'s for {left} ms more, and was given to {client}"
            );
        }
        let other = |(own, _): &(ClientId, Moment)| *own != client;
        self.changes_of_hands += usize::from(self.holders.get(&ip).is_some_and(other));
        let until = holder.map_or(until, |(_, own)| until.max(*own));
        self.holders.insert(ip, (client, until));
    }

    fn check_address(&self, ip: Ipv4Addr, client: &ClientId) {
        let known =
            [[10, 0, 0], [10, 5, 0]].contains(&[ip.octets()[0], ip.octets()[1], ip.octets()[2]]);
        assert!(known && (4..=254).contains(&ip.octets()[3]), "{ip} is no client's address");
        let reserved = self.region.reserved.get(&ip).is_none_or(|own| Some(*own) == client.mac());
        assert!(reserved, "{ip} is reserved, and was given to {client}");
    }
}

/// Makes a view equal to what the region holds.
fn copy(view: &mut View, region: &Region) {
    view.revision = region.revision;
    if view.vlan(NEAR).is_none() {
        view.domain = Some("example.com".to_owned());
        for (vlan, relay) in [(NEAR, None), (FAR, Some(NEAR))] {
            view.put_vlan(link(vlan, relay));
        }
        view.put_subnet(subnet(1, NEAR, [10, 0, 0]));
        view.put_subnet(subnet(2, FAR, [10, 5, 0]));
        for number in [1, 2] {
            let address = ipnet::Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 1 + number), 24);
            let addresses = address.into_iter().map(Into::into).collect();
            let peer = PeerRack { connected: true, addresses };
            view.put_rack(SystemId::from_number(u64::from(number)), peer);
        }
        for (ip, mac) in &region.reserved {
            view.put_reserved(IpAddr::V4(*ip), Some(*mac));
        }
    }
    for block in region.blocks.values() {
        view.put_block(block.clone());
    }
    for binding in region.bindings.values() {
        view.put_binding(binding.clone());
    }
}

fn link(id: VlanId, relay_vlan: Option<VlanId>) -> Vlan {
    let direct = relay_vlan.is_none();
    Vlan {
        dhcp_on: direct,
        primary_rack: direct.then(|| SystemId::from_number(1)),
        secondary_rack: direct.then(|| SystemId::from_number(2)),
        relay_vlan,
        ..Vlan::untagged(id, FabricId(1))
    }
}

fn subnet(id: u32, vlan: VlanId, [a, b, c]: [u8; 3]) -> Subnet {
    let net = ipnet::Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), 24);
    Subnet {
        name: net.to_string(),
        gateway_ip: Some(IpAddr::from([a, b, c, 1])),
        dns_servers: vec![IpAddr::from([9, 9, 9, 9])],
        rdns_mode: ReverseDns::Enabled,
        ..Subnet::new(SubnetId(id), vlan, net.into())
    }
}

/// A block of two addresses that nobody has yet.
fn block(id: u32, vlan: VlanId, [a, b, c, d]: [u8; 4]) -> Block {
    Block {
        id: BlockId(id),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(vlan.0),
        vlan,
        first: IpAddr::from([a, b, c, d]),
        last: IpAddr::from([a, b, c, d + 1]),
        rack: None,
        incarnation: 0,
        epoch: 0,
        granted_at: Timestamp::default(),
        valid_until: Timestamp::default(),
        quarantine_until: Timestamp::default(),
    }
}
