//! Two and three racks on one link (after RFC 3074).

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::external_dhcp::search;
use dhcp::v4::view::PeerRack;
use model::id::BlockId;
use model::lease::block::Block;
use model::net::vlan::Vlan;

use crate::bench::{self, Bench, Client, VLAN, rack, sent};

/// Three racks of a link as they are before they hear of a client. Each has a block of its own, and knows which of them live.
fn three(live: [bool; 3]) -> [Bench; 3] {
    [1, 2, 3].map(|own| {
        let mut bench = Bench::of_rack(own);
        bench.engine.update(|view| {
            let further_racks = vec![rack(3)];
            view.put_vlan(Vlan { further_racks, ..bench::vlan(VLAN, None) });
            for (number, connected) in (1_u8..=3).zip(live) {
                view.put_rack(rack(number.into()), PeerRack { connected, addresses: Vec::new() });
                let [first, last] =
                    [0, 3].map(|last| Ipv4Addr::new(10, 0, 0, 90 + 10 * number + last));
                view.put_block(Block {
                    id: BlockId(number.into()),
                    rack: Some(rack(number.into())),
                    first: first.into(),
                    last: last.into(),
                    ..bench::block(900_000)
                });
            }
        });
        bench
    })
}

/// The places of the racks that answer a packet which all of them hear.
fn answering(racks: &mut [Bench], packet: &[u8]) -> Vec<usize> {
    let mut answering = Vec::new();
    for (place, bench) in racks.iter_mut().enumerate() {
        match bench.handle(packet) {
            Ok(outputs) => {
                sent(&outputs);
                answering.push(place);
            }
            Err(dropped) => assert_eq!(dropped, Dropped::NotOurTurn),
        }
    }
    answering
}

/// C-20.
#[test]
fn of_three_racks_exactly_one_answers_each_client_also_when_one_is_gone() {
    let mut shares = [0; 3];
    for last in 0..=255 {
        let discover = Client::new(last).discover();
        let answered = answering(&mut three([true; 3]), &discover);
        let [first] = answered[..] else { panic!("client {last}: {answered:?}") };
        shares[first] += 1;
        for gone in 0..3 {
            let live = [0, 1, 2].map(|place| place != gone);
            let mut left = Vec::from(three(live));
            left.remove(gone);
            let answered = answering(&mut left, &discover);
            assert_eq!(answered.len(), 1, "client {last} without rack {gone}: {answered:?}");
            let own = answered[0] + usize::from(answered[0] >= gone);
            assert!(gone == first || own == first, "only the clients of who is gone move");
        }
    }
    assert!(shares.iter().all(|share| (50..120).contains(share)), "{shares:?}");
}

/// C-20.
#[test]
fn racks_of_three_that_are_deaf_are_stood_in_for_one_after_the_other() {
    for last in 0..=255 {
        let discover = Client::new(last).discover();
        let mut racks = Vec::from(three([true; 3]));
        let first = answering(&mut racks, &discover)[0];
        racks.remove(first);
        let second = answering(&mut racks, &discover);
        assert_eq!(second.len(), 1, "its second transmission: {second:?}");
        racks.remove(second[0]);
        assert_eq!(answering(&mut racks, &discover), [0], "its third one");
    }
}

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
    assert_eq!(bench.engine.free_addresses(VLAN, 9, bench.now), 4, "nothing is kept for it");
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
