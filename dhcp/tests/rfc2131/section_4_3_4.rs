//! §4.3.4 and §4.3.5: DHCPRELEASE, DHCPINFORM.

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcproto::v4::MessageType;
use model::lease::commit::Change;

use crate::bench::{Bench, Client, SERVER, kind_of, lease_seconds, requested, sent};

/// V4-19.
#[test]
fn only_the_holder_releases_and_nothing_is_answered() {
    let mut bench = Bench::new();
    let client = Client::new(1);
    let ip = bench.bound(&client);
    let release =
        |last: u8| Client { ciaddr: ip, ..Client::new(last) }.packet(7, &[(54, SERVER.octets())]);
    assert_eq!(bench.handle(&release(2)), Err(Dropped::NotKnown));
    let outputs = bench.handle(&release(1)).unwrap();
    assert_eq!(requested(&outputs).change, Change::Release);
    assert_eq!(outputs.len(), 1);
}

/// V4-18.
#[test]
fn an_inform_is_answered_without_an_address_and_its_times() {
    let mut bench = Bench::new();
    let ip = Ipv4Addr::new(10, 0, 0, 50);
    let outputs = bench.handle(&Client { ciaddr: ip, ..Client::new(1) }.packet(8, &[])).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    let (destination, reply, _) = sent(&outputs);
    assert_eq!(destination, Destination::Unicast { ip });
    assert!(reply.yiaddr().is_unspecified());
    assert_eq!(lease_seconds(&reply), None);
}
