//! DHCPLEASEQUERY (RFC 4388).

use std::net::{IpAddr, Ipv4Addr};

use dhcp::queue::Class;
use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::view::{Host, HostInterface, View};
use dhcp::wire::lease_query::LeaseQuery;
use dhcp::wire::message::MessageError;
use dhcp::wire::reply::Kind;
use model::id::{SubnetId, SystemId, VlanId};
use model::lease::binding::{Binding, BindingState};
use model::lease::clock::RegionClock;

use crate::bench::{Bench, Client, VLAN, mac, rack, raw_option, sending, subnet, vlan};

/// The gateway of the subnet.
const RELAY: [u8; 4] = [10, 0, 0, 1];
/// The client's addresses.
const HELD: [u8; 4] = [10, 0, 0, 100];

/// A query as a relay writes it.
#[derive(Debug, Clone)]
struct Query {
    giaddr: [u8; 4],
    ciaddr: [u8; 4],
    hardware: Option<[u8; 6]>,
    options: Vec<u8>,
}

impl Query {
    fn nothing() -> Self {
        Self { giaddr: RELAY, ciaddr: [0; 4], hardware: None, options: Vec::new() }
    }

    fn address(ciaddr: [u8; 4]) -> Self {
        Self { ciaddr, ..Self::nothing() }
    }

    fn client(last: u8) -> Self {
        Self { hardware: Some(mac(last).0), ..Self::nothing() }
    }

    fn identifier(identifier: &[u8]) -> Self {
        Self::nothing().with(61, identifier)
    }

    fn with(mut self, code: u8, value: &[u8]) -> Self {
        self.options.extend([code, u8::try_from(value.len()).unwrap()]);
        self.options.extend(value);
        self
    }

    fn packet(&self) -> Vec<u8> {
        let mut packet = vec![0; 236];
        packet[0] = 1;
        packet[4..8].copy_from_slice(&[1, 2, 3, 4]);
        packet[12..16].copy_from_slice(&self.ciaddr);
        packet[24..28].copy_from_slice(&self.giaddr);
        if let Some(hardware) = self.hardware {
            packet[1..3].copy_from_slice(&[1, 6]);
            packet[28..34].copy_from_slice(&hardware);
        }
        packet.extend([99, 130, 83, 99, 53, 1, 10]);
        packet.extend(&self.options);
        packet.push(255);
        packet
    }
}

/// A server where client 1 has 10.0.0.100.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let binding = bound(&bench, HELD, 1, 600_000);
    bench.engine.update(|view| view.put_binding(binding));
    bench
}

fn bound(bench: &Bench, ip: [u8; 4], client: u8, told_ms: u64) -> Binding {
    let told_until = bench.region_time().plus_ms(told_ms);
    Binding {
        ip: IpAddr::from(ip),
        subnet: SubnetId(1),
        vlan: VLAN,
        client: mac(client).into(),
        hardware: None,
        prefix_length: None,
        state: BindingState::Active,
        hostname: None,
        told_until,
        promise_until: told_until.plus_ms(600_000),
        rack: rack(1),
    }
}

fn pass_ms(bench: &mut Bench, ms: u64) {
    bench.pass_ms(ms);
    let now = bench.region_time();
    bench.engine.set_clock(RegionClock::between(bench.now, now, now));
}

/// What a relay is answered: kind, ciaddr, and the packet.
#[track_caller]
fn asked(bench: &mut Bench, query: &Query) -> (Kind, Ipv4Addr, Vec<u8>) {
    let arrival = bench.unicast();
    let outputs = bench.handle_at(&query.packet(), arrival).unwrap();
    let sending = sending(&outputs);
    assert_eq!(sending.destination, Destination::Relay { ip: query.giaddr.into(), port: 67 });
    assert_eq!(sending.source, arrival.destination);
    let packet = sending.payload.clone();
    assert_eq!(packet[4..8], [1, 2, 3, 4], "the transaction id");
    assert_eq!(packet[24..28], query.giaddr, "giaddr");
    assert_eq!(packet[16..20], [0; 4], "nobody gets an address");
    let ciaddr = <[u8; 4]>::try_from(&packet[12..16]).unwrap();
    (sending.kind, Ipv4Addr::from(ciaddr), packet)
}

fn seconds(packet: &[u8], code: u8) -> Option<u32> {
    let (_, value) = raw_option(packet, code)?;
    Some(u32::from_be_bytes(value.try_into().unwrap()))
}

