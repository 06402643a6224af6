//! §2.2: free addresses are asked for before a client gets one, and no client waits for that.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::{Outcome, Output};
use dhcp::v4::probes::{Answer, Conflict, Finding};
use dhcp::v4::view::{Host, HostInterface};
use dhcproto::v4::MessageType;
use model::id::VlanId;
use model::lease::block::Block;
use model::lease::commit::Change;
use model::mac::MacAddress;

use crate::bench::{Bench, Client, VLAN, block, kind_of, mac, rack, requested, sending, sent};

const FOREIGN: MacAddress = MacAddress([0x52, 0x54, 0, 9, 9, 9]);
/// How often the rack looks.
const TICK_MS: u64 = 250;

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

/// The addresses to ask for now.
fn asked(bench: &mut Bench) -> Vec<Ipv4Addr> {
    bench.engine.probe(bench.now).into_iter().map(|probe| probe.ip).collect()
}

/// Time passes, in which nobody answers but those that do: each address is asked for again.
fn listen(bench: &mut Bench, ms: u64, in_use: &[(Ipv4Addr, MacAddress)]) -> Vec<Ipv4Addr> {
    let mut all = Vec::new();
    for _ in 0..ms.div_ceil(TICK_MS) {
        for ip in asked(bench) {
            all.push(ip);
            for (_, mac) in in_use.iter().filter(|(used, _)| *used == ip) {
                answered(bench, ip, *mac);
            }
        }
        bench.pass_ms(TICK_MS);
    }
    all
}

fn answered(bench: &mut Bench, ip: Ipv4Addr, by: MacAddress) -> Option<Finding> {
    bench.engine.answered(Answer::Arp { vlan: VLAN, ip, mac: by }, bench.now)
}

fn in_use(ip: Ipv4Addr) -> Option<Finding> {
    Some(Finding::InUse(Conflict { vlan: VLAN, ip, by: Some(FOREIGN) }))
}

/// A rack with that many addresses, which are valid for long.
fn with_addresses(count: u8) -> Bench {
    let mut bench = Bench::new();
    let last = IpAddr::V4(address(100 + count - 1));
    bench.engine.update(|view| view.put_block(Block { last, ..block(90_000_000) }));
    bench
}

/// C-08.
#[test]
fn addresses_are_asked_for_ahead_of_need_and_then_no_more() {
    let mut bench = with_addresses(32);
    let first: Vec<Ipv4Addr> = (100..108).map(address).collect();
    assert_eq!(asked(&mut bench), first);
    bench.pass_ms(TICK_MS);
    assert_eq!(asked(&mut bench), first, "once more, for a frame may be lost");
    bench.pass_ms(TICK_MS);
    assert!(listen(&mut bench, 40_000, &[]).is_empty(), "nobody comes, and nothing is sent");
    let ip = bench.offered(&Client::new(1));
    assert!(first.contains(&ip));
    let again: Vec<Ipv4Addr> = bench.engine.take_probes().iter().map(|probe| probe.ip).collect();
    assert_eq!((bench.engine.take_unprobed(), again), (0, vec![ip]), "once more");
    let all: BTreeSet<Ipv4Addr> = listen(&mut bench, 240_000, &[]).into_iter().collect();
    assert_eq!(all.len(), 32, "what is next is asked for afresh, and what was offered in vain");
}

/// C-08.
#[test]
fn who_comes_after_the_probe_is_found_while_the_address_is_offered() {
    let mut bench = with_addresses(32);
    listen(&mut bench, 40_000, &[]);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    bench.engine.take_probes();
    assert_eq!(answered(&mut bench, ip, FOREIGN), in_use(ip));
    assert_eq!(kind_of(&bench.handle(&client.select(ip)).unwrap()), MessageType::Nak);
    assert_ne!(bench.offered(&client), ip);
}

