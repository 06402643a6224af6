//! Two seconds of each search, in every run of the tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::time::Duration;

use fuzz::corpus;
use fuzz::target::{Target, search};

fn nothing_in(target: Target) {
    let found = search(target, &corpus::read().unwrap(), 1, Duration::from_secs(2));
    assert!(found.is_ok(), "ironraft-fuzz --target {} --seed 1 --case {found:?}", target.name());
}

#[test]
fn no_packet_breaks_what_reads_and_writes_packets() {
    nothing_in(Target::Wire);
}

#[test]
fn no_conversation_breaks_what_a_server_promises() {
    nothing_in(Target::Engine);
}

#[test]
fn no_packet_or_conversation_of_dhcpv6_breaks_what_a_server_promises() {
    nothing_in(Target::V6);
}

#[test]
fn no_packet_through_a_relay_goes_the_wrong_way_or_loses_what_it_says() {
    nothing_in(Target::Relay);
}

#[test]
fn no_solicitation_is_taken_that_is_none_and_no_advertisement_is_odd() {
    nothing_in(Target::Ndp);
}

#[test]
fn no_request_gets_what_is_not_its_callers() {
    nothing_in(Target::Api);
}

#[test]
fn no_filter_is_understood_otherwise_than_it_is_printed() {
    nothing_in(Target::Query);
}
