//! RFC 4039: a DISCOVER that is acknowledged, by one rack, for clients that are known.

use std::net::{IpAddr, Ipv4Addr};

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::Outcome;
use dhcp::v4::view::PeerRack;
use dhcproto::v4::MessageType;
use model::lease::commit::Change;

use crate::bench::{Bench, Client, kind_of, mac, rack, raw_option, requested, sent};

fn rapid(last: u8, xid: u32) -> Client {
    Client { xid, ..Client::new(last) }.with(80, &[])
}

/// A client whose lease is older than its first quarter.
fn known(bench: &mut Bench, last: u8) -> Ipv4Addr {
    let ip = bench.bound(&Client::new(last));
    bench.pass_ms(300_000);
    ip
}

/// RFC 4039.
#[test]
fn a_known_client_that_wants_it_is_acknowledged_after_the_commit() {
    let mut bench = Bench::new();
    let ip = known(&mut bench, 1);
    let request = requested(&bench.handle(&rapid(1, 9).discover()).unwrap());
    assert_eq!((request.ip, &request.client), (ip, &mac(1).into()));
    let again = bench.handle(&rapid(1, 9).discover());
    assert_eq!(again, Err(Dropped::Repeated), "the commit is on its way");
    let outputs = bench.commit(&request);
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!(reply.opts().msg_type(), Some(MessageType::Ack));
    assert_eq!((reply.yiaddr(), reply.xid()), (ip, 9));
    assert_eq!(raw_option(&bytes, 80).unwrap().1, [0_u8; 0]);
    let outputs = bench.handle(&rapid(1, 10).discover()).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack, "a fresh lease needs no commit");
    let own = IpAddr::from([10, 0, 0, 50]);
    bench.engine.update(|view| view.put_reserved(own, Some(mac(2))));
    let outputs = bench.handle(&rapid(2, 1).discover()).unwrap();
    assert_eq!(kind_of(&outputs), MessageType::Ack, "nor does a reserved address");
    assert_eq!(IpAddr::from(sent(&outputs).1.yiaddr()), own);
}

/// RFC 4039.
#[test]
fn who_does_not_ask_for_it_or_is_not_known_or_has_no_region_is_offered_an_address() {
    let mut bench = Bench::new();
    known(&mut bench, 1);
    let offered = |bench: &mut Bench, client: &Client| {
        let outputs = bench.handle(&client.discover()).unwrap();
        assert_eq!(kind_of(&outputs), MessageType::Offer);
        assert_eq!(raw_option(&sent(&outputs).2, 80), None);
    };
    offered(&mut bench, &Client { xid: 2, ..Client::new(1) });
    offered(&mut bench, &Client { xid: 3, ..Client::new(1) }.with(80, &[1]));
    offered(&mut bench, &rapid(2, 1));
    bench.engine.set_reachable(false);
    offered(&mut bench, &rapid(1, 4));
}

/// RFC 4039.
#[test]
fn of_two_racks_only_the_one_that_answers_first_takes_it_up() {
    let mut bench = Bench::new();
    let peer = |connected| PeerRack { connected, addresses: Vec::new() };
    for last in 1..=4 {
        bench.bound(&Client::new(last));
    }
    bench.pass_ms(300_000);
    bench.engine.update(|view| view.put_rack(rack(2), peer(true)));
    let (mut ours, mut theirs) = (0, 0);
    for last in 1..=4 {
        match bench.handle(&rapid(last, 9).discover()) {
            Err(Dropped::NotOurTurn) => {
                let outputs = bench.handle(&rapid(last, 9).discover()).unwrap();
                assert_eq!(kind_of(&outputs), MessageType::Offer, "the other rack may be at it");
                theirs += 1;
            }
            Ok(outputs) => {
                requested(&outputs);
                ours += 1;
            }
            Err(dropped) => panic!("client {last}: {dropped}"),
        }
    }
    assert!(ours > 0 && theirs > 0, "{ours} and {theirs}");
}

/// RFC 4039.
#[test]
fn a_discover_is_never_refused_whatever_the_region_says() {
    let mut bench = Bench::new();
    known(&mut bench, 1);
    let request = requested(&bench.handle(&rapid(1, 9).discover()).unwrap());
    let outcome = Outcome::Refused { revision: 9, taken: true };
    assert_eq!(bench.engine.committed(request.request_id, outcome, bench.now), []);
}

/// dhcpcd 9 declines what it got in this way without the address and the server.
/// RFC 4039, V4-20.
#[test]
fn a_decline_that_names_no_address_is_of_what_was_acknowledged_in_its_transaction() {
    let mut bench = Bench::new();
    let ip = known(&mut bench, 1);
    let decline = |xid| Client { xid, ..Client::new(1) }.packet(4, &[]);
    let request = requested(&bench.handle(&rapid(1, 9).discover()).unwrap());
    assert_eq!(bench.handle(&decline(9)), Err(Dropped::Senseless), "it was told nothing yet");
    bench.commit(&request);
    assert_eq!(bench.handle(&decline(8)), Err(Dropped::Senseless), "of another transaction");
    let request = requested(&bench.handle(&decline(9)).unwrap());
    assert_eq!((request.change, request.ip), (Change::Decline, ip));
    assert_ne!(bench.offered(&Client::new(1)), ip);
    let ip = bench.bound(&Client::new(2));
    assert_eq!(kind_of(&bench.handle(&rapid(2, 9).discover()).unwrap()), MessageType::Ack);
    bench.pass_ms(60_000);
    assert_eq!(
        bench.handle(&Client { xid: 9, ..Client::new(2) }.packet(4, &[])),
        Err(Dropped::Senseless)
    );
    assert_eq!(bench.offered(&Client::new(2)), ip, "after a minute it is forgotten");
}