/// C-08.
#[test]
fn no_offer_waits_and_an_unknown_address_is_asked_for_at_once() {
    let mut bench = with_addresses(32);
    bench.offered(&Client::new(1));
    assert_eq!(bench.engine.take_unprobed(), 1);
    assert!(bench.engine.take_probes().is_empty(), "there is nobody yet who asks");
    let stock: BTreeSet<Ipv4Addr> = asked(&mut bench).into_iter().collect();
    let mut at_once = BTreeSet::new();
    for last in 2..20 {
        let ip = bench.offered(&Client::new(last));
        let probes = bench.engine.take_probes();
        assert_eq!(probes.is_empty(), stock.contains(&ip), "it is on its way already");
        at_once.extend(probes.iter().map(|probe| probe.ip));
    }
    assert_eq!(bench.engine.take_unprobed(), 18);
    assert!(!at_once.is_empty() && at_once.is_disjoint(&stock));
}

/// C-08.
#[test]
fn more_is_in_stock_where_more_clients_come() {
    let mut bench = with_addresses(100);
    listen(&mut bench, 2_000, &[]);
    for last in 1..=20 {
        bench.offered(&Client::new(last));
    }
    let more = listen(&mut bench, 2_000, &[]);
    let more: BTreeSet<Ipv4Addr> = more.into_iter().collect();
    assert!((40..=60).contains(&more.len()), "{}", more.len());
    listen(&mut bench, 20_000, &[]);
    assert!(listen(&mut bench, 15_000, &[]).is_empty());
}

/// C-08.
#[test]
fn an_address_in_use_is_offered_to_nobody_and_refused() {
    let mut bench = Bench::new();
    let squatted = [100, 101, 103].map(|last| (address(last), FOREIGN));
    listen(&mut bench, 2_000, &squatted);
    assert_eq!(bench.engine.free_addresses(VLAN, 100, bench.now), 1);
    let client = Client::new(1);
    let wants_it = client.clone().with(50, &[10, 0, 0, 101]);
    assert_eq!(bench.offered(&wants_it), address(102));
    let outputs = bench.handle(&client.select(address(101))).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak, "that somebody uses it is known");
    assert_eq!(bench.bound(&client), address(102));
    assert_eq!(bench.handle(&Client::new(2).discover()), Err(Dropped::NoAddress));
}

