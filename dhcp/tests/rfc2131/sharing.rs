//! Two racks on one link (after RFC 3074).

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::external_dhcp::search;
use dhcp::v4::view::PeerRack;
use model::id::BlockId;
use model::lease::block::Block;

use crate::bench::{self, Bench, Client, rack, sent};

/// C-04, C-20.
#[test]
fn a_client_of_another_rack_is_answered_at_its_second_transmission() {
    let mut bench = Bench::new();
    let peer = |connected| PeerRack { connected, addresses: Vec::new() };
    bench.engine.update(|view| view.put_rack(rack(2), peer(true)));
    let is_ours = |bench: &mut Bench, client: &Client| bench.handle(&client.discover()).is_ok();
    let theirs = (0..=255)
        .map(Client::new)
        .find(|client| !is_ours(&mut bench, client))
        .expect("half of the clients are the other rack's");
    assert!(is_ours(&mut bench, &theirs), "the second transmission is ours");
    let again = Client { xid: 1_000, ..theirs.clone() };
    assert!(is_ours(&mut bench, &again), "nobody has offered it anything");
    let (offered, other) = (Ipv4Addr::new(10, 0, 0, 103), Ipv4Addr::new(10, 0, 0, 3));
    let taken = bench.handle(&again.select_of(offered, other));
    assert_eq!(taken, Err(Dropped::AnotherServer));
    let anew = Client { xid: 1_500, ..theirs.clone() };
    assert_eq!(bench.handle(&anew.discover()), Err(Dropped::NotOurTurn), "it had an offer");
    bench.engine.update(|view| view.put_rack(rack(2), peer(false)));
    let later = Client { xid: 2_000, ..theirs };
    assert!(is_ours(&mut bench, &later), "the other rack is gone");
}

/// C-14.
#[test]
fn a_rack_that_looks_for_other_servers_is_not_answered_by_the_sites() {
    let mut bench = Bench::new();
    let looking = search(bench::mac(7), 1);
    assert_eq!(bench.handle(&looking), Err(Dropped::Search));
    assert_eq!(bench.engine.free_addresses(bench::VLAN, 9, bench.now), 4, "nothing is kept for it");
    assert!(looking.len() >= 300);
    let addresses = vec!["10.0.0.3/24".parse().unwrap()];
    bench.engine.update(|view| view.put_rack(rack(2), PeerRack { connected: false, addresses }));
    let is_ours = [2, 3, 4].map(|last| bench.engine.is_of_the_site(Ipv4Addr::new(10, 0, 0, last)));
    assert_eq!(is_ours, [true, true, false], "this rack, another one, a stranger");
}

/// V4-05: an address that lies in another rack's block is offered by that rack.
#[test]
fn who_can_give_the_address_that_is_asked_for_answers_first() {
    let other = [110, 111].map(|last| Ipv4Addr::new(10, 0, 0, last));
    let fresh = || {
        let mut bench = Bench::new();
        let block = Block {
            id: BlockId(2),
            rack: Some(rack(2)),
            first: other[0].into(),
            last: other[1].into(),
            ..bench::block(900_000)
        };
        bench.engine.update(|view| {
            view.put_rack(rack(2), PeerRack { connected: true, addresses: Vec::new() });
            view.put_block(block);
        });
        bench
    };
    let asking = |last: u8, ip: Ipv4Addr| Client::new(last).packet(1, &[(50, ip.octets())]);
    let own = Ipv4Addr::new(10, 0, 0, 102);
    for client in 0..=32 {
        let mut bench = fresh();
        let offered = bench.handle(&asking(client, own)).map(|outputs| sent(&outputs).1.yiaddr());
        assert_eq!(offered, Ok(own), "it is ours to give");
        let theirs = asking(client + 100, other[1]);
        assert_eq!(bench.handle(&theirs), Err(Dropped::NotOurTurn));
        assert!(bench.handle(&theirs).is_ok(), "the other rack did not answer");
    }
    let mut bench = fresh();
    let first = |bench: &mut Bench, last| bench.handle(&asking(last, other[1])).is_ok();
    assert!(!(0..=32).any(|last| first(&mut bench, last)));
    let elsewhere = Ipv4Addr::new(10, 0, 0, 200);
    let of_nobody = (0..=32).filter(|last| fresh().handle(&asking(*last, elsewhere)).is_ok());
    assert!((5..28).contains(&of_nobody.count()), "what nobody can give decides nothing");
}
