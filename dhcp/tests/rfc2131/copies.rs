//! Two interfaces of the rack on one link (C-18).

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::{Arrival, Output};
use dhcp::v4::view::PeerRack;
use dhcproto::v4::MessageType;

use crate::bench::{Bench, Client, SERVER, kind_of, rack, requested, sending};

/// What comes in at the rack's second interface on the link.
fn second(bench: &Bench) -> Arrival {
    Arrival { interface: 4, server: Ipv4Addr::new(10, 0, 0, 3), ..bench.arrival() }
}

/// A packet that both interfaces hear, the given one first.
fn heard(bench: &mut Bench, packet: &[u8], first: Arrival, then: Arrival) -> Vec<Output> {
    let outputs = bench.handle_at(packet, first).unwrap();
    bench.pass_ms(3);
    assert_eq!(bench.handle_at(packet, then), Err(Dropped::Copy));
    outputs
}

/// C-18.
#[test]
fn a_message_that_two_interfaces_hear_is_answered_once_at_the_first() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let (one, two) = (bench.arrival(), second(&bench));
    let offer = heard(&mut bench, &client.discover(), one, two);
    assert_eq!(sending(&offer).interface, 3);
    let ip = bench.offered(&client);
    let request = requested(&heard(&mut bench, &client.select_of(ip, SERVER), one, two));
    let outputs = bench.commit(&request);
    assert_eq!((kind_of(&outputs), sending(&outputs).interface), (MessageType::Ack, 3));
    bench.pass_ms(1_000);
    let outputs = heard(&mut bench, &Client { xid: 2, ..client }.reboot(ip), two, one);
    assert_eq!((kind_of(&outputs), sending(&outputs).interface), (MessageType::Ack, 4));
}

/// C-18.
#[test]
fn a_repetition_is_answered_whichever_interface_hears_it_first() {
    let mut bench = Bench::new();
    let (one, two) = (bench.arrival(), second(&bench));
    for (first, then) in [(one, two), (two, one), (one, two)] {
        heard(&mut bench, &Client::new(1).discover(), first, then);
        bench.pass_ms(1_000);
    }
    bench.handle_at(&Client::new(1).discover(), one).unwrap();
    bench.pass_ms(100);
    bench.handle_at(&Client::new(1).discover(), one).expect("a repetition at one interface");
}

/// C-18.
#[test]
fn a_copy_does_not_make_a_rack_speak_before_its_turn() {
    let mut bench = Bench::new();
    let peer = PeerRack { connected: true, addresses: Vec::new() };
    bench.engine.update(|view| view.put_rack(rack(2), peer));
    let (one, two) = (bench.arrival(), second(&bench));
    let mut theirs = 0;
    for client in (0..=255).map(Client::new) {
        if bench.handle_at(&client.discover(), one) == Err(Dropped::NotOurTurn) {
            theirs += 1;
            assert_eq!(bench.handle_at(&client.discover(), two), Err(Dropped::Copy));
        }
    }
    assert!(theirs > 64, "{theirs} clients of the other rack");
}

/// C-18.
#[test]
fn two_relays_on_one_link_are_both_answered() {
    let mut bench = Bench::new();
    let (one, two) = (bench.unicast(), Arrival { interface: 4, ..bench.unicast() });
    let through = |last| Client { giaddr: Ipv4Addr::new(10, 0, 0, last), ..Client::new(1) };
    let first = bench.handle_at(&through(8).discover(), one).unwrap();
    let second = bench.handle_at(&through(9).discover(), two).unwrap();
    assert_eq!(crate::bench::sent(&first).1.yiaddr(), crate::bench::sent(&second).1.yiaddr());
}