/// C-08.
#[test]
fn an_answer_after_the_offer_withdraws_it() {
    let mut bench = Bench::new();
    asked(&mut bench);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    assert_eq!(answered(&mut bench, ip, FOREIGN), in_use(ip));
    assert_eq!(answered(&mut bench, ip, FOREIGN), None, "that is known");
    let outputs = bench.handle(&client.select(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    assert_ne!(bench.offered(&client), ip);
    assert_ne!(bench.bound(&client), ip);
}

/// C-08.
#[test]
fn an_answer_before_the_commit_takes_the_address_back() {
    let mut bench = Bench::new();
    asked(&mut bench);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    assert_eq!(answered(&mut bench, ip, FOREIGN), in_use(ip));
    let outputs = bench.commit(&request);
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    let told = requested(&outputs);
    assert_eq!((told.change, told.ip, told.client), (Change::Decline, ip, client.mac.into()));
    // The binding stands until the region knows.
    assert_ne!(bench.offered(&client), ip);
    let outputs = bench.handle(&client.reboot(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// C-08.
#[test]
fn without_a_region_an_address_in_use_is_not_given_either() {
    let mut bench = Bench::new();
    asked(&mut bench);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    answered(&mut bench, ip, FOREIGN);
    let outputs = bench.engine.committed(request.request_id, Outcome::Unknown, bench.now);
    assert!(outputs.is_empty(), "the client asks again");
    bench.engine.set_reachable(false);
    assert_ne!(bench.offered(&client), ip);
}

/// C-08.
#[test]
fn an_answer_that_is_no_conflict_changes_nothing() {
    let mut bench = Bench::new();
    let own = mac(200);
    bench.engine.set_hardware([own]);
    let early = Answer::Arp { vlan: VLAN, ip: address(100), mac: FOREIGN };
    assert_eq!(bench.engine.answered(early, bench.now), None, "nobody has asked");
    asked(&mut bench);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    assert_eq!(answered(&mut bench, ip, client.mac), None, "the client has it already");
    assert_eq!(answered(&mut bench, ip, own), None, "the rack itself");
    let elsewhere = Answer::Arp { vlan: VlanId(2), ip, mac: FOREIGN };
    assert_eq!(bench.engine.answered(elsewhere, bench.now), None, "another link");
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    assert_eq!(kind_of(&bench.commit(&request)), MessageType::Ack);
    assert_eq!(answered(&mut bench, ip, FOREIGN), None, "it was promised to a client");
    bench.pass_ms(300_000);
    let request = requested(&bench.handle(&client.renew(ip)).unwrap());
    assert_eq!(kind_of(&bench.commit(&request)), MessageType::Ack);
}

/// C-08.
#[test]
fn known_clients_and_reserved_addresses_are_not_asked_for() {
    let mut bench = Bench::new();
    let known = Client::new(1);
    let bound = bench.bound(&known);
    let reserved = address(if bound == address(103) { 102 } else { 103 });
    let interface = HostInterface { mac: mac(2), vlan: Some(VLAN), addresses: vec![reserved] };
    let host = Host { hostname: "node".to_owned(), secure_boot: None, interfaces: vec![interface] };
    bench.engine.update(|view| view.put_host(&rack(77), host));
    bench.engine.take_unprobed();
    let all = listen(&mut bench, 2_000, &[]);
    assert!(!all.is_empty() && !all.contains(&bound) && !all.contains(&reserved), "{all:?}");
    assert_eq!(bench.offered(&known), bound);
    assert_eq!(bench.offered(&Client::new(2)), reserved);
    assert!(bench.handle(&known.renew(bound)).is_ok());
    assert_eq!((bench.engine.take_unprobed(), bench.engine.take_probes().len()), (0, 0));
}

/// C-08.
#[test]
fn a_host_that_answers_for_everything_is_not_believed() {
    let mut bench = with_addresses(32);
    let proxied: Vec<(Ipv4Addr, MacAddress)> =
        (100..132).map(|last| (address(last), FOREIGN)).collect();
    let mut found = Vec::new();
    for _ in 0..3 {
        for ip in asked(&mut bench) {
            found.extend(answered(&mut bench, ip, FOREIGN));
        }
        bench.pass_ms(TICK_MS);
    }
    let many = |finding: &&Finding| matches!(finding, Finding::AnswersForMany(_));
    assert_eq!((found.len(), found.iter().filter(many).count()), (9, 1));
    listen(&mut bench, 3_000, &proxied);
    bench.engine.take_unprobed();
    for last in 1..=32 {
        bench.bound(&Client::new(last));
    }
    assert!(bench.engine.take_unprobed() < 32, "its silence and its answers are the same now");
}

/// C-08.
#[test]
fn another_host_is_still_believed() {
    let mut bench = with_addresses(32);
    for round in 0..3 {
        for ip in asked(&mut bench) {
            answered(&mut bench, ip, FOREIGN);
        }
        bench.pass_ms(TICK_MS * (round + 1));
    }
    let ip = bench.offered(&Client::new(1));
    bench.engine.take_probes();
    let by = Some(mac(99));
    let finding = answered(&mut bench, ip, mac(99));
    assert_eq!(finding, Some(Finding::InUse(Conflict { vlan: VLAN, ip, by })));
}

/// C-08.
#[test]
fn an_address_that_is_not_in_use_any_more_is_given_again() {
    let mut bench = with_addresses(4);
    let squatted = [(address(100), FOREIGN)];
    listen(&mut bench, 2_000, &squatted);
    let hour = listen(&mut bench, 3_590_000, &squatted);
    assert!(!hour.contains(&address(100)), "it is in use for an hour");
    assert!(hour.contains(&address(101)), "that others are vacant counts for a minute");
    let next = listen(&mut bench, 20_000, &squatted);
    assert_eq!(next.iter().filter(|ip| **ip == address(100)).count(), 1);
    listen(&mut bench, 3_610_000, &[]);
    let offered: BTreeSet<Ipv4Addr> =
        (1..=4).map(|last| bench.offered(&Client::new(last))).collect();
    assert!(offered.contains(&address(100)));
    assert_eq!(bench.engine.take_unprobed(), 0);
}

/// C-08.
#[test]
fn where_nothing_else_is_left_the_one_found_first_is_offered() {
    let mut bench = with_addresses(4);
    let mut squatted = Vec::new();
    for last in [102, 100, 103, 101] {
        listen(&mut bench, 600_000, &squatted);
        squatted.push((address(last), mac(last)));
    }
    listen(&mut bench, 700_000, &squatted);
    let none = |bench: &mut Bench| bench.handle(&Client::new(1).discover());
    assert_eq!(none(&mut bench), Err(Dropped::NoAddress), "more may be on their way");
    bench.pass_ms(4_000);
    assert_eq!(none(&mut bench), Err(Dropped::NoAddress), "they may still be");
    bench.pass_ms(1_000);
    for (client, last) in (1..).zip([102, 100, 103]) {
        let client = Client::new(client);
        assert_eq!(bench.offered(&client), address(last));
        assert!(bench.engine.take_probes().is_empty(), "it would be found in use again");
        let request = requested(&bench.handle(&client.select(address(last))).unwrap());
        assert_eq!(kind_of(&bench.commit(&request)), MessageType::Ack);
    }
}

/// C-08.
#[test]
fn the_client_that_uses_an_address_may_have_it() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    listen(&mut bench, 2_000, &[(address(100), client.mac)]);
    let other = Client::new(2).with(50, &[10, 0, 0, 100]);
    assert_ne!(bench.offered(&other), address(100));
    let outputs = bench.handle(&client.reboot(address(100))).unwrap();
    assert_eq!(requested(&outputs).ip, address(100));
}

/// C-08.
#[test]
fn probes_are_few_however_many_clients_come() {
    let mut bench = Bench::new();
    bench.engine.update(|view| {
        view.put_subnet(crate::bench::subnet(1, VLAN, "10.0.0.0/16", [10, 0, 0, 1]));
        let (first, last) = (IpAddr::from([10, 0, 16, 0]), IpAddr::from([10, 0, 79, 255]));
        view.put_block(Block { first, last, ..block(90_000_000) });
    });
    let mut probes = asked(&mut bench).len();
    let clients = 4_000_u32;
    for number in 0..clients {
        let [_, _, high, low] = number.to_be_bytes();
        let mac = MacAddress([0x52, 0x54, 1, 0, high, low]);
        bench.offered(&Client { mac, ..Client::new(1) });
        probes += bench.engine.take_probes().len();
        if number % 500 == 499 {
            bench.pass_ms(TICK_MS);
            probes += asked(&mut bench).len();
        }
    }
    assert!((400..=450).contains(&probes), "{probes} in two seconds");
    let unprobed = bench.engine.take_unprobed();
    assert!((3_600..4_000).contains(&unprobed), "{unprobed}");
}

/// C-08.
#[test]
fn a_link_that_nothing_can_be_sent_on_is_left_alone() {
    let mut bench = Bench::new();
    assert_eq!(asked(&mut bench).len(), 4);
    assert!(bench.engine.cannot_probe(VLAN, bench.now), "that is new");
    assert!(listen(&mut bench, 59_000, &[]).is_empty());
    bench.offered(&Client::new(1));
    assert_eq!(bench.engine.take_unprobed(), 1, "silence says nothing there");
    bench.pass_ms(2_000);
    assert_eq!(asked(&mut bench).len(), 3, "those that are not offered");
    assert!(!bench.engine.cannot_probe(VLAN, bench.now), "that is known");
}

/// C-08.
#[test]
fn an_echo_from_another_link_is_an_answer_without_a_name() {
    let mut bench = Bench::new();
    asked(&mut bench);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let finding = bench.engine.answered(Answer::Echo { ip }, bench.now);
    assert_eq!(finding, Some(Finding::InUse(Conflict { vlan: VLAN, ip, by: None })));
    let outputs = bench.handle(&client.select(ip)).unwrap();
    assert_eq!(sent(&outputs).1.opts().msg_type(), Some(MessageType::Nak));
    assert!(!sending(&outputs).payload.is_empty());
    assert!(!outputs.iter().any(|output| matches!(output, Output::Commit(_))));
}
