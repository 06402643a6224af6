//! §4.3.2: DHCPREQUEST in its four states.

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::{Outcome, Output};
use dhcproto::v4::MessageType;

use crate::bench::{Bench, Client, kind_of, lease_seconds, requested, sent};

#[test]
fn the_acknowledgement_follows_the_commit() {
    let mut bench = Bench::new();
    let client = Client::new(1).with(12, b"Node-1.example.com\0");
    let ip = bench.offered(&client);
    let outputs = bench.handle(&client.select(ip)).unwrap();
    assert!(matches!(outputs.as_slice(), [Output::Commit(_)]));
    let request = requested(&outputs);
    assert_eq!((request.ip, &request.client), (ip, &client.mac.into()));
    assert_eq!(request.told_ms, 600_000);
    assert_eq!(request.hostname.as_deref(), Some("node-1"));
    bench.pass_ms(1_500);
    let outputs = bench.commit(&request);
    // What the commit took is taken from the lease.
    assert_eq!(lease_seconds(&sent(&outputs).1), Some(598));
}

/// V4-29.
#[test]
fn a_repeated_request_is_committed_once() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.offered(&client);
    bench.handle(&client.select(ip)).unwrap();
    assert_eq!(bench.handle(&client.select(ip)), Err(Dropped::Repeated));
}

/// V4-08, C-14.
#[test]
fn a_request_for_another_server_withdraws_the_offer() {
    let mut bench = Bench::new();
    for last in 1..=4 {
        bench.offered(&Client::new(last));
    }
    let ip = bench.offered(&Client::new(1));
    let elsewhere = Client::new(1).select_of(ip, Ipv4Addr::new(10, 0, 0, 3));
    assert_eq!(bench.handle(&elsewhere), Err(Dropped::AnotherServer));
    assert_eq!(bench.offered(&Client::new(5)), ip);
}

/// V4-09.
#[test]
fn an_address_of_another_client_is_refused() {
    let mut bench = Bench::new();
    let ip = bench.bound(&Client::new(1));
    for packet in [Client::new(2).select(ip), Client::new(2).reboot(ip), Client::new(2).renew(ip)] {
        let outputs = bench.handle(&packet).unwrap();
        assert_eq!(kind_of(&outputs), MessageType::Nak);
    }
}

#[test]
fn a_commit_refused_because_the_address_is_taken_becomes_a_nak_and_any_other_silence() {
    for (taken, want) in [(true, Some(MessageType::Nak)), (false, None)] {
        let mut bench = Bench::new();
        let client = Client::new(1);
        let ip = bench.offered(&client);
        let request = requested(&bench.handle(&client.select(ip)).unwrap());
        let outcome = Outcome::Refused { revision: 9, taken };
        let outputs = bench.engine.committed(request.request_id, outcome, bench.now);
        assert_eq!((!outputs.is_empty()).then(|| kind_of(&outputs)), want);
    }
}

/// V4-10, V4-12, C-15.
#[test]
fn a_wrong_network_is_refused_and_an_unknown_address_is_not_answered() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let outputs = bench.handle(&client.reboot(Ipv4Addr::new(10, 9, 0, 1))).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    let unknown = client.reboot(Ipv4Addr::new(10, 0, 0, 50));
    assert_eq!(bench.handle(&unknown), Err(Dropped::NotKnown));
    let unknown = client.renew(Ipv4Addr::new(10, 0, 0, 50));
    assert_eq!(bench.handle(&unknown), Err(Dropped::NotKnown));
}

/// V4-10.
#[test]
fn a_client_that_reboots_with_another_address_than_its_own_is_refused() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    bench.bound(&client);
    let outputs = bench.handle(&client.reboot(Ipv4Addr::new(10, 0, 0, 50))).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
}

/// C-06.
#[test]
fn a_renewal_in_the_first_quarter_commits_nothing() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    bench.pass_ms(100_000);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    let left = lease_seconds(&sent(&outputs).1).unwrap();
    assert!((490..=500).contains(&left), "{left} s");
    bench.pass_ms(100_000);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    assert_eq!(lease_seconds(&sent(&bench.commit(&requested(&outputs))).1), Some(600));
}

/// V4-14.
#[test]
fn a_lease_that_ended_is_given_back_to_its_client() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    bench.pass_ms(700_000);
    let outputs = bench.handle(&client.reboot(ip)).unwrap();
    assert_eq!(kind_of(&bench.commit(&requested(&outputs))), MessageType::Ack);
}
