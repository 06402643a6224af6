//! §4.3.3: DHCPDECLINE, once and in storms.

use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::dropped::Dropped;
use dhcp::v4::view::{Host, HostInterface};
use dhcproto::v4::MessageType;
use model::lease::binding::{Binding, BindingState};
use model::lease::commit::Change;

use crate::bench::{Bench, Client, SERVER, VLAN, kind_of, mac, rack, requested};

/// After this, nobody can hold a promise of a declined address, however clocks drifted.
const KEPT_MS: u64 = 600_000 + 600_000 + 10_000;

fn decline(client: &Client, ip: Ipv4Addr) -> Vec<u8> {
    client.packet(4, &[(50, ip.octets()), (54, SERVER.octets())])
}

/// The client declines its address, and the copy shows it.
#[track_caller]
fn declined(bench: &mut Bench, client: &Client, ip: Ipv4Addr) {
    let request = requested(&bench.handle(&decline(client, ip)).unwrap());
    assert_eq!((request.change, request.ip), (Change::Decline, ip));
    let now = bench.region_time();
    let outcome = dhcp::v4::output::Outcome::Committed { revision: 0, told_ms: 0 };
    bench.engine.committed(request.request_id, outcome, bench.now);
    bench.engine.update(|view| {
        let held = view.binding(ip).unwrap().clone();
        let promise_until = now.plus_ms(86_400_000);
        let state = BindingState::Declined;
        view.put_binding(Binding { state, told_until: now, promise_until, ..held });
    });
}

/// V4-21.
#[test]
fn a_client_that_declines_whatever_it_gets_is_offered_nothing_for_a_while() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    for _ in 0..3 {
        let ip = bench.bound(&client);
        declined(&mut bench, &client, ip);
    }
    assert_eq!(bench.handle(&client.discover()), Err(Dropped::DeclinesTooOften));
    let last = bench.offered(&Client::new(2));
    bench.pass_ms(599_000);
    assert_eq!(bench.handle(&client.discover()), Err(Dropped::DeclinesTooOften));
    bench.pass_ms(1_000);
    assert_eq!(bench.offered(&client), last, "what the storm has left");
}

/// Nobody else may have it, so its client is offered it again; an operator is told once.
#[test]
fn a_reservation_that_is_declined_is_told_of_once_and_stays_its_clients() {
    let mut bench = Bench::new();
    let (client, kept) = (Client::new(1), Ipv4Addr::new(10, 0, 0, 42));
    bench.engine.update(|view| view.put_reserved(kept.into(), Some(mac(1))));
    for found in [1, 0] {
        assert_eq!(bench.offered(&client), kept);
        assert_eq!(bench.handle(&decline(&client, kept)), Ok(Vec::new()));
        let told = bench.engine.leases.take_declined_reservations();
        assert_eq!(told.len(), found);
        assert!(told.iter().all(|it| (it.vlan, it.ip, it.mac) == (VLAN, kept, mac(1))), "{told:?}");
    }
    let stranger = bench.handle(&decline(&Client::new(2), kept));
    assert_eq!(stranger, Err(Dropped::NotKnown));
}

/// V4-21.
#[test]
fn a_circuit_whose_clients_decline_is_bounded_too() {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        let block = crate::bench::block(900_000);
        let last = IpAddr::from([10, 0, 0, 131]);
        view.put_block(model::lease::block::Block { last, ..block });
    });
    let behind = |circuit: u8, last| {
        let giaddr = Ipv4Addr::new(10, 0, 0, 9);
        Client { giaddr, ..Client::new(last) }.with(82, &[1, 1, circuit, 2, 1, last])
    };
    for last in 1..=12 {
        let ip = bench.bound(&behind(1, last));
        declined(&mut bench, &behind(1, last), ip);
    }
    assert_eq!(bench.handle(&behind(1, 13).discover()), Err(Dropped::DeclinesTooOften));
    bench.bound(&behind(2, 14));
}

/// V4-21.
#[test]
fn a_machine_whose_address_is_reserved_is_answered_however_often_it_declined() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    for _ in 0..3 {
        let ip = bench.bound(&client);
        declined(&mut bench, &client, ip);
    }
    let own = Ipv4Addr::new(10, 0, 0, 50);
    let interface = HostInterface { mac: client.mac, vlan: Some(VLAN), addresses: vec![own] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&rack(77), host));
    assert_eq!(bench.offered(&client), own);
}

