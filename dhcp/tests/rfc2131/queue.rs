//! What waits between the sockets and the engine: whose packets come first.

use dhcp::queue::{Class, PacketQueue};
use dhcp::v4::dropped::Dropped;

use crate::bench::{Bench, Client};

/// C-11.
#[test]
fn clients_with_leases_and_offers_come_before_new_ones() {
    let mut bench = Bench::new();
    let (bound, offered, new) = (Client::new(1), Client::new(2), Client::new(3));
    let ip = bench.bound(&bound);
    let other = bench.offered(&offered);
    let mut queue = PacketQueue::with_room(8);
    let packets = [
        ("new", Class::New, new.discover()),
        ("a stranger's request", Class::New, new.select(other)),
        ("known", Class::Known, bound.discover()),
        ("takes an offer", Class::Lease, offered.select(other)),
        ("renews", Class::Lease, bound.renew(ip)),
        ("releases", Class::Lease, bound.release(ip)),
    ];
    for (name, class, packet) in &packets {
        let ticket = bench.engine.ticket(packet, &bench.arrival(), bench.now).unwrap();
        assert_eq!(ticket.class, *class, "{name}");
        assert_eq!(queue.push(ticket, *name), None);
    }
    let order: Vec<&str> = std::iter::from_fn(|| queue.pop()).collect();
    let wanted = ["takes an offer", "renews", "releases", "known", "new", "a stranger's request"];
    assert_eq!(order, wanted);
    let short = bench.engine.ticket(&[1, 1, 6], &bench.arrival(), bench.now);
    assert!(matches!(short, Err(Dropped::Malformed(_))), "it need not wait");
}
