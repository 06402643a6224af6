//! What is answered while no region can be reached, and what is told once one can.

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::{Outcome, Output};
use dhcproto::v4::MessageType;
use model::lease::clock::RegionClock;
use model::lease::commit::Change;

use crate::bench::{Bench, Client, block, kind_of, lease_seconds, requested, sent};

#[test]
fn new_clients_get_leases_that_end_before_the_block() {
    let mut bench = Bench::new();
    bench.engine.set_reachable(false);
    bench.pass_ms(500_000);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let outputs = bench.handle(&client.select(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    let left = lease_seconds(&sent(&outputs).1).unwrap();
    assert!((390..=397).contains(&left), "{left} s");
    bench.pass_ms(400_000);
    assert_eq!(bench.handle(&Client::new(2).discover()), Err(Dropped::NoAddress));
}

#[test]
fn what_was_granted_is_committed_on_return_and_blocks_the_address_until_then() {
    let mut bench = Bench::new();
    bench.engine.set_reachable(false);
    let client = Client::new(1);
    let ip = bench.offered(&client);
    bench.handle(&client.select(ip)).unwrap();
    bench.engine.set_reachable(true);
    let outputs = bench.handle(&Client::new(2).select(ip)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    let request = requested(&bench.engine.tick(bench.now));
    assert_eq!(
        (request.change, request.ip, &request.client),
        (Change::Granted, ip, &client.mac.into())
    );
    bench.commit(&request);
    assert_eq!(bench.engine.tick(bench.now), []);
}

#[test]
fn a_commit_without_an_answer_is_answered_by_the_offline_rules_and_repeated() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    bench.pass_ms(100);
    let outputs = bench.engine.committed(request.request_id, Outcome::Unknown, bench.now);
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    bench.pass_ms(2_000);
    let again = requested(&bench.engine.tick(bench.now));
    assert_eq!(again.request_id, request.request_id);
}

#[test]
fn a_client_does_not_wait_longer_for_a_commit_than_two_seconds() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.offered(&client);
    bench.handle(&client.select(ip)).unwrap();
    bench.pass_ms(2_000);
    bench.engine.set_reachable(false);
    assert_eq!(kind_of(&bench.engine.tick(bench.now)), MessageType::Ack);
}

/// The commit that is late is of the time that it was asked at: without the rest the address would be another client's while
/// the first one uses it.
#[test]
fn what_a_client_was_told_beyond_a_late_commit_is_committed_too() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.offered(&client);
    let request = requested(&bench.handle(&client.select(ip)).unwrap());
    bench.pass_ms(100_000);
    bench.engine.set_reachable(false);
    assert_eq!(kind_of(&bench.engine.tick(bench.now)), MessageType::Ack);
    bench.engine.set_reachable(true);
    let outcome = Outcome::Committed { revision: 9, told_ms: request.told_ms };
    bench.engine.committed(request.request_id, outcome, bench.now);
    let told = requested(&bench.engine.tick(bench.now));
    assert_eq!((told.change, told.ip), (Change::Granted, ip));
    let outcome = Outcome::Committed { revision: 10, told_ms: told.told_ms };
    bench.engine.committed(told.request_id, outcome, bench.now);
    bench.pass_ms(2_000);
    assert_eq!(bench.engine.tick(bench.now), [], "nothing is left to tell");
}

/// C-15.
#[test]
fn a_binding_outside_the_own_block_is_extended_up_to_its_promise() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    bench.engine.set_reachable(false);
    bench.engine.update(|view| view.remove_block(block(0).id));
    bench.pass_ms(1_100_000);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    let left = lease_seconds(&sent(&outputs).1).unwrap();
    assert!((90..=97).contains(&left), "{left} s");
    bench.pass_ms(100_000);
    assert_eq!(bench.handle(&client.renew(ip)), Err(Dropped::NotKnown));
}

#[test]
fn a_rack_that_never_heard_of_region_time_is_silent() {
    let mut bench = Bench::new();
    let own = dhcp::v4::engine::OwnRack {
        rack: crate::bench::rack(1),
        incarnation: 7,
        serves_time: true,
    };
    let mut engine = dhcp::v4::engine::Engine::new(own, bench.engine.leases.policy);
    let view = bench.engine.view().clone();
    engine.update(|own| *own = view);
    bench.engine = engine;
    assert_eq!(bench.handle(&Client::new(1).discover()), Err(Dropped::NoAddress));
}

#[test]
fn while_region_time_is_in_doubt_nothing_is_given_and_nobody_is_refused() {
    let mut bench = Bench::new();
    let (holder, other) = (Client::new(1), Client::new(2));
    let ip = bench.bound(&holder);
    for reachable in [true, false] {
        bench.engine.set_reachable(reachable);
        bench.engine.forget_clock();
        bench.pass_ms(2_000);
        assert_eq!(bench.handle(&other.discover()), Err(Dropped::NoAddress));
        assert_eq!(bench.engine.tick(bench.now), []);
        let asks_for_it = bench.handle(&other.reboot(ip));
        assert!(!asks_for_it.is_ok_and(|outputs| outputs.iter().any(is_sent)), "{reachable}");
    }
    bench.pass_ms(2_000);
    assert_eq!(bench.handle(&holder.renew(ip)), Err(Dropped::NotKnown));
    let time = bench.region_time();
    bench.engine.set_clock(RegionClock::between(bench.now, time, time));
    bench.pass_ms(2_000);
    assert_eq!(kind_of(&bench.handle(&holder.renew(ip)).unwrap()), MessageType::Ack);
}

fn is_sent(output: &Output) -> bool {
    matches!(output, Output::Send(_))
}
