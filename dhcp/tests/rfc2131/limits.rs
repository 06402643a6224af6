//! Clients that nobody knows: how often they are answered, and how many behind one port (C-11).

use std::net::{IpAddr, Ipv4Addr};

use dhcp::leases::sharing::rank;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::view::{Host, HostInterface, PeerRack};
use model::id::VlanId;
use model::lease::block::Block;
use model::mac::MacAddress;

use crate::bench::{Bench, Client, VLAN, block, block_of, rack, requested, sent, subnet, vlan};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);
/// The other rack.
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 3);
/// What the clients of a circuit get at one time, and until when an offer and a lease are kept.
const IN_CIRCUIT: u32 = 64;
const OFFER_MS: u64 = 60_000;
const KEPT_MS: u64 = 1_200_000;

/// A relayed link with 4,096 addresses.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let relayed = VlanId(2);
    bench.engine.update(|view| {
        view.put_vlan(vlan(relayed, Some(VLAN)));
        view.put_subnet(subnet(2, relayed, "10.5.0.0/16", [10, 5, 0, 1]));
        view.put_block(Block {
            valid_until: block(90_000_000).valid_until,
            ..block_of(2, relayed, [[10, 5, 16, 0], [10, 5, 31, 255]])
        });
    });
    bench
}

/// A client that nobody knows, behind the relay.
fn stranger(number: u32) -> Client {
    let [_, a, b, c] = number.to_be_bytes();
    let mac = MacAddress([0x02, 0, 0, a, b, c]);
    Client { mac, xid: number, giaddr: RELAY, ..Client::new(1) }
}

fn behind(circuit: &[u8], number: u32) -> Client {
    let suboptions = [&[1, u8::try_from(circuit.len()).unwrap()], circuit].concat();
    stranger(number).with(82, &suboptions)
}

/// As many as may be have an address behind port 1, and the relay has another port.
fn full(bench: &mut Bench) {
    bench.offered(&behind(b"port 2", 0));
    for number in 1..=IN_CIRCUIT {
        bench.bound(&behind(b"port 1", number));
    }
}

/// C-11.
#[test]
fn an_unknown_client_that_asks_without_end_is_answered_now_and_then() {
    let mut bench = Bench::new();
    let answered = |bench: &mut Bench, times: u32, pause_ms| {
        let asks = (0..times).filter(|xid| {
            bench.pass_ms(pause_ms);
            let client = Client { xid: *xid, ..Client::new(1) };
            match bench.handle(&client.discover()) {
                Ok(_) => true,
                Err(dropped) => {
                    assert_eq!(dropped, Dropped::AsksTooOften);
                    false
                }
            }
        });
        asks.count()
    };
    assert_eq!(answered(&mut bench, 1_000, 0), 10);
    assert_eq!(answered(&mut bench, 1_000, 10), 10, "one in a second");
    assert_eq!(answered(&mut bench, 100, 1_000), 100, "as often as clients ask");
}

/// C-11.
#[test]
fn the_flood_of_one_client_does_not_limit_another_or_its_own_name_at_another_port() {
    let mut bench = bench();
    for _ in 0..100 {
        let _ = bench.handle(&behind(b"port 1", 1).discover());
    }
    assert_eq!(bench.handle(&behind(b"port 1", 1).discover()), Err(Dropped::AsksTooOften));
    bench.offered(&behind(b"port 1", 2));
    bench.offered(&behind(b"port 2", 1));
}

/// C-11.
#[test]
fn unknown_clients_behind_one_port_get_so_many_addresses_and_no_more() {
    let mut bench = bench();
    full(&mut bench);
    for number in 1_000..2_000 {
        let refused = bench.handle(&behind(b"port 1", number).discover());
        assert_eq!(refused, Err(Dropped::CircuitFull));
        let unasked = behind(b"port 1", number).select(Ipv4Addr::new(10, 5, 17, 1));
        assert_eq!(bench.handle(&unasked), Err(Dropped::CircuitFull), "nor without an offer");
    }
    bench.offered(&behind(b"port 2", 3_000));
    bench.offered(&stranger(3_001));
}

/// Another rack of the link, which lives; the clients that it answers first.
fn with_another_rack(bench: &mut Bench) -> impl Fn(&Client) -> bool + use<> {
    let addresses = vec!["10.0.0.3/24".parse().unwrap()];
    bench.engine.update(|view| view.put_rack(rack(2), PeerRack { connected: true, addresses }));
    |client| {
        let racks = [rack(1), rack(2)];
        rank(&rack(1), &racks, &client.mac.into()) > 0
    }
}