/// RFC 4388.
#[test]
fn a_query_is_about_one_address_or_client() {
    assert!(LeaseQuery::parse(&Query::address(HELD).packet()).is_some());
    assert!(LeaseQuery::parse(&Query::client(1).packet()).is_some());
    assert!(LeaseQuery::parse(&Query::identifier(&[0, 1]).packet()).is_some());
    let both = Query { ciaddr: HELD, ..Query::client(1) };
    for wrong in [Query::nothing(), both, Query::address(HELD).with(61, &[0, 1])] {
        assert_eq!(LeaseQuery::parse(&wrong.packet()), None);
    }
    let mut reply = Query::address(HELD).packet();
    reply[0] = 2;
    assert_eq!(LeaseQuery::parse(&reply), None);
    assert_eq!(LeaseQuery::parse(&Client::new(1).discover()), None);
    // What is neither a message of a client nor a query is what it was before.
    let dropped = bench().handle(&reply);
    assert_eq!(dropped, Err(Dropped::Malformed(MessageError::NotARequest { op: 2 })));
}

/// RFC 4388.
#[test]
fn by_address_active_unassigned_or_unknown() {
    let mut bench = bench();
    let (kind, ciaddr, packet) = asked(&mut bench, &Query::address(HELD));
    assert_eq!((kind, ciaddr), (Kind::LeaseActive, HELD.into()));
    assert_eq!((packet[1], packet[2], &packet[28..34]), (1, 6, &mac(1).0[..]));
    let (kind, ciaddr, packet) = asked(&mut bench, &Query::address([10, 0, 0, 101]));
    assert_eq!((kind, ciaddr), (Kind::LeaseUnassigned, [10, 0, 0, 101].into()));
    assert_eq!((packet[1], packet[2], &packet[28..34]), (0, 0, &[0; 6][..]), "no client");
    assert_eq!(raw_option(&packet, 51), None);
    let (kind, ciaddr, _) = asked(&mut bench, &Query::address([192, 0, 2, 1]));
    assert_eq!((kind, ciaddr), (Kind::LeaseUnknown, [192, 0, 2, 1].into()));
    // A lease that is over is none, although the address is kept for its client.
    pass_ms(&mut bench, 600_000);
    assert_eq!(asked(&mut bench, &Query::address(HELD)).0, Kind::LeaseUnassigned);
}

/// RFC 4388.
#[test]
fn by_hardware_address_or_identifier() {
    let mut bench = bench();
    for query in [Query::client(1), Query::identifier(&[&[1][..], &mac(1).0].concat())] {
        let (kind, ciaddr, packet) = asked(&mut bench, &query);
        assert_eq!((kind, ciaddr), (Kind::LeaseActive, HELD.into()));
        assert_eq!(packet[28..34], mac(1).0);
        assert_eq!(raw_option(&packet, 92), None, "it has one address");
    }
    for query in [Query::client(2), Query::identifier(&[255, 1, 2, 3])] {
        let (kind, ciaddr, _) = asked(&mut bench, &query);
        assert_eq!((kind, ciaddr), (Kind::LeaseUnknown, Ipv4Addr::UNSPECIFIED));
    }
}

