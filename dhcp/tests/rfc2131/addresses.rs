//! Several subnets on one interface: clients are told the rack's address in their own.

use std::net::Ipv4Addr;

use dhcp::v4::dropped::Dropped;
use dhcp::v4::output::Arrival;
use dhcproto::v4::MessageType;

use crate::bench::{
    Bench, Client, SERVER, VLAN, block_of, kind_of, raw_option, requested, sending, sent, subnet,
};

const SECOND: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
const RESERVED: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 50);

/// The link has a second subnet, and the rack an address in it.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.engine.set_addresses([SERVER, SECOND]);
    bench.engine.update(|view| {
        view.put_subnet(subnet(2, VLAN, "10.1.0.0/24", [10, 1, 0, 1]));
        view.put_block(block_of(2, VLAN, [[10, 1, 0, 100], [10, 1, 0, 103]]));
        view.put_reserved(RESERVED.into(), Some(Client::new(1).mac));
        let addresses = vec!["10.0.0.2/24".parse().unwrap(), "10.1.0.2/24".parse().unwrap()];
        let rack = dhcp::v4::view::PeerRack { connected: true, addresses };
        view.put_rack(crate::bench::rack(1), rack);
    });
    bench
}

fn pxe() -> Client {
    Client::new(1).with(60, b"PXEClient:Arch:00000:UNDI:002001").with(93, &[0, 0])
}

/// V4-17, C-12.
#[test]
fn a_client_of_the_second_subnet_is_told_the_address_there() {
    let mut bench = bench();
    let outputs = bench.handle(&pxe().discover()).unwrap();
    let (_, reply, bytes) = sent(&outputs);
    assert_eq!((reply.yiaddr(), reply.siaddr()), (RESERVED, SECOND));
    assert_eq!(raw_option(&bytes, 54).unwrap().1, SECOND.octets());
    assert_eq!(raw_option(&bytes, 66).unwrap().1, b"10.1.0.2");
    assert_eq!(raw_option(&bytes, 6).unwrap().1, [SECOND.octets(), [9, 9, 9, 9]].concat());
    assert_eq!(sending(&outputs).source, SECOND);
    let ipxe = pxe().with(77, b"iPXE");
    let outputs = bench.handle(&ipxe.discover()).unwrap();
    let url = raw_option(&sent(&outputs).2, 67).unwrap().1.to_vec();
    assert!(url.starts_with(b"http://10.1.0.2:5248/"), "{}", String::from_utf8_lossy(&url));
}

/// V4-08.
#[test]
fn any_address_of_the_rack_is_this_server_and_the_chosen_one_is_kept() {
    for server in [SECOND, SERVER] {
        let mut bench = bench();
        let outputs = bench.handle(&Client::new(1).select_of(RESERVED, server)).unwrap();
        assert_eq!(kind_of(&outputs), MessageType::Ack);
        assert_eq!(raw_option(&sent(&outputs).2, 54).unwrap().1, server.octets());
    }
    let elsewhere = Client::new(1).select_of(RESERVED, Ipv4Addr::new(10, 1, 0, 3));
    assert_eq!(bench().handle(&elsewhere), Err(Dropped::AnotherServer));
}

/// V4-11, V4-17.
#[test]
fn a_renewal_at_any_address_of_the_rack_is_one_and_is_answered_from_there() {
    let mut bench = bench();
    let client = Client::new(2);
    let ip = bench.bound(&client);
    bench.pass_ms(300_000);
    let destination = if ip.octets()[1] == 0 { SECOND } else { SERVER };
    let arrival = Arrival { destination, ..bench.arrival() };
    let outputs = bench.handle_at(&client.renew(ip), arrival).unwrap();
    let outputs = bench.commit(&requested(&outputs));
    assert_eq!(kind_of(&outputs), MessageType::Ack);
    assert_eq!(sending(&outputs).source, destination);
}
