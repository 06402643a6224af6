//! Leases where few addresses are free (C-10, C-11).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::Output;
use dhcp::v4::view::{Host, HostInterface};
use dhcproto::v4::{DhcpOption, OptionCode};
use model::id::SubnetId;
use model::mac::MacAddress;

use crate::bench::{Bench, Client, VLAN, block, block_of, requested, sent, subnet};

const WHOLE_S: u32 = 600;
const SHORT_S: u32 = 120;

/// The pool of the link is so full, in thousandths.
fn bench(used_permille: u32) -> Bench {
    let mut bench = Bench::new();
    bench.engine.set_pools(BTreeMap::from([(SubnetId(1), used_permille)]));
    bench
}

/// One that nobody knows yet, and that boots from the network.
fn new_machine(last: u8) -> Client {
    Client::new(last).with(60, b"PXEClient:Arch:00007:UNDI:003000")
}

#[track_caller]
fn seconds(outputs: &[Output]) -> u32 {
    match sent(outputs).1.opts().get(OptionCode::AddressLeaseTime) {
        Some(DhcpOption::AddressLeaseTime(seconds)) => *seconds,
        other => panic!("{other:?}"),
    }
}

/// How long a client is told that it may use an address, by the offer and by the acknowledgement.
#[track_caller]
fn lease(bench: &mut Bench, client: &Client) -> (Ipv4Addr, u32, u32) {
    let outputs = bench.handle(&client.discover()).unwrap();
    let (offered, ip) = (seconds(&outputs), sent(&outputs).1.yiaddr());
    let outputs = bench.handle(&client.select(ip)).unwrap();
    let request = requested(&outputs);
    assert_eq!(request.told_ms, u64::from(offered) * 1_000, "what is offered is committed");
    (ip, offered, seconds(&bench.commit(&request)))
}

#[track_caller]
fn renewed(bench: &mut Bench, client: &Client, ip: Ipv4Addr) -> u32 {
    let arrival = bench.unicast();
    let outputs = bench.handle_at(&client.renew(ip), arrival).unwrap();
    let request = requested(&outputs);
    seconds(&bench.commit(&request))
}

/// C-10.
#[test]
fn the_last_addresses_of_a_pool_are_for_machines() {
    let laptop = Client::new(1);
    assert!(bench(949).handle(&laptop.discover()).is_ok());
    let mut bench = bench(950);
    for client in [&laptop, &laptop.clone().with(50, &[10, 0, 0, 102])] {
        assert_eq!(bench.handle(&client.discover()), Err(Dropped::KeptForMachines));
    }
    for (last, code, class) in
        [(2, 60, "PXEClient"), (3, 60, "HTTPClient:Arch:00016"), (4, 77, "iPXE")]
    {
        bench.offered(&Client::new(last).with(code, class.as_bytes()));
    }
    let known = Client::new(5);
    let interface = HostInterface { mac: known.mac, vlan: None, addresses: vec![] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&crate::bench::rack(9), host));
    bench.offered(&known);
    let late = new_machine(6).discover();
    assert_eq!(bench.handle(&late), Err(Dropped::NoAddress), "then none is left for anybody");
    assert_eq!(bench.handle(&laptop.discover()), Err(Dropped::NoAddress));
}

/// C-10.
#[test]
fn who_has_an_address_keeps_it_when_the_rest_is_for_machines() {
    let mut bench = bench(0);
    let (bound, offered) = (Client::new(1), Client::new(2));
    let ip = bench.bound(&bound);
    let taken = bench.offered(&offered);
    bench.engine.set_pools(BTreeMap::from([(SubnetId(1), 1_000)]));
    assert_eq!(bench.offered(&bound), ip);
    assert_eq!(bench.offered(&offered), taken, "nor is an offer taken back");
    requested(&bench.handle(&offered.select(taken)).unwrap());
    bench.pass_ms(300_000);
    let arrival = bench.unicast();
    requested(&bench.handle_at(&bound.renew(ip), arrival).unwrap());
}

