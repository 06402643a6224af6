//! Relayed clients: RFC 1542, RFC 3046, RFC 3527, RFC 5107, RFC 8357.

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::Arrival;
use dhcp::wire::server_message::ServerMessage;
use dhcproto::v4::MessageType;
use model::id::{SubnetId, VlanId};
use model::lease::commit::Change;

use crate::bench::{
    Bench, Client, SERVER, VLAN, block_of, kind_of, raw_option, requested, sent, subnet, vlan,
};

const RELAY: Ipv4Addr = Ipv4Addr::new(10, 5, 0, 1);
/// Sub-options out of order, one twice: what a server must echo byte for byte.
const OPTION_82: [u8; 12] = [2, 2, 7, 7, 1, 2, 1, 1, 1, 2, 2, 2];

fn bench() -> Bench {
    let mut bench = Bench::new();
    let relayed = VlanId(2);
    bench.engine.update(|view| {
        view.put_vlan(vlan(relayed, Some(VLAN)));
        view.put_subnet(subnet(2, relayed, "10.5.0.0/24", [10, 5, 0, 1]));
        view.put_block(block_of(2, relayed, [[10, 5, 0, 100], [10, 5, 0, 103]]));
    });
    bench
}

/// RFC 3046, V4-15.
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

/// V4-16, RFC 3046.
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

/// RFC 3527, RFC 5107, RFC 8357, C-13.
#[test]
fn link_selection_and_server_override_and_source_port_are_followed() {
    let mut bench = bench();
    let relay_options = [5, 4, 10, 5, 0, 0, 11, 4, 10, 5, 0, 1, 19, 0];
    let client = Client { giaddr: Ipv4Addr::new(172, 16, 0, 1), ..Client::new(1) };
    let client = client.with(82, &relay_options);
    let arrival = Arrival { source_port: 4_067, ..bench.unicast() };
    let outputs = bench.handle_at(&client.discover(), arrival).unwrap();
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Relay { ip: Ipv4Addr::new(172, 16, 0, 1), port: 4_067 });
    assert_eq!(reply.yiaddr().octets()[..3], [10, 5, 0]);
    assert_eq!(raw_option(&bytes, 54).unwrap().1, RELAY.octets());
    let accepted = client.select_of(reply.yiaddr(), RELAY);
    assert!(bench.handle_at(&accepted, arrival).is_ok());
}

/// RFC 5107, C-14.
#[test]
fn an_answer_in_the_name_of_a_relay_is_of_the_site_when_racks_give_the_address_in_it() {
    let bench = bench();
    let is_ours = |server: Ipv4Addr, given: Option<[u8; 4]>| {
        let given = given.map(Ipv4Addr::from);
        let (relay, client) = (Some(RELAY), crate::bench::mac(1));
        let message = ServerMessage { server: Some(server), relay, client, given };
        bench.engine.may_be_of_the_site(server, RELAY, &message)
    };
    assert!(is_ours(RELAY, Some([10, 5, 0, 101])), "in a block");
    assert!(is_ours(RELAY, None), "a refusal accuses nobody");
    assert!(!is_ours(RELAY, Some([10, 5, 0, 200])));
    assert!(!is_ours(Ipv4Addr::new(10, 5, 0, 9), Some([10, 5, 0, 101])), "a server with a name");
    assert!(is_ours(SERVER, Some([10, 5, 0, 200])), "this rack");
}

#[test]
fn a_relay_of_an_unknown_link_is_not_answered() {
    let mut bench = bench();
    let client = Client { giaddr: Ipv4Addr::new(172, 16, 0, 1), ..Client::new(1) };
    assert_eq!(bench.handle(&client.discover()), Err(Dropped::NotServed));
}

/// A client that was bound through its relay.
fn bound(bench: &mut Bench) -> (Client, Ipv4Addr) {
    let client = Client { giaddr: RELAY, ..Client::new(1) }.with(82, &OPTION_82);
    let ip = bench.offered(&client);
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    bench.commit(&request);
    (Client::new(1), ip)
}

/// V4-11.
#[test]
fn a_unicast_renewal_is_judged_by_the_address_in_use_and_not_by_the_interface() {
    let mut bench = bench();
    let (client, ip) = bound(&mut bench);
    bench.pass_ms(300_000);
    let arrival = bench.unicast();
    let outputs = bench.handle_at(&client.renew(ip), arrival).unwrap();
    let request = requested(&outputs);
    assert_eq!((request.ip, request.vlan, request.subnet), (ip, VlanId(2), SubnetId(2)));
    let outputs = bench.commit(&request);
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(reply.opts().msg_type(), Some(MessageType::Ack));
    assert_eq!(destination, Destination::Unicast { ip });
    assert_eq!(reply.ciaddr(), ip);
    assert_eq!(raw_option(&bytes, 82), None, "a server never invents option 82");
}

/// V4-12.
#[test]
fn a_client_that_is_heard_on_another_link_than_its_address_is_refused() {
    let mut bench = bench();
    let (client, ip) = bound(&mut bench);
    bench.pass_ms(300_000);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak, "its broadcast came from this link itself");
}

/// V4-19.
#[test]
fn a_relayed_client_releases_its_address_without_its_relay() {
    let mut bench = bench();
    let (client, ip) = bound(&mut bench);
    let arrival = bench.unicast();
    let request = requested(&bench.handle_at(&client.release(ip), arrival).unwrap());
    assert_eq!((request.change, request.ip, request.vlan), (Change::Release, ip, VlanId(2)));
}

