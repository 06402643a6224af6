//! Prefixes that are delegated to routers (RFC 9915 §6.3).

use std::net::Ipv6Addr;

use dhcp::leases::view::PeerRack;
use dhcp::v6::dropped::Dropped;
use dhcp::v6::output::{Arrival, Outcome};
use dhcp::wire::v6::code;
use model::id::{PrefixPoolId, SubnetId};
use model::lease::commit::Change;
use model::time::Timestamp;

use crate::bench::{Bench, delegated, ip, rack, reply, requested, sent};
use crate::client::{
    ADVERTISE, CONFIRM, Client, DECLINE, REBIND, RELEASE, RENEW, REPLY, REQUEST, Reply, SOLICIT,
    association, for_prefixes, option,
};

/// A rack that has the first four prefixes of a pool of 256.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.put_pool(1, "fd00:a::/48", 56, "fd00:a:0:300::");
    bench
}

fn parts(prefix: &str) -> (Ipv6Addr, u8) {
    let (network, length) = prefix.split_once('/').unwrap();
    (network.parse().unwrap(), length.parse().unwrap())
}

fn solicit(bench: &mut Bench, client: &Client, hints: &[(Ipv6Addr, u8)]) -> Reply {
    bench.answered(client, &client.packet(SOLICIT, &for_prefixes(1, hints)))
}

fn to_server(bench: &Bench, client: &Client, kind: u8, prefixes: &[&str]) -> Vec<u8> {
    let prefixes: Vec<(Ipv6Addr, u8)> = prefixes.iter().map(|text| parts(text)).collect();
    client.packet_to(kind, &bench.server, &for_prefixes(1, &prefixes))
}

/// The whole exchange.
fn bound(bench: &mut Bench, client: &Client) -> String {
    let prefix = solicit(bench, client, &[]).prefix();
    let packet = to_server(bench, client, REQUEST, &[&prefix]);
    let told = bench.answered(client, &packet);
    assert_eq!((told.kind, told.prefix()), (REPLY, prefix.clone()));
    prefix
}

/// V6-16, V6-04.
#[test]
fn a_router_gets_a_prefix_of_its_link_s_pool_and_no_two_the_same() {
    let mut bench = bench();
    let mut got = Vec::new();
    for last in 1..=4 {
        let client = Client::new(last);
        let told = solicit(&mut bench, &client, &[]);
        assert_eq!((told.kind, told.get(code::PREFERENCE)), (ADVERTISE, Some(&[255][..])));
        let (network, length) = parts(&told.prefix());
        assert_eq!((length, network.segments()[..3].to_vec()), (56, vec![0xfd00, 0xa, 0]));
        got.push(bound(&mut bench, &client));
        assert_eq!(got.last(), Some(&told.prefix()));
    }
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 4, "{got:?}");
    let fifth = Client::new(5);
    let packet = fifth.packet(SOLICIT, &for_prefixes(1, &[]));
    assert_eq!(bench.handle(&fifth, &packet).unwrap_err(), Dropped::NoAddress, "it may get more");
    bench.engine.prefixes.set_pools([(SubnetId(1), 1_000)].into());
    let told = solicit(&mut bench, &fifth, &[]);
    assert_eq!(told.associations()[0].status, Some(6), "NoPrefixAvail");
}

