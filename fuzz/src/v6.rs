//! The target *v6*: conversations of few clients over `DHCPv6` with two racks, while time passes, regions come and go
//! and packets are changed at random. Whatever happens, replies can be read, go back the way the message came, and
//! no two clients may use one address, or one delegated prefix, at a time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use dhcp::leases::OwnRack;
use dhcp::leases::commit::{CommitRequest, Outcome};
use dhcp::leases::family::Family;
use dhcp::leases::view::{PeerRack, View};
use dhcp::v6::engine::{Engine, server_id};
use dhcp::v6::output::{Arrival, Output, Sending};
use dhcp::wire::v6::code;
use dhcp::wire::v6::message::Message;
use dhcp::wire::v6::options::Options;
use model::id::{BlockId, FabricId, IpRangeId, PrefixPoolId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::lease::clock::{Moment, RegionClock};
use model::lease::cut::Span;
use model::lease::grant::Applicant;
use model::lease::policy::Policy;
use model::net::prefix::Prefix;
use model::net::prefixpool::PrefixPool;
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use model::time::Timestamp;

use crate::draws::Draws;
use crate::region::Region;

const STEPS: usize = 250;
const CLIENTS: usize = 7;
const VLAN: VlanId = VlanId(1);
/// From retransmissions to the ends of leases, promises and blocks.
const PAUSES_MS: [u64; 9] = [1, 1_000, 4_000, 20_000, 61_000, 300_000, 600_000, 900_000, 1_300_000];
/// Region time at the moment 0 of the racks' clocks.
const EPOCH_MS: u64 = 1_000_000_000;

/// A client's association: what it is for, its client and its number.
type Holder = (u16, Vec<u8>, u32);
/// The length of prefixes that are delegated. An address is one of 128 bits here.
const DELEGATED: u8 = 56;
const ADDRESS: u8 = 128;

struct Rack {
    id: SystemId,
    incarnation: u64,
    engine: Engine,
    reachable: bool,
    open: Vec<Asked>,
}

/// What a region is asked to commit.
enum Asked {
    Address(CommitRequest<Ipv6Addr>),
    Prefix(CommitRequest<Prefix>),
}

struct World {
    racks: Vec<Rack>,
    region: Region<Ipv6Addr>,
    delegating: Region<Prefix>,
    now_ms: u64,
    /// Who was told that it may use an address or a prefix, and until when.
    told: BTreeMap<Prefix, (Holder, u64)>,
    /// What each association was told last.
    has: BTreeMap<Holder, Prefix>,
    xid: u8,
    written: bool,
}

/// One conversation, written down if it is to be read.
pub(crate) fn run(draws: &mut Draws, written: bool) {
    let mut world = World::new(written);
    for _ in 0..STEPS {
        let rack = draws.below(2);
        match draws.below(100) {
            0..=54 => world.say(draws),
            55..=72 => world.decide(rack, draws),
            73..=80 => world.pass(draws),
            81..=89 => world.synchronize(rack),
            90..=94 => world.grant(rack),
            95..=96 => world.racks[rack].reachable = false,
            97..=98 => world.racks[rack].reachable = true,
            _ => world.restart(rack),
        }
    }
}

fn ip(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, last)
}

/// The prefixes of the pool, of which racks have eight.
fn prefix(number: u16) -> Prefix {
    let network = Ipv6Addr::new(0xfd00, 0xa, 0, number << 8, 0, 0, 0, 0);
    Prefix::around(network, DELEGATED).expect("a length of IPv6")
}

fn block_of_prefixes(number: u32) -> Block {
    let first = u16::try_from(number).unwrap_or_default() * 4;
    Block {
        iprange: IpRangeId(0),
        prefix_length: Some(DELEGATED),
        first: IpAddr::V6(prefix(first).network()),
        last: IpAddr::V6(prefix(first + 3).last_address()),
        ..block(number)
    }
}

