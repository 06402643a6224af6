//! Three racks on one link: one server to its clients, of which one answers.

use std::net::{IpAddr, Ipv6Addr};

use dhcp::leases::view::PeerRack;
use dhcp::v6::dropped::Dropped;
use model::id::BlockId;
use model::lease::block::Block;
use model::net::vlan::Vlan;

use crate::bench::{Bench, VLAN, block, rack, sent, vlan};
use crate::client::Client;

/// Three racks of a link as they are before they hear of a client. Each has a block of its own, and knows which of them live.
fn three(live: [bool; 3]) -> [Bench; 3] {
    [1, 2, 3].map(|own| {
        let mut bench = Bench::of_rack(own);
        bench.engine.leases.update(|view| {
            view.put_vlan(Vlan { further_racks: vec![rack(3)], ..vlan(VLAN) });
            for (number, connected) in (1_u16..=3).zip(live) {
                let addresses = vec![format!("fd00:1::{number}/64").parse().unwrap()];
                view.put_rack(rack(number.into()), PeerRack { connected, addresses });
                let [first, last] = [0, 3].map(|last| {
                    Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 0xf0 + 0x10 * number + last)
                });
                view.put_block(Block {
                    id: BlockId(number.into()),
                    rack: Some(rack(number.into())),
                    first: IpAddr::V6(first),
                    last: IpAddr::V6(last),
                    ..block()
                });
            }
        });
        bench
    })
}

/// The places of the racks that answer a client's Solicit, which all of them hear.
fn answering(racks: &mut [Bench], client: &Client) -> Vec<usize> {
    let mut answering = Vec::new();
    for (place, bench) in racks.iter_mut().enumerate() {
        match bench.handle(client, &client.solicit()) {
            Ok(outputs) => {
                assert_eq!(sent(&outputs).len(), 1);
                answering.push(place);
            }
            Err(dropped) => assert_eq!(dropped, Dropped::NotOurTurn),
        }
    }
    answering
}

#[test]
fn of_three_racks_exactly_one_answers_each_client_also_when_one_is_gone() {
    let mut shares = [0; 3];
    for last in 0..=255 {
        let client = Client::new(last);
        let answered = answering(&mut three([true; 3]), &client);
        let [first] = answered[..] else { panic!("client {last}: {answered:?}") };
        shares[first] += 1;
        for gone in 0..3 {
            let live = [0, 1, 2].map(|place| place != gone);
            let mut left = Vec::from(three(live));
            left.remove(gone);
            let answered = answering(&mut left, &client);
            assert_eq!(answered.len(), 1, "client {last} without rack {gone}: {answered:?}");
            let own = answered[0] + usize::from(answered[0] >= gone);
            assert!(gone == first || own == first, "only the clients of who is gone move");
        }
    }
    assert!(shares.iter().all(|share| (50..120).contains(share)), "{shares:?}");
}

#[test]
fn racks_of_three_that_are_deaf_are_stood_in_for_one_after_the_other() {
    for last in 0..=255 {
        let client = Client::new(last);
        let mut racks = Vec::from(three([true; 3]));
        let first = answering(&mut racks, &client)[0];
        racks.remove(first);
        let second = answering(&mut racks, &client);
        assert_eq!(second.len(), 1, "its second transmission: {second:?}");
        racks.remove(second[0]);
        assert_eq!(answering(&mut racks, &client), [0], "its third one");
    }
}
