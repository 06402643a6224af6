//! Two racks on one link (after RFC 3074).

use std::net::Ipv4Addr;

use dhcp::v4::engine::Dropped;
use dhcp::v4::view::PeerRack;

use crate::bench::{Bench, Client, rack};

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