fn block(number: u32) -> Block {
    let first = 0x100 + u16::try_from(number).unwrap_or_default() * 4;
    Block {
        id: BlockId(number),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VLAN,
        first: IpAddr::V6(ip(first)),
        last: IpAddr::V6(ip(first + 3)),
        rack: None,
        incarnation: 0,
        epoch: 0,
        granted_at: Timestamp::default(),
        valid_until: Timestamp::default(),
        quarantine_until: Timestamp::default(),
    }
}

impl World {
    fn new(written: bool) -> Self {
        let mut region = Region::default();
        region.blocks.extend([0, 1].map(|number| (BlockId(number), block(number))));
        let mut delegating = Region::default();
        let blocks = [0, 1].map(|number| (BlockId(number), block_of_prefixes(number)));
        delegating.blocks.extend(blocks);
        let racks = [1, 2].map(|number| {
            let id = SystemId::from_number(number);
            let incarnation = number * 100;
            let engine = engine(&id, incarnation);
            Rack { id, incarnation, engine, reachable: true, open: Vec::new() }
        });
        let mut world = Self {
            racks: racks.into(),
            region,
            delegating,
            now_ms: 0,
            told: BTreeMap::new(),
            has: BTreeMap::new(),
            xid: 0,
            written,
        };
        for rack in 0..2 {
            let (id, incarnation) = (world.racks[rack].id.clone(), world.racks[rack].incarnation);
            let (number, time) =
                (BlockId(u32::try_from(rack).unwrap_or_default()), world.region_time());
            grant_one(&mut world.region, number, (&id, incarnation), time);
            grant_one(&mut world.delegating, number, (&id, incarnation), time);
        }
        (0..2).for_each(|rack| world.synchronize(rack));
        world
    }

    fn region_time(&self) -> Timestamp {
        Timestamp::from_unix_ms(EPOCH_MS + self.now_ms)
    }

    fn pass(&mut self, draws: &mut Draws) {
        self.now_ms += draws.pick(&PAUSES_MS);
        for rack in 0..2 {
            if draws.percent(60) {
                self.grant(rack);
                self.synchronize(rack);
            }
            self.set_clock(rack);
            let now = Moment::from_ms(self.now_ms);
            let outputs = self.racks[rack].engine.tick(now);
            self.carry_out(rack, outputs, None);
        }
    }

    fn set_clock(&mut self, rack: usize) {
        let (now, time) = (Moment::from_ms(self.now_ms), self.region_time());
        let Rack { engine, reachable, .. } = &mut self.racks[rack];
        engine.leases.set_clock(RegionClock::between(now, time, time));
        engine.leases.set_reachable(*reachable);
        engine.prefixes.set_clock(RegionClock::between(now, time, time));
        engine.prefixes.set_reachable(*reachable);
    }

    fn grant(&mut self, rack: usize) {
        if self.racks[rack].reachable {
            let (id, incarnation) = (self.racks[rack].id.clone(), self.racks[rack].incarnation);
            self.region.grant(&id, incarnation, self.region_time());
            self.delegating.grant(&id, incarnation, self.region_time());
        }
    }

    /// The rack's copy is what the region holds.
    fn synchronize(&mut self, rack: usize) {
        let Rack { engine, reachable, .. } = &mut self.racks[rack];
        if !*reachable {
            return;
        }
        engine.leases.update(|view| show(view, &self.region));
        engine.prefixes.update(|view| show(view, &self.delegating));
    }

    /// The rack's process is another one, which knows nothing.
    fn restart(&mut self, rack: usize) {
        let Rack { id, incarnation, engine: own, open, .. } = &mut self.racks[rack];
        *incarnation += 1;
        *own = engine(id, *incarnation);
        open.clear();
        self.synchronize(rack);
    }

