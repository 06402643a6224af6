//! Messages that came through relays.

use std::net::Ipv6Addr;

use dhcp::v6::output::{Arrival, Output};
use dhcp::wire::v6::code;
use dhcp::wire::v6::options::Options;
use model::id::{SubnetId, VlanId};
use model::net::vlan::Vlan;

use crate::bench::{Bench, ip, sent, subnet, vlan};
use crate::client::{Client, Reply, option};

const RELAY: &str = "fd00:1::99";
const FAR: VlanId = VlanId(2);

/// A relay's message around another.
fn wrapped(hops: u8, link: &str, peer: Ipv6Addr, options: &[u8], message: &[u8]) -> Vec<u8> {
    let mut packet = vec![12, hops];
    packet.extend(ip(link).octets());
    packet.extend(peer.octets());
    packet.extend(options);
    packet.extend(option(code::RELAY_MESSAGE, message));
    packet
}

/// What a relay gets: hop count, link, peer, options and message.
fn unwrapped(payload: &[u8]) -> (u8, Ipv6Addr, Ipv6Addr, Options<'_>, &[u8]) {
    assert_eq!(payload[0], 13);
    let address = |at: usize| <[u8; 16]>::try_from(&payload[at..at + 16]).unwrap().into();
    let options = Options::parse(&payload[34..]).unwrap();
    let message = options.get(code::RELAY_MESSAGE).unwrap();
    (payload[1], address(2), address(18), options, message)
}

/// A bench that serves a far link, too.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.leases.update(|view| {
        let relayed = Vlan {
            dhcp_on: false,
            primary_rack: None,
            secondary_rack: None,
            relay_vlan: Some(crate::bench::VLAN),
            ..vlan(FAR)
        };
        view.put_vlan(relayed);
        view.put_subnet(subnet(2, FAR, "fd00:2::/64"));
        view.put_reserved(ip("fd00:2::7").into(), Some(crate::bench::mac(7)));
    });
    bench
}

fn handle(bench: &mut Bench, packet: &[u8], source_port: u16) -> Vec<Output> {
    let arrival = Arrival {
        source: ip(RELAY),
        source_port,
        multicast: false,
        ..bench.arrival(&Client::new(1))
    };
    bench.engine.handle(packet, arrival, bench.now).unwrap().1
}

/// V6-20.
#[test]
fn an_answer_goes_back_the_way_that_the_message_came() {
    let mut bench = bench();
    let client = Client::new(7);
    let interface = option(code::INTERFACE_ID, b"port 3");
    let inner = wrapped(0, "fd00:2::1", client.source, &interface, &client.solicit());
    let outer = wrapped(1, "::", ip("fd00:2::1"), &[], &inner);
    let outputs = handle(&mut bench, &outer, 9_999);
    let sending = sent(&outputs)[0];
    assert_eq!((sending.destination, sending.port), (ip(RELAY), 547));
    let (hops, link, peer, options, message) = unwrapped(&sending.payload);
    assert_eq!((hops, link, peer), (1, ip("::"), ip("fd00:2::1")));
    assert!(options.get(code::INTERFACE_ID).is_none());
    let (hops, link, peer, options, message) = unwrapped(message);
    assert_eq!((hops, link, peer), (0, ip("fd00:2::1"), client.source));
    assert_eq!(options.get(code::INTERFACE_ID), Some(&b"port 3"[..]));
    assert_eq!(Reply::read(message).address(), ip("fd00:2::7"));
}

/// V6-20.
#[test]
fn a_relay_that_says_its_port_is_answered_there() {
    let mut bench = bench();
    let client = Client::new(7);
    let port = option(code::RELAY_SOURCE_PORT, &[0, 0]);
    let packet = wrapped(0, "fd00:2::1", client.source, &port, &client.solicit());
    let outputs = handle(&mut bench, &packet, 9_999);
    let sending = sent(&outputs)[0];
    assert_eq!(sending.port, 9_999);
    let (_, _, _, options, _) = unwrapped(&sending.payload);
    assert_eq!(options.get(code::RELAY_SOURCE_PORT), Some(&[0, 0][..]));
}

/// V6-21.
#[test]
fn the_relay_nearest_to_the_client_says_its_link_and_one_without_an_address_is_on_the_own() {
    let mut bench = bench();
    let client = Client::new(7);
    let far = wrapped(0, "fd00:2::1", client.source, &[], &client.solicit());
    let far = wrapped(1, "fd00:1::5", ip("fd00:2::1"), &[], &far);
    let outputs = handle(&mut bench, &far, 547);
    let (_, _, _, _, inner) = unwrapped(&sent(&outputs)[0].payload);
    let (_, _, _, _, message) = unwrapped(inner);
    assert_eq!(Reply::read(message).address(), ip("fd00:2::7"));
    let near = wrapped(0, "::", client.source, &[], &client.solicit());
    let outputs = handle(&mut bench, &near, 547);
    let (_, _, _, _, message) = unwrapped(&sent(&outputs)[0].payload);
    let address = Reply::read(message).address();
    assert!(bench.engine.leases.view().subnet_of(address).unwrap().1.id == SubnetId(1));
}

/// V6-20.
#[test]
fn eight_relays_are_answered_through_and_their_client_is_known_by_what_the_first_heard() {
    let mut bench = bench();
    let client = Client { duid: vec![0, 4, 9, 9], ..Client::new(1) };
    let heard = option(code::CLIENT_LINK_LAYER_ADDRESS, &[0, 1, 0x52, 0x54, 0, 0, 0, 7]);
    let mut packet = wrapped(0, "fd00:2::1", client.source, &heard, &client.solicit());
    for hops in 1..8 {
        packet = wrapped(hops, "::", ip("fd00:2::1"), &[], &packet);
    }
    let outputs = handle(&mut bench, &packet, 547);
    let mut message = &sent(&outputs)[0].payload[..];
    for hops in (0..8).rev() {
        let unwrapped = unwrapped(message);
        assert_eq!(unwrapped.0, hops);
        message = unwrapped.4;
    }
    assert_eq!(Reply::read(message).address(), ip("fd00:2::7"), "kept for its hardware address");
}
