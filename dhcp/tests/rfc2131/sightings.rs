//! One hardware address at two places at once (C-02).

use std::net::Ipv4Addr;

use dhcp::leases::sharing::rank;
use dhcp::v4::sightings::HeardTwice;
use dhcp::v4::view::PeerRack;
use model::id::VlanId;

use crate::bench::{Bench, Client, VLAN, rack, subnet, vlan};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);

/// A link behind a relay, besides the rack's own.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_vlan(vlan(VlanId(2), Some(VLAN)));
        view.put_subnet(subnet(2, VlanId(2), "10.5.0.0/24", [10, 5, 0, 1]));
    });
    bench
}

/// What is told after each of these messages, one every so often.
fn told(bench: &mut Bench, messages: &[Client], pause_ms: u64) -> Vec<Option<HeardTwice>> {
    let told = messages.iter().map(|client| {
        bench.pass_ms(pause_ms);
        // Whether it is answered does not matter.
        let _ = bench.handle(&client.discover());
        let mut found = bench.engine.take_heard_twice();
        assert!(found.len() <= 1, "{found:?}");
        found.pop()
    });
    told.collect()
}

fn behind(circuit: &[u8], xid: u32) -> Client {
    let suboptions = [&[1, u8::try_from(circuit.len()).unwrap()], circuit].concat();
    Client { xid, giaddr: RELAY, ..Client::new(1) }.with(82, &suboptions)
}

fn with_uuid(uuid: [u8; 16], xid: u32) -> Client {
    Client { xid, ..Client::new(1) }.with(97, &[&[0][..], &uuid].concat())
}

fn places(told: &[Option<HeardTwice>]) -> Vec<Option<[String; 2]>> {
    let places = |it: &HeardTwice| it.places.each_ref().map(ToString::to_string);
    told.iter().map(|it| it.as_ref().map(places)).collect()
}

/// C-02.
#[test]
fn one_hardware_address_behind_two_ports_in_turns_is_told_once_an_hour() {
    let mut bench = bench();
    let (a, b) = (|xid| behind(b"Eth1/3", xid), |xid| behind(&[0, 4, 7], xid));
    let both = [a(1), b(2), a(3), b(4), a(5), b(6)];
    let found = told(&mut bench, &both, 60_000);
    assert_eq!(found.iter().flatten().count(), 1);
    let first = found[3].clone().expect("after it was at each of them twice");
    assert_eq!((first.vlan, first.mac), (VlanId(2), a(0).mac));
    let told_of = places(&[Some(first)]);
    let want = ["circuit Eth1/3 of relay 10.5.0.1", "circuit 0x000407 of relay 10.5.0.1"];
    assert_eq!(told_of, [Some(want.map(str::to_owned))]);
    assert_eq!(told(&mut bench, &both, 60_000).iter().flatten().count(), 0);
    bench.pass_ms(3_600_000);
    assert_eq!(told(&mut bench, &both, 60_000).iter().flatten().count(), 1);
}

/// C-02.
#[test]
fn who_moves_and_comes_back_is_one() {
    let (a, b, c) = (|xid| behind(b"1", xid), |xid| behind(b"2", xid), |xid| behind(b"3", xid));
    let moved = [a(1), a(2), b(3), b(4), a(5), a(6), c(7), a(8), b(9), c(10)];
    assert_eq!(told(&mut bench(), &moved, 5_000), vec![None; 10]);
    let slowly = [a(1), b(2), a(3), b(4), a(5), b(6)];
    assert_eq!(told(&mut bench(), &slowly, 601_000), vec![None; 6]);
}

/// C-02.
#[test]
fn two_relays_that_pass_on_the_same_client_are_no_two_places() {
    let mut bench = bench();
    let other = Ipv4Addr::new(10, 5, 0, 2);
    let through = |giaddr, xid| Client { giaddr, ..behind(b"1", xid) };
    let pairs = (1..20).flat_map(|xid| [through(RELAY, xid), through(other, xid)]);
    let told = told(&mut bench, &pairs.collect::<Vec<_>>(), 1_000);
    assert_eq!(told.iter().flatten().count(), 0);
}

/// C-02.
#[test]
fn two_machines_with_one_hardware_address_are_known_by_their_uuids() {
    let (one, other) = ([1; 15], [2; 15]);
    let uuid = |rest: [u8; 15]| {
        let mut uuid = [0xaa; 16];
        uuid[1..].copy_from_slice(&rest);
        uuid
    };
    let [a, b] = [one, other].map(uuid);
    let both = [with_uuid(a, 1), with_uuid(b, 2), with_uuid(a, 3), with_uuid(b, 4)];
    let told_of = places(&told(&mut bench(), &both, 30_000));
    let want = [
        "a machine with UUID 010101aa-0101-0101-0101-010101010101",
        "a machine with UUID 020202aa-0202-0202-0202-020202020202",
    ];
    assert_eq!(told_of, [None, None, None, Some(want.map(str::to_owned))]);
    let (firmware, ipxe) = (
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
    );
    let boots = [firmware, ipxe, firmware, ipxe, [0; 16], [255; 16], [0; 16], [255; 16]];
    let boots: Vec<Client> =
        boots.into_iter().zip(1..).map(|(it, xid)| with_uuid(it, xid)).collect();
    let told = told(&mut bench(), &boots, 30_000);
    assert_eq!(told.iter().flatten().count(), 0, "one machine, in the byte order of each program");
}

/// C-02.
#[test]
fn two_transactions_that_alternate_within_seconds_are_two_clients() {
    let say = |xid| Client { xid, ..Client::new(1) };
    let both = [say(1), say(2), say(1), say(2)];
    let want = ["transaction 0x00000001", "transaction 0x00000002"].map(str::to_owned);
    assert_eq!(places(&told(&mut bench(), &both, 1_000))[3], Some(want));
    assert_eq!(
        told(&mut bench(), &both, 30_000),
        vec![None; 4],
        "a boot that fails again and again"
    );
    let one_after_another = [say(1), say(1), say(2), say(2), say(3), say(3), say(4)];
    assert_eq!(told(&mut bench(), &one_after_another, 500), vec![None; 7]);
}

/// C-02.
#[test]
fn of_two_racks_one_tells() {
    let both = [1, 2, 1, 2].map(|xid| Client { xid, ..Client::new(1) });
    for number in 0..=40 {
        let mut bench = bench();
        let addresses = Vec::new();
        bench.engine.update(|view| view.put_rack(rack(2), PeerRack { connected: true, addresses }));
        let mac = crate::bench::mac(number);
        let both = both.clone().map(|client| Client { mac, ..client });
        let told = told(&mut bench, &both, 1_000).iter().flatten().count();
        let first = rank(&rack(1), &[rack(1), rack(2)], &mac.into()) == 0;
        assert_eq!(told, usize::from(first), "{mac}");
    }
}

/// C-02.
#[test]
fn a_flood_of_hardware_addresses_is_told_of_so_often_and_no_more() {
    let mut bench = bench();
    for number in 0..=255 {
        for xid in [1, 2, 1, 2] {
            let _ = bench.handle(&Client { xid, ..Client::new(number) }.discover());
        }
    }
    assert_eq!(bench.engine.take_heard_twice().len(), 64, "until they are taken");
    assert_eq!(bench.engine.take_heard_twice(), []);
}
