//! A relay that asks who has an address (RFC 4388), over the wire. Needs root.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use dhcp::wire::options::Options;
use model::id::{SubnetId, SystemId};
use model::net::subnet::Subnet;
use proto::convert::Served;

use crate::dhcp_sockets::{
    CLIENT_MAC, Network, SERVER, client_sockets, exchange, generation, ip, packet,
};
use crate::probes::while_served;

/// The relay, which is the gateway of the clients' subnet.
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 5);

/// DHCPLEASEQUERY of a relay about an address.
fn query(relay: Ipv4Addr, ip: Ipv4Addr) -> Vec<u8> {
    let mut query = packet(10, false, &[]);
    query[1..3].copy_from_slice(&[0, 0]);
    query[12..16].copy_from_slice(&ip.octets());
    query[24..28].copy_from_slice(&relay.octets());
    query[28..34].copy_from_slice(&[0; 6]);
    query.pop();
    query.extend([55, 2, 51, 91, 255]);
    query
}

/// The answer to a relay: its kind, whose address it is, and all of it.
fn asked(socket: &UdpSocket, query: &[u8]) -> (Option<u8>, [u8; 6], Options) {
    socket.send_to(query, (SERVER, 67)).unwrap();
    let mut reply = [0; 1_500];
    let (len, from) = socket.recv_from(&mut reply).unwrap();
    let reply = &reply[..len];
    assert_eq!((from.ip(), from.port()), (SERVER.into(), 67), "from where it was asked");
    assert_eq!((reply[0], &reply[4..8]), (2, &query[4..8]));
    assert_eq!(reply[12..16], query[12..16], "ciaddr");
    let options = Options::parse(&reply[240..], &reply[108..236], &reply[44..108]);
    (options.first_byte(53), reply[28..34].try_into().unwrap(), options)
}

fn relay_socket(address: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((address, 67)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    socket
}

/// RFC 4388.
#[test]
fn a_relay_is_told_over_the_wire_who_has_an_address_and_others_are_told_nothing() {
    let network = Network::new("f");
    for own in [RELAY, STRANGER] {
        ip(&format!("-n {} address add {own}/24 dev c0", network.client));
    }
    let mut served = generation(&SystemId::from_number(1));
    let subnet = served.subnets.get(&SubnetId(1)).unwrap().as_ref().clone();
    served.put(Served::Subnet(Subnet { gateway_ip: Some(RELAY.into()), ..subnet }));
    while_served(&network, served, |_| {
        let (mut frames, client) = client_sockets();
        let (_, offered) = exchange(&client, &mut frames, &packet(1, true, &[]), 2);
        let request = packet(3, true, &[(54, SERVER.octets()), (50, offered.octets())]);
        let bound = Instant::now();
        exchange(&client, &mut frames, &request, 5);
        let relay = relay_socket(RELAY);
        let (kind, mac, options) = asked(&relay, &query(RELAY, offered));
        assert_eq!((kind, mac), (Some(13), CLIENT_MAC), "DHCPLEASEACTIVE");
        let left = options.number_u32(51).unwrap();
        let spent = u32::try_from(bound.elapsed().as_secs()).unwrap() + 1;
        assert!((600 - spent..=600).contains(&left), "{left} s are left");
        assert!(options.number_u32(91).unwrap() <= spent);
        let free = Ipv4Addr::new(10, 77, 0, 200);
        assert_eq!(asked(&relay, &query(RELAY, free)).0, Some(11), "DHCPLEASEUNASSIGNED");
        let elsewhere = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(asked(&relay, &query(RELAY, elsewhere)).0, Some(12), "DHCPLEASEUNKNOWN");
        // What a stranger asks is not answered, and what the relay asks after it is.
        let stranger = relay_socket(STRANGER);
        stranger.set_nonblocking(true).unwrap();
        stranger.send_to(&query(STRANGER, offered), (SERVER, 67)).unwrap();
        assert_eq!(asked(&relay, &query(RELAY, offered)).0, Some(13));
        assert!(stranger.recv(&mut [0; 1_500]).is_err());
    });
}