    /// A region decides what a rack asks, or its answer is lost.
    fn decide(&mut self, rack: usize, draws: &mut Draws) {
        if self.racks[rack].open.is_empty() {
            return;
        }
        let place = draws.below(self.racks[rack].open.len());
        let request = self.racks[rack].open.swap_remove(place);
        let time = self.region_time();
        let Rack { id, incarnation, reachable, .. } = &self.racks[rack];
        let applicant = Applicant { rack: id, incarnation: *incarnation };
        let mut outcome = Outcome::Unknown;
        if *reachable {
            outcome = match &request {
                Asked::Address(request) => self.region.commit(&applicant, request, time),
                Asked::Prefix(request) => self.delegating.commit(&applicant, request, time),
            };
        }
        if draws.percent(10) {
            outcome = Outcome::Unknown;
        }
        self.set_clock(rack);
        let now = Moment::from_ms(self.now_ms);
        let id = match &request {
            Asked::Address(request) => request.request_id,
            Asked::Prefix(request) => request.request_id,
        };
        let outputs = self.racks[rack].engine.committed(id, outcome, now);
        self.carry_out(rack, outputs, None);
    }

    /// A client sends a packet, and one or both racks hear it.
    fn say(&mut self, draws: &mut Draws) {
        let number = u8::try_from(draws.below(CLIENTS)).unwrap_or_default();
        let duid = vec![0, 3, 0, 1, 2, 0, 0, 0, 0, number];
        let kind = *draws.pick(&[1, 1, 1, 3, 3, 3, 4, 5, 5, 6, 8, 9, 11]);
        self.xid = self.xid.wrapping_add(u8::from(!draws.percent(20)));
        let mut packet = vec![kind, 0, 0, self.xid];
        packet.extend(option(code::CLIENT_ID, &duid));
        if matches!(kind, 3 | 5 | 8 | 9) || draws.percent(3) {
            packet.extend(option(code::SERVER_ID, &server_id("cluster")));
        }
        if draws.percent(20) {
            packet.extend(option(code::RAPID_COMMIT, &[]));
        }
        for id in 0..u32::try_from(1 + draws.below(2)).unwrap_or(1) {
            if kind != 11 && draws.percent(85) {
                packet.extend(self.association((code::IA_NA, duid.clone(), id), kind, draws));
            }
            if kind != 11 && draws.percent(40) {
                packet.extend(self.association((code::IA_PD, duid.clone(), id), kind, draws));
            }
        }
        packet.extend(option(code::OPTION_REQUEST, &[0, 23, 0, 24, 0, 39, 0, 56, 0, 59]));
        let relays = draws.below(10).saturating_sub(6);
        for hops in 0..relays {
            packet = relayed(u8::try_from(hops).unwrap_or_default(), &packet, draws);
        }
        if draws.percent(12) {
            change(&mut packet, draws);
        }
        for rack in 0..2 {
            if draws.percent(85) {
                self.deliver(rack, &packet, number);
            }
        }
    }

    /// An association with what it has; one that gives it up does not use it any more. A prefix is not declined.
    fn association(&mut self, holder: Holder, kind: u8, draws: &mut Draws) -> Vec<u8> {
        let is_address = holder.0 == code::IA_NA;
        let mut has: Vec<Prefix> = self.has.get(&holder).copied().into_iter().collect();
        if draws.percent(10) {
            let any = u16::from(draws.byte() % 10);
            has.push(if is_address { as_prefix(ip(0x100 + any)) } else { prefix(any) });
        }
        if !is_address && draws.percent(10) {
            has.extend(Prefix::around(Ipv6Addr::UNSPECIFIED, draws.byte() % 65));
        }
        let mut value = [&holder.2.to_be_bytes()[..], &[0; 8]].concat();
        for one in &has {
            let octets = one.network().octets();
            value.extend(if is_address {
                option(code::IA_ADDRESS, &[&octets[..], &[0; 8]].concat())
            } else {
                option(code::IA_PREFIX, &[&[0; 8][..], &[one.length()], &octets].concat())
            });
            let gives_up = kind == 8 || (kind == 9 && is_address);
            if gives_up && self.told.get(one).is_some_and(|(own, _)| *own == holder) {
                self.told.remove(one);
                self.has.remove(&holder);
            }
        }
        option(holder.0, &value)
    }