/// C-11.
#[test]
fn what_clients_of_a_port_get_of_another_rack_counts_too() {
    let mut bench = bench();
    let of_the_other = with_another_rack(&mut bench);
    bench.offered(&behind(b"port 2", 0));
    let theirs: Vec<Client> =
        (1..).map(|number| behind(b"port 1", number)).filter(&of_the_other).take(70).collect();
    let ours = (1_000..).map(|number| behind(b"port 1", number));
    let ours: Vec<Client> = ours.filter(|client| !of_the_other(client)).take(3).collect();
    let heard = usize::try_from(IN_CIRCUIT).unwrap() - 1;
    for client in &theirs[..heard] {
        assert_eq!(bench.handle(&client.discover()), Err(Dropped::NotOurTurn));
    }
    bench.bound(&ours[0]);
    assert_eq!(bench.handle(&ours[1].discover()), Err(Dropped::CircuitFull));
    assert_eq!(bench.handle(&theirs[heard].discover()), Err(Dropped::CircuitFull));
    // Only some of them take what the other rack offered.
    for (client, number) in theirs[..heard - 1].iter().zip(10..) {
        let taken = client.select_of(Ipv4Addr::new(10, 5, 20, number), OTHER);
        assert_eq!(bench.handle(&taken), Err(Dropped::AnotherServer));
    }
    bench.pass_ms(OFFER_MS + 1);
    bench.bound(&ours[1]);
    assert_eq!(bench.handle(&ours[2].discover()), Err(Dropped::CircuitFull));
    bench.pass_ms(KEPT_MS + 1);
    bench.bound(&ours[2]);
}

/// C-11.
#[test]
fn what_a_client_takes_of_a_stranger_takes_no_place_behind_its_port() {
    let mut bench = bench();
    bench.offered(&behind(b"port 2", 0));
    for number in 1..=2 * IN_CIRCUIT {
        let taken = behind(b"port 1", number).select_of(Ipv4Addr::new(10, 5, 20, 1), OTHER);
        assert_eq!(bench.handle(&taken), Err(Dropped::AnotherServer));
    }
    bench.bound(&behind(b"port 1", 1_000));
}

/// C-11.
#[test]
fn a_client_that_asks_without_end_is_limited_by_the_racks_together() {
    let mut bench = Bench::new();
    let of_the_other = with_another_rack(&mut bench);
    let client = (1..).map(stranger).find(|client| of_the_other(client)).unwrap();
    let client = Client { giaddr: Ipv4Addr::UNSPECIFIED, ..client };
    let answered = (0..1_000)
        .filter(|xid| bench.handle(&Client { xid: *xid, ..client.clone() }.discover()).is_ok());
    assert_eq!(answered.count(), 9, "the other rack alone answered the first of ten");
}

/// C-11.
#[test]
fn clients_behind_a_full_port_that_are_known_are_answered() {
    let mut bench = bench();
    let client = behind(b"port 1", 5_000);
    let ip = bench.bound(&client);
    full_but_one(&mut bench);
    for _ in 0..100 {
        assert_eq!(bench.offered(&client), ip, "however often it asks");
    }
    let machine = behind(b"port 1", 5_001);
    let interface = HostInterface { mac: machine.mac, vlan: None, addresses: vec![] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&rack(77), host));
    bench.bound(&machine);
    let reserved = behind(b"port 1", 5_002);
    let own = IpAddr::from([10, 5, 0, 50]);
    bench.engine.update(|view| view.put_reserved(own, Some(reserved.mac)));
    assert_eq!(IpAddr::from(bench.offered(&reserved)), own);
    bench.pass_ms(300_000);
    let renewal = requested(&bench.handle(&client.renew(ip)).unwrap());
    assert_eq!(sent(&bench.commit(&renewal)).1.yiaddr(), ip);
}

/// Like [`full`], with one client there already.
fn full_but_one(bench: &mut Bench) {
    bench.offered(&behind(b"port 2", 0));
    for number in 2..=IN_CIRCUIT {
        bench.bound(&behind(b"port 1", number));
    }
    let refused = bench.handle(&behind(b"port 1", 9_000).discover());
    assert_eq!(refused, Err(Dropped::CircuitFull));
}

/// C-11.
#[test]
fn a_place_behind_a_port_is_free_when_the_address_is() {
    let mut bench = bench();
    bench.offered(&behind(b"port 2", 0));
    for number in 1..=IN_CIRCUIT {
        bench.offered(&behind(b"port 1", number));
    }
    let next = behind(b"port 1", 100);
    assert_eq!(bench.handle(&next.discover()), Err(Dropped::CircuitFull));
    bench.pass_ms(OFFER_MS + 1);
    let ip = bench.bound(&next);
    for number in 200..200 + IN_CIRCUIT - 1 {
        bench.bound(&behind(b"port 1", number));
    }
    bench.pass_ms(KEPT_MS + 1);
    let other = behind(b"port 1", 300);
    assert_eq!(bench.handle(&other.discover()), Err(Dropped::CircuitFull), "bindings stand");
    bench.engine.update(|view| view.remove_binding(ip.into()));
    bench.bound(&other);
}

/// C-11.
#[test]
fn a_machine_leaves_its_place_to_the_next_unknown_client() {
    let mut bench = bench();
    full(&mut bench);
    let machine = behind(b"port 1", 1);
    let interface = HostInterface { mac: machine.mac, vlan: None, addresses: vec![] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&rack(77), host));
    bench.pass_ms(KEPT_MS + 1);
    bench.bound(&behind(b"port 1", 100));
    assert_eq!(bench.handle(&behind(b"port 1", 101).discover()), Err(Dropped::CircuitFull));
}

/// C-11.
#[test]
fn a_relay_that_names_one_circuit_for_all_its_clients_limits_none() {
    let mut bench = bench();
    for number in 0..1_000 {
        bench.offered(&behind(b"vlan 100", number));
    }
}

/// C-11.
#[test]
fn thousands_of_new_clients_in_a_second_through_one_relay_are_answered() {
    let mut bench = bench();
    for number in 0..3_000 {
        bench.bound(&stranger(number));
    }
}
