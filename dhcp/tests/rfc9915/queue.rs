//! What waits between the sockets and the engine: whose packets come first.

use std::net::Ipv6Addr;

use dhcp::queue::{Class, PacketQueue};
use dhcp::v6::dropped::Dropped;
use dhcp::v6::output::Arrival;
use dhcp::wire::v6::code;

use crate::bench::{Bench, ip};
use crate::client::{
    CONFIRM, Client, DECLINE, INFORMATION_REQUEST, REBIND, RELEASE, RENEW, REQUEST, association,
    option,
};

fn relayed(client: &Client, message: &[u8]) -> Vec<u8> {
    let addresses = [ip("fd00:1::99"), client.source].map(|ip| ip.octets()).concat();
    [&[12, 0][..], &addresses, &option(code::RELAY_MESSAGE, message)].concat()
}

#[test]
fn clients_with_leases_and_advertisements_come_before_new_ones() {
    let mut bench = Bench::new();
    let (bound, offered, new) = (Client::new(1), Client::new(2), Client::new(3));
    let had = bench.bound(&bound);
    let other = bench.advertised(&offered);
    let to_server = |client: &Client, kind, had: Ipv6Addr| {
        client.packet_to(kind, &bench.server, &association(1, &[had]))
    };
    let renew = to_server(&bound, RENEW, had);
    let packets = [
        ("new", Class::New, new.solicit()),
        ("new behind a relay", Class::New, relayed(&new, &new.solicit())),
        ("asks for information", Class::New, new.packet(INFORMATION_REQUEST, &[])),
        ("a stranger's request", Class::New, to_server(&new, REQUEST, other)),
        ("known", Class::Known, bound.solicit()),
        ("takes what was advertised", Class::Lease, to_server(&offered, REQUEST, other)),
        ("renews", Class::Lease, renew.clone()),
        ("renews behind a relay", Class::Lease, relayed(&bound, &renew)),
        ("rebinds", Class::Lease, bound.packet(REBIND, &association(1, &[had]))),
        ("releases", Class::Lease, to_server(&bound, RELEASE, had)),
        ("declines", Class::Lease, to_server(&bound, DECLINE, had)),
        ("confirms", Class::Lease, bound.packet(CONFIRM, &association(1, &[had]))),
    ];
    let mut queue = PacketQueue::with_room(8);
    for (name, class, packet) in &packets {
        let arrival = Arrival { multicast: packet[0] != 12, ..bench.arrival(&new) };
        let ticket = bench.engine.ticket(packet, &arrival, bench.now).unwrap();
        assert_eq!(ticket.class, *class, "{name}");
        queue.push(ticket, *class);
    }
    let order: Vec<Class> = std::iter::from_fn(|| queue.pop()).collect();
    assert_eq!(order[..4], [Class::Lease; 4]);
    assert_eq!(order.last(), Some(&Class::New));
    let short = bench.engine.ticket(&[1], &bench.arrival(&new), bench.now);
    assert!(matches!(short, Err(Dropped::Malformed(_))), "it need not wait");
}