/// V4-21, C-10.
#[test]
fn declined_addresses_are_used_again_oldest_first_when_nothing_else_is_left() {
    let mut bench = Bench::new();
    let mut order = Vec::new();
    for last in 1..=4 {
        let ip = bench.bound(&Client::new(last));
        declined(&mut bench, &Client::new(last), ip);
        order.push(ip);
        bench.pass_ms(60_000);
    }
    bench.engine.update(|view| view.put_block(crate::bench::block(90_000_000)));
    let none = bench.handle(&Client::new(9).discover());
    assert_eq!(none, Err(Dropped::NoAddress), "an earlier promise may still hold");
    bench.pass_ms(KEPT_MS);
    bench.engine.tick(bench.now);
    for (last, ip) in (11..).zip(order.clone()) {
        assert_eq!(bench.bound(&Client::new(last)), ip);
    }
    bench.pass_ms(300_000);
    let renewal = bench.handle(&Client::new(11).renew(order[0])).unwrap();
    assert_eq!(kind_of(&bench.commit(&requested(&renewal))), MessageType::Ack);
}

/// V4-21.
#[test]
fn a_declined_address_is_not_used_while_there_is_another_or_no_region() {
    let mut bench = Bench::new();
    bench.engine.update(|view| view.put_block(crate::bench::block(90_000_000)));
    let ip = bench.bound(&Client::new(1));
    declined(&mut bench, &Client::new(1), ip);
    bench.pass_ms(KEPT_MS);
    bench.engine.tick(bench.now);
    for last in 2..=4 {
        let asks = Client::new(last).with(50, &ip.octets());
        assert_ne!(bench.offered(&asks), ip);
        assert_ne!(bench.bound(&Client::new(last)), ip);
    }
    bench.engine.set_reachable(false);
    assert_eq!(bench.handle(&Client::new(5).discover()), Err(Dropped::NoAddress));
    bench.engine.set_reachable(true);
    assert_eq!(bench.offered(&Client::new(5)), ip);
}

/// V4-20.
#[test]
fn a_decline_of_what_the_sender_does_not_hold_is_ignored() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    assert_eq!(bench.handle(&decline(&Client::new(2), ip)), Err(Dropped::NotKnown));
    let unknown = Ipv4Addr::new(10, 0, 0, if ip.octets()[3] == 100 { 101 } else { 100 });
    assert_eq!(bench.handle(&decline(&Client::new(1), unknown)), Err(Dropped::NotKnown));
    assert_eq!(bench.handle(&Client::new(1).packet(4, &[])), Err(Dropped::Senseless));
    declined(&mut bench, &Client::new(1), ip);
    assert_eq!(bench.handle(&decline(&Client::new(1), ip)), Err(Dropped::Repeated));
    bench.engine.tick(bench.now);
    assert_eq!(bench.handle(&decline(&Client::new(1), ip)), Err(Dropped::NotKnown));
}

/// V4-20.
#[test]
fn the_declining_client_does_not_get_the_address_back() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    declined(&mut bench, &client, ip);
    let mut others = vec![bench.offered(&client)];
    others.extend((2..=3).map(|last| bench.offered(&Client { mac: mac(last), ..client.clone() })));
    assert!(!others.contains(&ip));
    let outputs = bench.handle(&client.reboot(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// A binding as another rack had it committed.
fn put(bench: &mut Bench, ip: Ipv4Addr, of: u8, state: BindingState, told_ms: u64) {
    let told_until = bench.region_time().plus_ms(told_ms);
    bench.engine.update(|view| {
        view.put_binding(Binding {
            ip: ip.into(),
            subnet: model::id::SubnetId(1),
            vlan: VLAN,
            client: mac(of).into(),
            hardware: None,
            prefix_length: None,
            state,
            hostname: None,
            told_until,
            promise_until: told_until.plus_ms(600_000),
            rack: rack(2),
        });
    });
}

/// V4-20.
#[test]
fn a_rack_that_did_not_hear_the_decline_does_not_offer_the_address_to_its_client() {
    let mut bench = Bench::new();
    let ip = Ipv4Addr::new(10, 0, 0, 101);
    put(&mut bench, ip, 1, BindingState::Declined, 0);
    assert_ne!(bench.offered(&Client::new(1).with(50, &ip.octets())), ip);
    let outputs = bench.handle(&Client::new(1).select(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// V4-21.
#[test]
fn a_declined_address_that_another_rack_gave_again_is_its_clients() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    declined(&mut bench, &Client::new(1), ip);
    bench.pass_ms(KEPT_MS);
    bench.engine.tick(bench.now);
    for client in [2, 1] {
        put(&mut bench, ip, client, BindingState::Active, 300_000);
        let outputs = bench.handle(&Client::new(client).renew(ip)).unwrap();
        let request = requested(&outputs);
        assert_eq!((request.ip, request.client), (ip, mac(client).into()));
        let outcome = dhcp::v4::output::Outcome::Refused { revision: 0, taken: false };
        bench.engine.committed(request.request_id, outcome, bench.now);
        bench.engine.tick(bench.now);
    }
}
