//! §4.3.1: DHCPDISCOVER and the choice of an address.

use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::dropped::Dropped;
use dhcp::v4::view::{Host, HostInterface};
use dhcproto::v4::{DhcpOption, MessageType, OptionCode};
use model::id::IpRangeId;
use model::lease::cut::Span;

use crate::bench::{Bench, Client, SERVER, VLAN, kind_of, lease_seconds, rack, sent};

/// V4-02.
#[test]
fn an_offer_names_the_server_and_the_lease() {
    let mut bench = Bench::new();
    let client = Client::new(1).with(55, &[1, 3, 6, 15]);
    let outputs = bench.handle(&client.discover()).unwrap();
    let reply = sent(&outputs).1;
    let option = |code| reply.opts().get(code).cloned();
    assert_eq!(lease_seconds(&reply), Some(600));
    assert_eq!(option(OptionCode::ServerIdentifier), Some(DhcpOption::ServerIdentifier(SERVER)));
    assert_eq!(option(OptionCode::Renewal), Some(DhcpOption::Renewal(300)));
    assert_eq!(option(OptionCode::Rebinding), Some(DhcpOption::Rebinding(525)));
    let servers = vec![SERVER, Ipv4Addr::new(9, 9, 9, 9)];
    assert_eq!(option(OptionCode::DomainNameServer), Some(DhcpOption::DomainNameServer(servers)));
    for absent in [OptionCode::RequestedIpAddress, OptionCode::ParameterRequestList] {
        assert_eq!(option(absent), None);
    }
}

/// V4-06, C-10.
#[test]
fn a_repeated_discover_gets_the_same_offer_and_others_get_other_addresses() {
    let mut bench = Bench::new();
    let first = bench.offered(&Client::new(1));
    let mut all = vec![first];
    for last in 2..=4 {
        all.push(bench.offered(&Client::new(last)));
    }
    assert_eq!(bench.offered(&Client::new(1)), first);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
    assert_eq!(bench.handle(&Client::new(5).discover()), Err(Dropped::NoAddress));
}

/// V4-06.
#[test]
fn an_offer_that_nobody_takes_ends_after_a_minute() {
    let mut bench = Bench::new();
    for last in 1..=4 {
        bench.offered(&Client::new(last));
    }
    bench.pass_ms(60_001);
    bench.offered(&Client::new(5));
}

/// C-01, RFC 4361.
#[test]
fn a_client_is_offered_the_address_it_has_whatever_its_identifier_is() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    let other_identity = Client { xid: 99, ..Client::new(1) }.with(61, &[0xff, 1, 2, 3]);
    assert_eq!(bench.offered(&other_identity), ip);
}

/// V4-05.
#[test]
fn an_address_that_the_client_asks_for_is_offered_if_it_is_free() {
    let mut bench = Bench::new();
    let wanted = Ipv4Addr::new(10, 0, 0, 102);
    let asks = |last| Client::new(last).with(50, &wanted.octets());
    assert_eq!(bench.offered(&asks(1)), wanted);
    assert_ne!(bench.offered(&asks(2)), wanted);
    let outside = Client::new(3).with(50, &[10, 0, 0, 50]);
    assert_ne!(bench.offered(&outside), Ipv4Addr::new(10, 0, 0, 50));
}

/// C-21.
#[test]
fn a_machine_gets_its_own_address_and_nobody_else_does() {
    let mut bench = Bench::new();
    let (client, own) = (Client::new(1), Ipv4Addr::new(10, 0, 0, 101));
    let interface = HostInterface { mac: client.mac, vlan: Some(VLAN), addresses: vec![own] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&rack(77), host));
    bench.engine.set_reachable(false);
    assert_eq!(bench.offered(&client), own);
    let outputs = bench.handle(&client.select(own)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    bench.engine.set_reachable(true);
    let thief = Client::new(2).with(50, &own.octets());
    assert_ne!(bench.offered(&thief), own);
    let outputs = bench.handle(&Client::new(2).select(own)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// C-21.
#[test]
fn the_gateway_and_reserved_addresses_are_never_offered() {
    let mut bench = Bench::new();
    for last in 100..=102 {
        bench.engine.update(|view| view.put_reserved(IpAddr::from([10, 0, 0, last]), None));
    }
    assert_eq!(bench.offered(&Client::new(1)), Ipv4Addr::new(10, 0, 0, 103));
    assert_eq!(bench.handle(&Client::new(2).discover()), Err(Dropped::NoAddress));
}

/// V4-04.
#[test]
fn a_discover_that_names_a_server_is_dropped() {
    let mut bench = Bench::new();
    let packet = Client::new(1).packet(1, &[(54, SERVER.octets())]);
    assert_eq!(bench.handle(&packet), Err(Dropped::Senseless));
}

/// V4-05.
#[test]
fn what_a_client_asks_for_counts_more_than_what_it_was_offered_and_less_than_what_it_has() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let offered = bench.offered(&client);
    let wanted = Ipv4Addr::new(10, 0, 0, if offered.octets()[3] == 100 { 101 } else { 100 });
    let asks = client.clone().with(50, &wanted.octets());
    assert_eq!(bench.offered(&asks), wanted);
    assert_eq!(bench.offered(&client), wanted, "the offer follows what it asked for");
    let ip = bench.bound(&client);
    let asks = client.with(50, &offered.octets());
    assert_eq!(bench.offered(&asks), ip);
}

/// A block outlives its range: what its clients have stays theirs, and nobody else gets any.
#[test]
fn addresses_of_a_range_that_is_gone_go_to_nobody_new() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    let block = crate::bench::block(900_000);
    bench.engine.update(|view| view.put_range(block.iprange, None));
    assert_eq!(bench.handle(&Client::new(2).discover()), Err(Dropped::NoAddress));
    assert_eq!(bench.offered(&client), ip);
    let free = |bench: &Bench| bench.engine.free_addresses(VLAN, 256, bench.now);
    assert_eq!(free(&bench), 0, "the rack asks for others");
    let half = Span { first: Ipv4Addr::new(10, 0, 0, 101), last: Ipv4Addr::new(10, 0, 0, 102) };
    let another = IpRangeId(9);
    bench.engine.update(|view| view.put_range(another, Some(half)));
    let inside = [half.first, half.last].into_iter().filter(|own| *own != ip).count();
    assert_eq!(free(&bench), inside, "what lies in another range is given at once");
    let offered = bench.offered(&Client::new(3));
    assert!(half.contains(offered), "{offered}");
    bench.engine.update(|view| view.put_range(another, None));
    let within = Span { first: Ipv4Addr::new(10, 0, 0, 100), last: Ipv4Addr::BROADCAST };
    bench.engine.update(|view| view.put_range(block.iprange, Some(within)));
    assert!(bench.handle(&Client::new(2).discover()).is_ok(), "it is a range again");
}