/// V6-16, V6-06, V6-07.
#[test]
fn addresses_and_prefixes_are_asked_for_together_and_given_apart() {
    let mut bench = bench();
    let client = Client::new(1);
    let both = [association(1, &[]), for_prefixes(1, &[])].concat();
    let told = bench.answered(&client, &client.packet(SOLICIT, &both));
    let [address, prefix] = told.associations().try_into().unwrap();
    assert_eq!((address.times, prefix.times), ((300, 480), (300, 480)));
    let both = [
        association(1, &[address.addresses[0].0]),
        for_prefixes(1, &[parts(&prefix.prefixes[0].0)]),
    ];
    let request = client.packet_to(REQUEST, &bench.server, &both.concat());
    let outputs = bench.handle(&client, &request).unwrap();
    let ([of_address], [of_prefix]): ([_; 1], [_; 1]) =
        (requested(&outputs).try_into().unwrap(), delegated(&outputs).try_into().unwrap());
    assert_ne!(of_address.client, of_prefix.client, "their leases have nothing in common");
    assert_eq!(of_prefix.client.to_string(), "id:fe0000000100030001525400000001");
    assert_eq!((of_prefix.prefix_length, of_prefix.hostname.clone()), (Some(56), None));
    assert_eq!(of_prefix.request_id[8] & 0xc0, 0x40, "no other commit has the same id");
    assert!(sent(&bench.commit(&of_address)).is_empty(), "it waits for both");
    let told = reply(&bench.delegate(&of_prefix)).associations();
    assert_eq!(told[0].addresses[0].0, of_address.ip);
    assert_eq!(told[1].prefixes, [(of_prefix.ip.to_string(), 600)]);
    // A pool that is gone takes nothing from the address.
    bench.pass_ms(300_000);
    bench.engine.prefixes.update(|view| view.remove_pool(PrefixPoolId(1)));
    let renew = client.packet_to(RENEW, &bench.server, &both.concat());
    let told = bench.answered(&client, &renew).associations();
    assert_eq!((told[0].addresses[0].1, told[0].status), (600, None));
    assert_eq!(told[1].prefixes, [(of_prefix.ip.to_string(), 0)]);
}

/// V6-16, V6-06.
#[test]
fn a_link_without_a_pool_says_so_and_gives_its_addresses() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let both = [association(1, &[]), for_prefixes(1, &[])].concat();
    let told = bench.answered(&client, &client.packet(SOLICIT, &both)).associations();
    assert_eq!((told[0].addresses.len(), told[1].status), (1, Some(6)), "NoPrefixAvail");
}

/// V6-16.
#[test]
fn two_associations_of_one_router_have_two_prefixes() {
    let mut bench = bench();
    let client = Client::new(1);
    let two = [for_prefixes(1, &[]), for_prefixes(2, &[])].concat();
    let told = bench.answered(&client, &client.packet(SOLICIT, &two)).associations();
    assert_ne!(told[0].prefixes[0].0, told[1].prefixes[0].0);
    let same = parts(&told[0].prefixes[0].0);
    let two = [for_prefixes(1, &[same]), for_prefixes(2, &[same])].concat();
    let request = client.packet_to(REQUEST, &bench.server, &two);
    let told = bench.answered(&client, &request).associations();
    assert_ne!(told[0].prefixes[0].0, told[1].prefixes[0].0, "whatever they ask for");
}

/// V6-16.
#[test]
fn the_length_that_is_asked_for_is_given_or_else_one_with_room_for_it() {
    let mut bench = bench();
    bench.put_pool(2, "fd00:b::/48", 60, "fd00:b:0:30::");
    bench.put_pool(3, "fd00:c::/40", 48, "fd00:c:3::");
    let length = |bench: &mut Bench, last, wanted| {
        let hint = (Ipv6Addr::UNSPECIFIED, wanted);
        parts(&solicit(bench, &Client::new(last), &[hint]).prefix()).1
    };
    for (last, wanted, want) in [(1, 48, 48), (2, 56, 56), (3, 60, 60), (4, 64, 60), (5, 57, 56)] {
        assert_eq!(length(&mut bench, last, wanted), want, "/{wanted}");
    }
    assert_eq!(length(&mut bench, 6, 40), 48, "the largest there is");
    let own = solicit(&mut bench, &Client::new(7), &[(ip("fd00:b:0:20::"), 60)]).prefix();
    assert_eq!(own, "fd00:b:0:20::/60", "one that is named is given if it is free");
    let other = solicit(&mut bench, &Client::new(8), &[(ip("fd00:b:0:20::"), 60)]).prefix();
    assert!(own != other && other.ends_with("/60"), "{other}");
}

