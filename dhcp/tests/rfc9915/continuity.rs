//! What goes on between racks and regions: turns, commits without an outcome, and clients of a rack that is gone.

use dhcp::leases::view::PeerRack;
use dhcp::v6::dropped::Dropped;
use dhcp::v6::output::Outcome;
use model::lease::commit::Change;
use model::time::Timestamp;

use crate::bench::{Bench, rack, reply, requested, sent};
use crate::client::{Client, REBIND, RENEW, REPLY, REQUEST, association};

/// Both racks live; each knows of the other.
fn both_live(bench: &mut Bench) {
    bench.engine.leases.update(|view| {
        for number in [1, 2] {
            let known = view.rack(&rack(number)).unwrap().clone();
            view.put_rack(rack(number), PeerRack { connected: true, ..known });
        }
    });
}

#[test]
fn one_rack_answers_and_the_other_the_second_transmission() {
    let (mut first, mut second) = (Bench::new(), Bench::of_rack(2));
    both_live(&mut first);
    both_live(&mut second);
    let mut firsts = 0;
    for last in 1..30 {
        let client = Client::new(last);
        let renew = client.packet(REBIND, &association(1, &["fd00:9::1".parse().unwrap()]));
        let answers = [&mut first, &mut second].map(|bench| bench.handle(&client, &renew).is_ok());
        assert_eq!(answers.iter().filter(|answered| **answered).count(), 1, "{last}");
        firsts += u32::from(answers[0]);
        let other = if answers[0] { &mut second } else { &mut first };
        assert!(other.handle(&client, &renew).is_ok(), "it speaks when the first is silent");
    }
    assert!((5..25).contains(&firsts), "{firsts}");
}

#[test]
fn a_client_of_a_rack_that_is_gone_goes_on_at_the_other() {
    let (mut first, mut second) = (Bench::new(), Bench::of_rack(2));
    let client = Client::new(1);
    let had = first.bound(&client);
    let binding = first.engine.leases.view().binding(had).unwrap().clone();
    second.show(2, binding);
    second.engine.leases.update(|view| {
        let gone = PeerRack { connected: false, addresses: Vec::new() };
        view.put_rack(rack(1), gone);
    });
    second.pass_ms(500_000);
    for packet in
        [second.to_server(&client, RENEW, &[had]), client.packet(REBIND, &association(1, &[had]))]
    {
        let outputs = second.handle(&client, &packet).unwrap();
        let [request] = requested(&outputs).try_into().unwrap();
        assert_eq!((request.ip, request.block), (had, None), "it is not of its own block");
        let outputs = second.commit(&request);
        let told = reply(&outputs);
        assert_eq!((told.kind, told.address()), (REPLY, had));
        second.pass_ms(500_000);
    }
}

#[test]
fn a_reply_follows_its_commit_and_without_a_region_the_block_is_given_from() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.advertised(&client);
    let request = bench.to_server(&client, REQUEST, &[had]);
    let outputs = bench.handle(&client, &request).unwrap();
    assert!(sent(&outputs).is_empty(), "it waits");
    assert_eq!(bench.handle(&client, &request).unwrap_err(), Dropped::Repeated);
    let [commit] = requested(&outputs).try_into().unwrap();
    let outputs = bench.engine.committed(commit.request_id, Outcome::Unknown, bench.now);
    let told = reply(&outputs);
    assert_eq!(told.address(), had, "its own block is its own");
    let (_, _, valid) = told.associations()[0].addresses[0];
    assert!((20..=600).contains(&valid), "{valid}");
    bench.pass_ms(1_500);
    let repeated = bench.engine.tick(bench.now);
    assert_eq!(requested(&repeated)[0].request_id, commit.request_id, "it is asked again");
}

#[test]
fn what_was_given_without_a_region_is_told_when_it_is_back() {
    let mut bench = Bench::new();
    bench.engine.leases.set_reachable(false);
    let client = Client::new(1);
    let had = bench.advertised(&client);
    let told = bench.answered(&client, &bench.to_server(&client, REQUEST, &[had]));
    assert_eq!(told.address(), had);
    assert!(bench.engine.tick(bench.now).is_empty());
    bench.engine.leases.set_reachable(true);
    let [granted] = requested(&bench.engine.tick(bench.now)).try_into().unwrap();
    assert_eq!((granted.change, granted.ip), (Change::Granted, had));
    assert!(granted.hardware.is_some(), "with the hardware address of its client");
}

#[test]
fn who_waits_too_long_is_answered_from_what_the_rack_may_promise() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.advertised(&client);
    let packet = bench.to_server(&client, REQUEST, &[had]);
    bench.handle(&client, &packet).unwrap();
    bench.pass_ms(2_000);
    let outputs = bench.engine.tick(bench.now);
    assert_eq!(reply(&outputs).address(), had);
}

/// A message waits for all that it asks for. What was committed of it counts from its commit and not from the reply, and is
/// not told any more when it is over: a rack can have been suspended meanwhile.
#[test]
fn what_was_committed_long_before_the_reply_is_told_for_what_is_left_of_it() {
    for (suspended_ms, left_s) in [(100_000, Some(500)), (700_000, None)] {
        let mut bench = Bench::new();
        let client = Client::new(1);
        let both = [association(1, &[]), association(2, &[])].concat();
        let request = client.packet_to(REQUEST, &bench.server, &both);
        let asked = requested(&bench.handle(&client, &request).unwrap());
        assert!(sent(&bench.commit(&asked[0])).is_empty(), "it waits for the other");
        bench.pass_ms(suspended_ms);
        let refused = Outcome::Refused { revision: 9, taken: true };
        let outputs = bench.engine.committed(asked[1].request_id, refused, bench.now);
        let told = reply(&outputs).associations();
        let of_first = told[0].addresses.first().map(|(_, _, valid)| *valid);
        assert_eq!(of_first, left_s, "after {suspended_ms} ms");
    }
}

/// A refusal says that somebody else has the address: the client is told to give it up.
#[test]
fn a_refused_renewal_is_taken_from_the_client() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.bound(&client);
    bench.pass_ms(300_000);
    let outputs = bench.handle(&client, &bench.to_server(&client, RENEW, &[had])).unwrap();
    let [request] = requested(&outputs).try_into().unwrap();
    let refused = Outcome::Refused { revision: 9, taken: true };
    let told = reply(&bench.engine.committed(request.request_id, refused, bench.now));
    assert_eq!(told.associations()[0].addresses, [(had, 0, 0)]);
}

#[test]
fn an_address_that_was_promised_to_another_is_not_given() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let had = bench.bound(&client);
    let mut binding = bench.engine.leases.view().binding(had).unwrap().clone();
    binding.promise_until = Timestamp::from_unix_ms(u64::MAX / 2);
    bench.show(9, binding);
    bench.pass_ms(800_000);
    for last in 2..5 {
        assert_ne!(bench.advertised(&Client::new(last)), had);
    }
}