/// RFC 4388.
#[test]
fn of_several_leases_the_last_is_told_and_all_are_listed() {
    let mut bench = bench();
    pass_ms(&mut bench, 60_000);
    let later = bound(&bench, [10, 5, 0, 7], 1, 600_000);
    bench.engine.update(|view| {
        view.put_vlan(vlan(VlanId(2), Some(VLAN)));
        view.put_subnet(subnet(2, VlanId(2), "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_binding(Binding { subnet: SubnetId(2), vlan: VlanId(2), ..later });
    });
    let (kind, ciaddr, packet) = asked(&mut bench, &Query::client(1));
    assert_eq!((kind, ciaddr), (Kind::LeaseActive, [10, 5, 0, 7].into()));
    assert_eq!(raw_option(&packet, 92).unwrap().1, [10, 5, 0, 7, 10, 0, 0, 100]);
    let (_, _, packet) = asked(&mut bench, &Query::address(HELD));
    assert_eq!(raw_option(&packet, 92), None, "that was not asked");
}

/// RFC 4388.
#[test]
fn options_are_those_that_were_asked_for() {
    let mut bench = bench();
    pass_ms(&mut bench, 200_000);
    let (_, _, packet) = asked(&mut bench, &Query::address(HELD).with(55, &[51, 91, 92]));
    assert_eq!(seconds(&packet, 51), Some(400), "what is left");
    assert_eq!(seconds(&packet, 91), Some(200), "since it was written down");
    assert_eq!(raw_option(&packet, 54).unwrap().1, [10, 0, 0, 2], "always");
    let with_relay = Query::address(HELD).with(55, &[92]).with(82, &[1, 1, 7]);
    let (_, _, packet) = asked(&mut bench, &with_relay);
    assert_eq!((raw_option(&packet, 51), raw_option(&packet, 91)), (None, None));
    assert_eq!(raw_option(&packet, 82).unwrap().1, [1, 1, 7], "the relay's own");
}

/// Addresses that are kept for a client are its own without an end: a relay that drops what has no lease must
/// not cut machines off that have a fixed address.
/// RFC 4388.
#[test]
fn kept_addresses_are_active_without_an_end() {
    let mut bench = bench();
    let interface =
        HostInterface { mac: mac(7), vlan: Some(VLAN), addresses: vec![[10, 0, 0, 30].into()] };
    let host =
        Host { hostname: "web-1".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view: &mut View| {
        view.put_host(&SystemId::from_number(9), host);
        view.put_reserved(IpAddr::from([10, 0, 0, 31]), Some(mac(8)));
        view.put_reserved(IpAddr::from([10, 0, 0, 32]), None);
    });
    for (last, client) in [(30, 7), (31, 8)] {
        let (kind, _, packet) = asked(&mut bench, &Query::address([10, 0, 0, last]));
        assert_eq!((kind, &packet[28..34]), (Kind::LeaseActive, &mac(client).0[..]));
        assert_eq!(seconds(&packet, 51), Some(u32::MAX));
        assert_eq!(seconds(&packet, 91), None);
        assert_eq!(asked(&mut bench, &Query::client(client)).1, Ipv4Addr::new(10, 0, 0, last));
    }
    assert_eq!(asked(&mut bench, &Query::address([10, 0, 0, 32])).0, Kind::LeaseUnassigned);
}

/// RFC 4388.
#[test]
fn only_relays_of_served_subnets_are_answered() {
    let mut bench = bench();
    let unicast = bench.unicast();
    let from = |giaddr| Query { giaddr, ..Query::address(HELD) };
    let untrusted = Err(Dropped::UntrustedRelay);
    for giaddr in [[0; 4], [10, 0, 0, 50], [192, 0, 2, 1]] {
        assert_eq!(bench.handle_at(&from(giaddr).packet(), unicast), untrusted, "{giaddr:?}");
    }
    let broadcast = bench.arrival();
    assert_eq!(bench.handle_at(&from(RELAY).packet(), broadcast), untrusted, "not sent to us");
    bench.engine.update(|view| {
        view.put_vlan(vlan(VlanId(2), Some(VLAN)));
        view.put_subnet(subnet(2, VlanId(2), "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_vlan(model::net::vlan::Vlan { dhcp_on: false, ..vlan(VlanId(3), None) });
        view.put_subnet(subnet(3, VlanId(3), "10.6.0.0/24", [10, 6, 0, 1]));
    });
    assert_eq!(asked(&mut bench, &from([10, 5, 0, 1])).0, Kind::LeaseActive, "relayed to us");
    assert_eq!(bench.handle_at(&from([10, 6, 0, 1]).packet(), unicast), untrusted, "not served");
    let unserved = Query::address([10, 6, 0, 9]);
    assert_eq!(asked(&mut bench, &unserved).0, Kind::LeaseUnknown, "its leases are not here");
}

/// RFC 4388.
#[test]
fn a_relay_asks_so_often_and_clients_come_first() {
    let mut bench = bench();
    let (packet, arrival) = (Query::address(HELD).packet(), bench.unicast());
    let answered = |bench: &mut Bench| {
        (0..1_000).take_while(|_| bench.handle_at(&packet, arrival).is_ok()).count()
    };
    assert_eq!(answered(&mut bench), 200);
    assert_eq!(bench.handle_at(&packet, arrival), Err(Dropped::QueriesTooOften));
    bench.pass_ms(500);
    assert_eq!(answered(&mut bench), 100, "one comes back in 5 ms");
    let ticket = bench.engine.ticket(&packet, &arrival, bench.now).unwrap();
    assert_eq!(ticket.class, Class::New);
    let stranger = Query { giaddr: [192, 0, 2, 1], ..Query::address(HELD) }.packet();
    let ticket = bench.engine.ticket(&stranger, &arrival, bench.now);
    assert_eq!(ticket.err(), Some(Dropped::UntrustedRelay), "it takes nobody's place");
}

/// A rack that knows no time says nothing of leases.
/// RFC 4388.
#[test]
fn nothing_is_said_without_a_clock() {
    let own = dhcp::v4::engine::OwnRack { rack: rack(1), incarnation: 7, serves_time: true };
    let mut bench = bench();
    let view = bench.engine.view().clone();
    bench.engine = dhcp::v4::engine::Engine::new(own, model::lease::policy::Policy::default());
    bench.engine.update(|own| *own = view);
    let arrival = bench.unicast();
    let answer = bench.handle_at(&Query::address(HELD).packet(), arrival);
    assert_eq!(answer, Err(Dropped::NotKnown));
}

proptest::proptest! {
    /// Whatever a packet says, it is read or not, and never more.
    #[test]
    fn no_query_panics(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let _ = LeaseQuery::parse(&tail);
        let mut query = Query::address(HELD);
        query.options = tail;
        let packet = query.packet();
        let mut bench = bench();
        let arrival = bench.unicast();
        let _ = bench.handle_at(&packet, arrival);
    }
}
