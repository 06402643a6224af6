//! Relayed clients: RFC 1542, RFC 3046, RFC 3527, RFC 5107, RFC 8357.

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcp::v4::engine::{Arrival, Dropped};
use dhcproto::v4::MessageType;
use model::id::{BlockId, SubnetId, VlanId};
use model::lease::block::Block;

use crate::bench::{Bench, Client, VLAN, block, kind_of, raw_option, sent, subnet, vlan};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);
/// Sub-options out of order, one twice: what a server must echo byte for byte.
const OPTION_82: [u8; 12] = [2, 2, 7, 7, 1, 2, 1, 1, 1, 2, 2, 2];

fn bench() -> Bench {
    let mut bench = Bench::new();
    let relayed = VlanId(2);
    bench.engine.update(|view| {
        view.put_vlan(vlan(relayed, Some(VLAN)));
        view.put_subnet(subnet(2, relayed, "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_block(Block {
            id: BlockId(2),
            vlan: relayed,
            subnet: SubnetId(2),
            first: [10, 5, 0, 100].into(),
            last: [10, 5, 0, 103].into(),
            ..block(900_000)
        });
    });
    bench
}

#[test]
fn a_relayed_client_gets_an_address_of_its_own_link_through_its_relay() {
    let mut bench = bench();
    let client = Client { giaddr: RELAY, ..Client::new(1) }.with(82, &OPTION_82);
    let outputs = bench.handle(&client.discover()).unwrap();
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Relay { ip: RELAY, port: 67 });
    assert_eq!(reply.yiaddr().octets()[..3], [10, 5, 0]);
    assert_eq!(reply.giaddr(), RELAY);
    let (at, value) = raw_option(&bytes, 82).unwrap();
    assert_eq!(value, OPTION_82);
    assert_eq!(bytes[at + 2 + OPTION_82.len()], 255, "option 82 is the last one");
}

#[test]
fn a_nak_through_a_relay_is_to_be_broadcast_there() {
    let mut bench = bench();
    let client = Client { giaddr: RELAY, ..Client::new(1) }.with(82, &OPTION_82);
    let outputs = bench.handle(&client.reboot(Ipv4Addr::new(10, 0, 0, 100))).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Relay { ip: RELAY, port: 67 });
    assert!(reply.flags().broadcast());
    assert_eq!(raw_option(&bytes, 82).unwrap().1, OPTION_82);
}

#[test]
fn link_selection_and_server_override_and_source_port_are_followed() {
    let mut bench = bench();
    let relay_options = [5, 4, 10, 5, 0, 0, 11, 4, 10, 5, 0, 1, 19, 0];
    let client = Client { giaddr: Ipv4Addr::new(172, 16, 0, 1), ..Client::new(1) };
    let client = client.with(82, &relay_options);
    let arrival = Arrival { source_port: 4_067, unicast: true, ..bench.arrival() };
    let outputs = bench.handle_at(&client.discover(), arrival).unwrap();
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Relay { ip: Ipv4Addr::new(172, 16, 0, 1), port: 4_067 });
    assert_eq!(reply.yiaddr().octets()[..3], [10, 5, 0]);
    assert_eq!(raw_option(&bytes, 54).unwrap().1, RELAY.octets());
    let accepted = client.select_of(reply.yiaddr(), RELAY);
    assert!(bench.handle_at(&accepted, arrival).is_ok());
}

#[test]
fn a_relay_of_an_unknown_link_is_not_answered() {
    let mut bench = bench();
    let client = Client { giaddr: Ipv4Addr::new(172, 16, 0, 1), ..Client::new(1) };
    assert_eq!(bench.handle(&client.discover()), Err(Dropped::NotServed));
}