/// V6-16, V6-08.
#[test]
fn a_renewal_goes_on_and_takes_back_what_is_not_the_router_s() {
    let mut bench = bench();
    let (client, other) = (Client::new(1), Client::new(2));
    let (had, theirs) = (bound(&mut bench, &client), bound(&mut bench, &other));
    let fresh = bench.handle(&client, &to_server(&bench, &client, RENEW, &[&had])).unwrap();
    assert!(delegated(&fresh).is_empty(), "nothing is committed in the first quarter");
    bench.pass_ms(300_000);
    let packet = to_server(&bench, &client, RENEW, &[&had, "fd00:99::/56", &theirs]);
    let told = bench.answered(&client, &packet);
    let want = [(had, 600), ("fd00:99::/56".to_owned(), 0), (theirs, 0)];
    assert_eq!(told.associations()[0].prefixes, want);
    let third = Client::new(3);
    let told = bench.answered(&third, &to_server(&bench, &third, RENEW, &[]));
    assert_eq!(told.associations()[0].prefixes.len(), 1, "what is not known is created");
}

/// V6-16, V6-08.
#[test]
fn a_rebinding_is_silent_about_what_another_server_may_have_delegated() {
    let mut bench = bench();
    let (client, other) = (Client::new(1), Client::new(2));
    let had = bound(&mut bench, &client);
    bench.pass_ms(500_000);
    let rebind =
        |client: &Client, prefix: &str| client.packet(REBIND, &for_prefixes(1, &[parts(prefix)]));
    assert_eq!(bench.answered(&client, &rebind(&client, &had)).prefix(), had);
    let foreign = bench.handle(&other, &rebind(&other, "2001:db8::/56"));
    assert_eq!(foreign.unwrap_err(), Dropped::NotKnown);
    let of_another_rack = bench.handle(&other, &rebind(&other, "fd00:a:0:8000::/56"));
    assert_eq!(of_another_rack.unwrap_err(), Dropped::NotKnown);
    let told = bench.answered(&other, &rebind(&other, &had));
    assert_eq!(told.associations()[0].prefixes, [(had, 0)], "it is another router's");
}

/// V6-16, V6-10.
#[test]
fn a_released_prefix_stays_its_router_s_and_none_is_declined() {
    let mut bench = bench();
    let (client, other) = (Client::new(1), Client::new(2));
    let had = bound(&mut bench, &client);
    let foreign = bench.handle(&other, &to_server(&bench, &other, RELEASE, &[&had])).unwrap();
    assert!(delegated(&foreign).is_empty());
    assert_eq!(reply(&foreign).associations()[0].status, Some(3), "NoBinding");
    let declined = bench.handle(&client, &to_server(&bench, &client, DECLINE, &[&had])).unwrap();
    assert!(delegated(&declined).is_empty());
    assert_eq!((reply(&declined).status(), reply(&declined).associations().len()), (Some(0), 0));
    let outputs = bench.handle(&client, &to_server(&bench, &client, RELEASE, &[&had])).unwrap();
    let [request] = delegated(&outputs).try_into().unwrap();
    assert_eq!((request.change, request.ip.to_string()), (Change::Release, had.clone()));
    bench.delegate(&request);
    for last in 3..6 {
        assert_ne!(bound(&mut bench, &Client::new(last)), had);
    }
    assert_eq!(solicit(&mut bench, &client, &[]).prefix(), had);
}

/// V6-16, V6-08.
#[test]
fn a_prefix_that_is_certainly_nobodys_is_taken_from_who_renews_it() {
    let nobodys = "fd00:a:0:ff00::/56";
    let mut bench = bench();
    let (client, other) = (Client::new(1), Client::new(2));
    let rebind = other.packet(REBIND, &for_prefixes(1, &[parts(nobodys)]));
    assert_eq!(bench.handle(&other, &rebind).unwrap_err(), Dropped::NotKnown);
    bench.engine.prefixes.set_current(true);
    let told = bench.answered(&other, &rebind);
    assert_eq!(told.associations()[0].prefixes, [(nobodys.to_owned(), 0)]);
    let told = bench.answered(&client, &to_server(&bench, &client, RENEW, &[nobodys]));
    let prefixes = &told.associations()[0].prefixes;
    assert!(prefixes.len() == 2 && prefixes.contains(&(nobodys.to_owned(), 0)), "{prefixes:?}");
}