    fn deliver(&mut self, rack: usize, packet: &[u8], client: u8) {
        let arrival = Arrival {
            vlan: VLAN,
            interface: 3,
            server: ip(1),
            source: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, client.into()),
            source_port: 546,
            multicast: true,
            received_us: 0,
        };
        self.set_clock(rack);
        let now = Moment::from_ms(self.now_ms);
        let handled = self.racks[rack].engine.handle(packet, arrival, now);
        if self.written {
            eprintln!("{} rack {rack}: {packet:02x?}: {handled:?}", self.now_ms);
        }
        if let Ok((_, outputs)) = handled {
            let message = Message::parse(packet).ok();
            self.carry_out(rack, outputs, message.as_ref());
        }
    }

    fn carry_out(&mut self, rack: usize, outputs: Vec<Output>, asked: Option<&Message>) {
        for output in outputs {
            match output {
                Output::Send(sending) => self.check(&sending, asked),
                Output::Commit(request) => self.racks[rack].open.push(Asked::Address(request)),
                Output::Delegate(request) => self.racks[rack].open.push(Asked::Prefix(request)),
                Output::Report(_) => {}
            }
        }
    }

    /// A reply is one, and gives nobody what another may use.
    fn check(&mut self, sending: &Sending, asked: Option<&Message>) {
        let mut bytes = &sending.payload[..];
        let mut relays = 0;
        while bytes[0] == 13 {
            relays += 1;
            let options = Options::parse(&bytes[34..]).expect("a relay's options");
            bytes = options.get(code::RELAY_MESSAGE).expect("a relay's message");
        }
        assert!(asked.is_none_or(|asked| asked.relays.len() == relays), "{relays} relays");
        assert!(matches!(bytes[0], 2 | 7), "{} is no server's message", bytes[0]);
        let options = Options::parse(&bytes[4..]).expect("a server's options");
        let duid = options.get(code::CLIENT_ID).unwrap_or_default().to_vec();
        assert!(options.get(code::SERVER_ID).is_some());
        if bytes[0] == 7 {
            for (of, value) in options.iter() {
                if matches!(of, code::IA_NA | code::IA_PD) {
                    self.take(of, &duid, value);
                }
            }
        }
    }

    /// An association takes what it is told.
    fn take(&mut self, of: u16, duid: &[u8], value: &[u8]) {
        let holder = (of, duid.to_vec(), number(value, 0));
        let options = Options::parse(&value[12..]).expect("an association's options");
        for (kind, value) in options.iter() {
            let (ip, seconds) = match kind {
                code::IA_ADDRESS => (as_prefix(address(value, 0)), number(value, 20)),
                code::IA_PREFIX => {
                    let given = Prefix::around(address(value, 9), value[8]).expect("a prefix");
                    (given, number(value, 4))
                }
                _ => continue,
            };
            assert_eq!(kind == code::IA_ADDRESS, of == code::IA_NA, "{ip} in option {of}");
            let other =
                self.told.get(&ip).filter(|(own, until)| *own != holder && *until > self.now_ms);
            if seconds == 0 {
                if self.told.get(&ip).is_some_and(|(own, _)| *own == holder) {
                    self.told.remove(&ip);
                }
                continue;
            }
            assert!(
                other.is_none(),
                "{ip} is given to {holder:02x?} while {other:02x?} may use it"
            );
            let until = self.now_ms + u64::from(seconds) * 1_000;
            self.told.insert(ip, (holder.clone(), until));
            self.has.insert(holder.clone(), ip);
        }
    }
}