/// V4-11.
#[test]
fn a_unicast_renewal_of_a_link_of_other_racks_is_not_answered() {
    let mut bench = bench();
    let (client, ip) = bound(&mut bench);
    bench.engine.update(|view| {
        let mut elsewhere = vlan(VlanId(2), None);
        elsewhere.primary_rack = None;
        elsewhere.secondary_rack = None;
        view.put_vlan(elsewhere);
    });
    let arrival = bench.unicast();
    assert_eq!(bench.handle_at(&client.renew(ip), arrival), Err(Dropped::NotServed));
}

/// V4-22.
#[test]
fn a_relayed_client_is_told_the_rack_that_its_relay_reaches_as_name_server() {
    let mut bench = bench();
    let client = Client { giaddr: RELAY, ..Client::new(1) };
    let outputs = bench.handle(&client.discover()).unwrap();
    let servers = [SERVER.octets(), [9, 9, 9, 9]].concat();
    assert_eq!(raw_option(&sent(&outputs).2, 6).unwrap().1, servers);
    let other = Ipv4Addr::new(10, 0, 0, 7);
    bench.engine.update(|view| {
        let addresses = vec!["10.0.0.7/24".parse().unwrap(), "172.30.0.1/24".parse().unwrap()];
        let peer = dhcp::v4::view::PeerRack { connected: false, addresses };
        view.put_rack(crate::bench::rack(2), peer);
    });
    let outputs = bench.handle(&client.discover()).unwrap();
    let servers = [SERVER.octets(), other.octets(), [9, 9, 9, 9]].concat();
    assert_eq!(raw_option(&sent(&outputs).2, 6).unwrap().1, servers);
}

/// V4-18.
#[test]
fn an_inform_through_a_relay_is_answered_to_the_client_if_it_has_an_address() {
    let mut bench = bench();
    let ip = Ipv4Addr::new(10, 5, 0, 50);
    let client = Client { giaddr: RELAY, ..Client::new(1) }.with(82, &OPTION_82);
    let outputs = bench.handle(&Client { ciaddr: ip, ..client.clone() }.packet(8, &[])).unwrap();
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Unicast { ip });
    assert_eq!((reply.ciaddr(), reply.yiaddr()), (ip, Ipv4Addr::UNSPECIFIED));
    assert_eq!(raw_option(&bytes, 82), None, "no relay takes it out again");
    assert_eq!(raw_option(&bytes, 3).unwrap().1, RELAY.octets());
    let outputs = bench.handle(&client.packet(8, &[])).unwrap();
    let (destination, reply, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Relay { ip: RELAY, port: 67 });
    assert!(reply.flags().broadcast());
    assert_eq!(raw_option(&bytes, 82).unwrap().1, OPTION_82);
    assert_eq!(raw_option(&bytes, 3).unwrap().1, RELAY.octets(), "the options of the relay's link");
    assert_eq!(raw_option(&bytes, 51), None);
}

/// V4-22.
#[test]
fn a_rack_whose_addresses_no_region_knows_yet_names_itself_as_name_server() {
    let mut bench = bench();
    bench.engine.update(|view| view.remove_rack(&crate::bench::rack(1)));
    let client = Client { giaddr: RELAY, ..Client::new(1) };
    let handled = [client.discover(), client.discover()].map(|packet| bench.handle(&packet));
    let outputs = handled.into_iter().find_map(Result::ok).expect("an answer");
    let servers = [SERVER.octets(), [9, 9, 9, 9]].concat();
    assert_eq!(raw_option(&sent(&outputs).2, 6).unwrap().1, servers);
}

/// RFC 3011.
#[test]
fn a_selected_subnet_of_the_relays_link_is_followed_and_the_answer_says_so() {
    let mut bench = bench();
    bench.engine.update(|view| {
        view.put_subnet(subnet(3, VlanId(2), "10.6.0.0/24", [10, 6, 0, 1]));
    });
    let asks = |last, selected: [u8; 4]| {
        Client { giaddr: RELAY, ..Client::new(last) }.with(118, &selected).with(82, &OPTION_82)
    };
    let client = asks(1, [10, 6, 0, 0]);
    let outputs = bench.handle(&client.discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!(raw_option(&bytes, 118).unwrap().1, [10, 6, 0, 0]);
    let request = requested(&bench.handle(&client.select(reply.yiaddr())).unwrap());
    assert_eq!(raw_option(&sent(&bench.commit(&request)).2, 118).unwrap().1, [10, 6, 0, 0]);
}

/// RFC 3011.
#[test]
fn an_address_of_another_link_is_not_selected_by_who_writes_option_118() {
    let mut bench = bench();
    let elsewhere = Client { giaddr: RELAY, ..Client::new(1) }.with(118, &[10, 0, 0, 0]);
    let outputs = bench.handle(&elsewhere.discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!(reply.yiaddr().octets()[..3], [10, 5, 0], "the relay's link");
    assert_eq!(raw_option(&bytes, 118), None, "not followed, so not repeated");
    let direct = Client::new(2).with(118, &[10, 5, 0, 0]);
    let outputs = bench.handle(&direct.discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!(reply.yiaddr().octets()[..3], [10, 0, 0]);
    assert_eq!(raw_option(&bytes, 118), None);
}