/// V6-16, V6-05.
#[test]
fn a_router_that_is_known_gets_its_prefix_with_two_messages() {
    let mut bench = bench();
    bench.put_host(1, &[]);
    let client = Client::new(1).with(code::RAPID_COMMIT, &[]);
    let outputs = bench.handle(&client, &client.packet(SOLICIT, &for_prefixes(1, &[]))).unwrap();
    let [request] = delegated(&outputs).try_into().unwrap();
    let told = reply(&bench.delegate(&request));
    assert_eq!((told.kind, told.get(code::RAPID_COMMIT)), (REPLY, Some(&[][..])));
    assert_eq!(told.prefix(), request.ip.to_string());
}

/// V6-16, V6-09.
#[test]
fn prefixes_are_no_matter_of_a_confirm() {
    let mut bench = bench();
    let client = Client::new(1);
    let had = bound(&mut bench, &client);
    let packet = client.packet(CONFIRM, &for_prefixes(1, &[parts(&had)]));
    assert_eq!(bench.handle(&client, &packet).unwrap_err(), Dropped::Senseless);
}

/// V6-16, V6-21.
#[test]
fn a_router_behind_a_relay_gets_a_prefix_of_the_relay_s_link() {
    let mut bench = bench();
    let client = Client::new(1);
    let message = client.packet(SOLICIT, &for_prefixes(1, &[]));
    let mut packet = vec![12, 0];
    packet.extend(ip("fd00:1::99").octets());
    packet.extend(client.source.octets());
    packet.extend(option(code::RELAY_MESSAGE, &message));
    let arrival = Arrival { source: ip("fd00:1::99"), multicast: false, ..bench.arrival(&client) };
    let (_, outputs) = bench.engine.handle(&packet, arrival, bench.now).unwrap();
    let payload = &sent(&outputs)[0].payload;
    assert_eq!(payload[0], 13, "back through the relay");
    let inner = dhcp::wire::v6::options::Options::parse(&payload[34..]).unwrap();
    let inner = Reply::read(inner.get(code::RELAY_MESSAGE).unwrap());
    assert_eq!(parts(&inner.prefix()).0.segments()[..3], [0xfd00, 0xa, 0]);
}

/// V6-16.
#[test]
fn a_router_of_a_rack_that_is_gone_goes_on_at_the_other() {
    let mut first = bench();
    let mut second = Bench::of_rack(2);
    second.put_pool(1, "fd00:a::/48", 56, "fd00:a:0:300::");
    let client = Client::new(1);
    let had = bound(&mut first, &client);
    let (network, length) = parts(&had);
    let prefix = model::net::prefix::Prefix::around(network, length).unwrap();
    let binding = first.engine.prefixes.view().binding(prefix).unwrap().clone();
    second.show(2, binding);
    second.engine.leases.update(|view| {
        view.put_rack(rack(1), PeerRack { connected: false, addresses: Vec::new() });
    });
    second.pass_ms(500_000);
    let outputs = second.handle(&client, &to_server(&second, &client, RENEW, &[&had])).unwrap();
    let [request] = delegated(&outputs).try_into().unwrap();
    assert_eq!((request.ip, request.block), (prefix, None), "it is not of its own block");
    assert_eq!(reply(&second.delegate(&request)).prefix(), had);
    // Without a region what was promised is extended, and nothing of another rack's block is given.
    second.pass_ms(500_000);
    second.engine.prefixes.set_reachable(false);
    second.engine.leases.set_reachable(false);
    let renew = to_server(&second, &client, RENEW, &[&had]);
    assert_eq!(reply(&second.handle(&client, &renew).unwrap()).prefix(), had);
    let newcomer = Client::new(9);
    let packet = newcomer.packet(SOLICIT, &for_prefixes(1, &[]));
    assert_eq!(second.handle(&newcomer, &packet).unwrap_err(), Dropped::NoAddress);
}