/// C-10.
#[test]
fn another_pool_of_the_link_is_given_to_all() {
    let mut bench = bench(1_000);
    bench.engine.update(|view| {
        view.put_subnet(subnet(2, VLAN, "10.9.0.0/24", [10, 9, 0, 1]));
        view.put_block(block_of(2, VLAN, [[10, 9, 0, 5]; 2]));
    });
    assert_eq!(bench.offered(&Client::new(1)), Ipv4Addr::new(10, 9, 0, 5));
    assert_eq!(bench.handle(&Client::new(2).discover()), Err(Dropped::KeptForMachines));
}

/// C-10, C-11.
#[test]
fn first_leases_of_unknown_clients_are_shorter_the_fewer_addresses_are_free() {
    for (used, want) in [(0, WHOLE_S), (800, WHOLE_S), (875, 360), (950, SHORT_S), (1_000, SHORT_S)]
    {
        let (_, offered, told) = lease(&mut bench(used), &new_machine(1));
        assert_eq!((offered, told), (want, want), "{used} of a thousand");
    }
    let asking = new_machine(1).with(51, &3_600_u32.to_be_bytes());
    assert_eq!(lease(&mut bench(1_000), &asking).1, SHORT_S, "whatever it asks for");
}

/// C-10.
#[test]
fn a_client_that_stays_gets_the_whole_time_with_one_commit_more() {
    let mut bench = bench(950);
    let client = new_machine(1);
    let (ip, ..) = lease(&mut bench, &client);
    bench.pass_ms(60_000);
    assert_eq!(renewed(&mut bench, &client, ip), WHOLE_S);
    bench.pass_ms(300_000);
    assert_eq!(renewed(&mut bench, &client, ip), WHOLE_S);
}

/// C-10.
#[test]
fn a_request_that_is_repeated_at_once_commits_nothing_more() {
    let mut bench = bench(950);
    let client = new_machine(1);
    let (ip, ..) = lease(&mut bench, &client);
    bench.pass_ms(5_000);
    let outputs = bench.handle(&client.select(ip)).unwrap();
    let left = seconds(&outputs);
    assert!((100..SHORT_S).contains(&left), "{left}");
}

/// C-11.
#[test]
fn machines_and_reserved_clients_keep_their_time() {
    let mut bench = bench(1_000);
    let client = Client::new(1);
    let interface = |mac: MacAddress| HostInterface { mac, vlan: None, addresses: vec![] };
    let host = Host {
        hostname: "node".to_owned(),
        secure_boot: None,
        interfaces: vec![interface(client.mac)],
    };
    bench.engine.update(|view| view.put_host(&crate::bench::rack(9), host));
    assert_eq!(lease(&mut bench, &client).2, WHOLE_S);
}

/// C-11.
#[test]
fn a_client_that_was_away_is_as_new_as_any() {
    let mut bench = bench(0);
    let client = Client::new(1);
    let (ip, ..) = lease(&mut bench, &client);
    let arrival = bench.unicast();
    bench.handle_at(&client.release(ip), arrival).unwrap();
    bench.engine.update(|view| {
        let released = view.binding(ip).cloned().unwrap();
        let state = model::lease::binding::BindingState::Released;
        view.put_binding(model::lease::binding::Binding { state, ..released });
    });
    bench.engine.set_pools(BTreeMap::from([(SubnetId(1), 950)]));
    assert_eq!(lease(&mut bench, &client), (ip, SHORT_S, SHORT_S), "and has its address");
}

/// C-10.
#[test]
fn another_pool_of_the_link_does_not_shorten_leases() {
    let mut bench = Bench::new();
    bench.engine.set_pools(BTreeMap::from([(SubnetId(2), 1_000)]));
    assert_eq!(lease(&mut bench, &Client::new(1)).2, WHOLE_S);
}

/// A rack that counts them asks for no others.
#[test]
fn addresses_of_a_block_that_lapsed_are_not_counted_as_free() {
    let mut bench = Bench::new();
    let free = |bench: &Bench| bench.engine.free_addresses(VLAN, 100, bench.now);
    lease(&mut bench, &Client::new(1));
    assert_eq!(free(&bench), 3);
    bench.pass_ms(890_000);
    assert_eq!(free(&bench), 3, "the client is promised its address yet");
    bench.pass_ms(20_000);
    assert_eq!(free(&bench), 0);
    bench.pass_ms(600_000);
    assert_eq!(free(&bench), 0, "nor is what a client had");
    bench.engine.update(|view| view.put_block(block(2_000_000)));
    assert_eq!(free(&bench), 4);
}