/// Grants a process one block alone.
fn grant_one<A: Family>(
    region: &mut Region<A>,
    number: BlockId,
    (rack, incarnation): (&SystemId, u64),
    time: Timestamp,
) {
    let kept = region.blocks.clone();
    region.blocks.retain(|id, _| *id == number);
    region.grant(rack, incarnation, time);
    let granted = std::mem::replace(&mut region.blocks, kept);
    region.blocks.extend(granted);
}

/// A view is what a region holds.
fn show<A: Family>(view: &mut View<A>, region: &Region<A>) {
    view.revision = region.revision;
    region.blocks.values().for_each(|block| view.put_block(block.clone()));
    region.bindings.values().for_each(|binding| view.put_binding(binding.clone()));
}

fn as_prefix(ip: Ipv6Addr) -> Prefix {
    Prefix::around(ip, ADDRESS).expect("a length of IPv6")
}

fn number(value: &[u8], at: usize) -> u32 {
    let bytes = value.get(at..at + 4).and_then(<[u8]>::first_chunk::<4>);
    u32::from_be_bytes(bytes.copied().unwrap_or_default())
}

fn address(value: &[u8], at: usize) -> Ipv6Addr {
    let octets = value.get(at..).and_then(<[u8]>::first_chunk::<16>).expect("an address");
    Ipv6Addr::from(*octets)
}

fn engine(rack: &SystemId, incarnation: u64) -> Engine {
    let own = OwnRack { rack: rack.clone(), incarnation, serves_time: true };
    let mut engine = Engine::new(own, Policy::default(), server_id("cluster"));
    let vlan = Vlan {
        dhcp_on: true,
        primary_rack: Some(SystemId::from_number(1)),
        secondary_rack: Some(SystemId::from_number(2)),
        ..Vlan::untagged(VLAN, FabricId(1))
    };
    let cidr = ipnet::IpNet::new(IpAddr::V6(ip(0)), 64).expect("a prefix");
    engine.prefixes.update(|view| {
        view.put_vlan(vlan.clone());
        view.put_subnet(Subnet::new(SubnetId(1), VLAN, cidr));
        view.put_pool(&PrefixPool {
            id: PrefixPoolId(1),
            prefix: ipnet::Ipv6Net::new(prefix(0).network(), 48).expect("a prefix"),
            delegated_length: DELEGATED,
            subnet: SubnetId(1),
            comment: String::new(),
        });
    });
    engine.leases.update(|view| {
        view.put_vlan(vlan);
        view.put_subnet(Subnet::new(SubnetId(1), VLAN, cidr));
        view.put_range(IpRangeId(1), Some(Span { first: ip(0x100), last: ip(0x1ff) }));
        for number in [1, 2] {
            let addresses = vec![ipnet::IpNet::new(IpAddr::V6(ip(number)), 64).expect("one")];
            let id = SystemId::from_number(number.into());
            view.put_rack(id, PeerRack { connected: true, addresses });
        }
    });
    engine
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    [&code.to_be_bytes()[..], &len.to_be_bytes(), value].concat()
}

fn relayed(hops: u8, message: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut packet = vec![12, hops];
    let link = if draws.percent(50) { ip(1) } else { Ipv6Addr::UNSPECIFIED };
    packet.extend(link.octets());
    packet.extend(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9).octets());
    packet.extend(option(code::INTERFACE_ID, &[hops]));
    packet.extend(option(code::RELAY_MESSAGE, message));
    packet
}

fn change(packet: &mut Vec<u8>, draws: &mut Draws) {
    for _ in 0..=draws.below(4) {
        let at = draws.below(packet.len() + 1);
        match draws.below(5) {
            0..=2 => {
                let with = draws.byte();
                if let Some(byte) = packet.get_mut(at) {
                    *byte = if draws.percent(50) { with } else { with % 40 };
                }
            }
            3 => packet.truncate(at),
            _ => {
                let some: Vec<u8> = (0..draws.below(12)).map(|_| draws.byte() % 40).collect();
                packet.splice(at..at, some);
            }
        }
    }
}