/// V6-16.
#[test]
fn without_a_region_prefixes_come_of_the_own_block_and_are_told_afterwards() {
    let mut bench = bench();
    bench.engine.prefixes.set_reachable(false);
    let client = Client::new(1);
    let had = bound(&mut bench, &client);
    let again = bench.handle(&client, &to_server(&bench, &client, RENEW, &[&had])).unwrap();
    assert_eq!(reply(&again).prefix(), had);
    let other = bound(&mut bench, &Client::new(2));
    assert_ne!(other, had, "a grant counts before the region knows of it");
    bench.engine.prefixes.set_reachable(true);
    let told = delegated(&bench.engine.tick(bench.now));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|it| it.change == Change::Granted && it.block.is_some()), "{told:?}");
}

/// V6-16.
#[test]
fn who_waits_for_a_commit_without_an_outcome_gets_what_the_rack_may_promise() {
    let mut bench = bench();
    let client = Client::new(1);
    let had = solicit(&mut bench, &client, &[]).prefix();
    let packet = to_server(&bench, &client, REQUEST, &[&had]);
    let outputs = bench.handle(&client, &packet).unwrap();
    let [request] = delegated(&outputs).try_into().unwrap();
    assert_eq!(bench.handle(&client, &packet).unwrap_err(), Dropped::Repeated);
    let outputs = bench.engine.committed(request.request_id, Outcome::Unknown, bench.now);
    assert_eq!(reply(&outputs).prefix(), had);
    bench.pass_ms(1_500);
    let repeated = bench.engine.tick(bench.now);
    assert_eq!(delegated(&repeated)[0].request_id, request.request_id, "it is asked again");
    let refused = Outcome::Refused { revision: 9, taken: true };
    let other = Client::new(2);
    let theirs = solicit(&mut bench, &other, &[]).prefix();
    let outputs = bench.handle(&other, &to_server(&bench, &other, REQUEST, &[&theirs])).unwrap();
    let id = delegated(&outputs)[0].request_id;
    let told = reply(&bench.engine.committed(id, refused, bench.now)).associations();
    assert_eq!(told[0].prefixes, [(theirs, 0)], "somebody else has it");
}

/// V6-16: prefixes of another length with the same first address are other ones, although their rows have one key.
#[test]
fn a_copy_follows_a_pool_that_comes_back_with_another_length() {
    let mut bench = bench();
    let client = Client::new(1);
    let had = bound(&mut bench, &client);
    let prefix = |length| model::net::prefix::Prefix::around(parts(&had).0, length).unwrap();
    let binding = bench.engine.prefixes.view().binding(prefix(56)).unwrap().clone();
    bench.put_pool(1, "fd00:a::/48", 60, "fd00:a:0:3ff0::");
    bench.show(9, model::lease::binding::Binding { prefix_length: Some(60), ..binding.clone() });
    let view = bench.engine.prefixes.view();
    assert!(view.binding(prefix(56)).is_none() && view.binding(prefix(60)).is_some());
    let as_address = model::lease::binding::Binding { prefix_length: None, ..binding };
    bench.show(10, as_address.clone());
    assert!(bench.engine.prefixes.view().binding(prefix(60)).is_none(), "it is of an address now");
    assert!(bench.engine.leases.view().binding(parts(&had).0).is_some());
    let until = Timestamp::from_unix_ms(1);
    let again = model::lease::binding::Binding {
        prefix_length: Some(60),
        promise_until: until,
        ..as_address
    };
    bench.show(11, again);
    assert!(bench.engine.leases.view().binding(parts(&had).0).is_none());
}
