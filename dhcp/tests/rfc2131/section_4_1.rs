//! §4.1: where replies go, and what their fixed fields say.

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcproto::v4::MessageType;

use crate::bench::{Bench, Client, kind_of, sending, sent};

/// V4-15.
#[test]
fn a_client_without_address_gets_a_frame_or_a_broadcast_as_it_wants() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let outputs = bench.handle(&client.discover()).unwrap();
    let (destination, reply, _) = sent(&outputs);
    assert_eq!(destination, Destination::Frame { ip: reply.yiaddr(), mac: client.mac });
    let outputs = bench.handle(&Client { flags: 0x8000, ..client }.discover()).unwrap();
    assert_eq!(sent(&outputs).0, Destination::Broadcast);
}

/// V4-15.
#[test]
fn a_client_that_renews_is_answered_at_its_address() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    let outputs = bench.handle(&client.renew(ip)).unwrap();
    let (destination, reply, _) = sent(&outputs);
    assert_eq!(destination, Destination::Unicast { ip });
    assert_eq!(reply.ciaddr(), ip);
}

/// V4-15.
#[test]
fn a_nak_is_broadcast() {
    let mut bench = Bench::new();
    let wrong = Ipv4Addr::new(192, 168, 7, 7);
    let outputs = bench.handle(&Client::new(1).reboot(wrong)).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Nak);
    assert_eq!(sending(&outputs).destination, Destination::Broadcast);
}

/// V4-01, V4-23.
#[test]
fn replies_copy_what_identifies_the_exchange_and_have_the_length_of_bootp() {
    let mut bench = Bench::new();
    let client = Client { xid: 0xdead_beef, ..Client::new(1) };
    let outputs = bench.handle(&client.discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!((reply.xid(), reply.hops(), reply.secs()), (0xdead_beef, 0, 0));
    assert_eq!(reply.chaddr(), client.mac.0);
    assert!(bytes.len() >= 300);
    assert_eq!(bytes[240..243], [53, 1, 2]);
}
