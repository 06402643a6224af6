//! RFC 4390: DHCP over InfiniBand, whose clients have no hardware address in their messages.

use std::net::Ipv4Addr;

use dhcp::v4::answer::Destination;
use dhcp::v4::dropped::Dropped;
use dhcp::wire::message::MessageError;
use dhcproto::v4::MessageType;
use model::lease::client::ClientId;

use crate::bench::{Bench, Client, kind_of, mac, raw_option, requested, sent};

/// What a client of that number calls itself: a DUID behind an IAID (RFC 4361).
fn identifier(number: u8) -> Vec<u8> {
    [&[255, 0, 0, 0, number, 0, 4][..], &[number; 16]].concat()
}

/// A packet of a client, as one on InfiniBand sends it: hardware type 32, no hardware address, and
/// the broadcast flag set.
fn over_infiniband(mut packet: Vec<u8>) -> Vec<u8> {
    (packet[1], packet[2]) = (32, 0);
    packet[10] |= 0x80;
    packet[28..44].fill(0);
    packet
}

fn client(number: u8) -> Client {
    Client::new(number).with(61, &identifier(number))
}

/// Gets an address and says which.
fn bound(bench: &mut Bench, client: &Client) -> Ipv4Addr {
    let outputs = bench.handle(&over_infiniband(client.discover())).unwrap();
    let (_, offer, _) = sent(&outputs);
    let outputs = bench.handle(&over_infiniband(client.select(offer.yiaddr()))).unwrap();
    let outputs = bench.commit(&requested(&outputs));
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    offer.yiaddr()
}

/// RFC 4390. V4-28.
#[test]
fn a_client_on_infiniband_is_who_its_identifier_says() {
    let mut bench = Bench::new();
    let outputs = bench.handle(&over_infiniband(client(1).discover())).unwrap();
    let (destination, offer, bytes) = sent(&outputs);
    assert_eq!(destination, Destination::Broadcast, "there is no address for a frame");
    assert_eq!(bytes[..4], [2, 32, 0, 0], "htype 32, hlen 0");
    assert_eq!(bytes[28..44], [0; 16], "chaddr");
    assert_eq!(raw_option(&bytes, 61).unwrap().1, identifier(1));
    let outputs = bench.handle(&over_infiniband(client(1).select(offer.yiaddr()))).unwrap();
    let request = requested(&outputs);
    assert_eq!(request.client, ClientId::Identifier(identifier(1).into()));
    assert_eq!(kind_of(&bench.commit(&request)), MessageType::Ack);
}

/// RFC 4390.
#[test]
fn clients_on_infiniband_are_told_apart_and_keep_their_addresses() {
    let mut bench = Bench::new();
    let ips = [1, 2].map(|number| bound(&mut bench, &client(number)));
    assert_ne!(ips[0], ips[1]);
    let ethernet = bench.offered(&Client { mac: mac(3), ..client(1) });
    assert!(!ips.contains(&ethernet), "the same identifier on Ethernet is another client");
    bench.pass_ms(300_000);
    for (number, ip) in [1, 2].into_iter().zip(ips) {
        assert_eq!(bound(&mut bench, &client(number)), ip);
    }
}

/// RFC 4390.
#[test]
fn a_client_on_infiniband_without_an_identifier_is_nobody() {
    let refused = Err(Dropped::Malformed(MessageError::NoIdentity));
    let mut bench = Bench::new();
    assert_eq!(bench.handle(&over_infiniband(Client::new(1).discover())), refused);
    assert_eq!(bench.handle(&over_infiniband(Client::new(1).with(61, &[]).discover())), refused);
}

/// RFC 4390.
#[test]
fn a_region_that_knows_no_identifiers_is_not_asked_for_one() {
    let mut bench = Bench::new();
    bench.engine.set_takes_identifiers(false);
    let dropped = bench.handle(&over_infiniband(client(1).discover()));
    assert_eq!(dropped, Err(Dropped::NoIdentifiersYet));
    assert_eq!(
        bench.handle(&client(1).discover()).map(|outputs| kind_of(&outputs)),
        Ok(MessageType::Offer)
    );
}
