//! DHCP servers that are none of the site's, over the wire. Needs root.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use dhcp::external_dhcp::{ExternalServer, ExternalServers};
use dhcp::v6::engine::server_id;
use model::id::{SubnetId, SystemId, VlanId};
use model::mac::MacAddress;
use model::net::subnet::Subnet;
use nix::net::if_::if_nametoindex;
use proto::convert::Served;
use rack::dhcp::news::News;
use rack::generation::Generation;
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::dhcp_sockets::{CLIENT_MAC, Network, SERVER, enter, generation, ip, packet};
use crate::probes::while_served;
use crate::relay::serve_v6;

const ROGUE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);

/// What the rack tells next of such servers.
fn next(news: &mpsc::Receiver<News>) -> ExternalServers<Ipv4Addr> {
    loop {
        match news.recv_timeout(Duration::from_secs(120)).unwrap() {
            News::ExternalDhcp(servers) => return servers,
            News::Conflict(_)
            | News::Exchange(_)
            | News::DeclinedReservation(_)
            | News::HeardTwice(_)
            | News::ExternalDhcpV6(_) => {}
        }
    }
}

/// What a server hears next.
fn hear(socket: &UdpSocket) -> Vec<u8> {
    let mut heard = vec![0; 1_500];
    let (len, _) = socket.recv_from(&mut heard).unwrap();
    heard.truncate(len);
    heard
}

/// A server answers with an OFFER, which says who it is if it is to.
fn answer(socket: &UdpSocket, asked: &[u8], server: Option<Ipv4Addr>) {
    pass_on(socket, asked, server, Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(10, 77, 0, 200));
}

/// The same, of an address, through a relay.
fn pass_on(
    socket: &UdpSocket,
    asked: &[u8],
    server: Option<Ipv4Addr>,
    relay: Ipv4Addr,
    given: Ipv4Addr,
) {
    let mut offer = vec![0; 236];
    offer[24..28].copy_from_slice(&relay.octets());
    offer[..4].copy_from_slice(&[2, 1, 6, 0]);
    offer[4..8].copy_from_slice(&asked[4..8]);
    offer[16..20].copy_from_slice(&given.octets());
    offer[28..34].copy_from_slice(&asked[28..34]);
    offer.extend([99, 130, 83, 99, 53, 1, 2]);
    if let Some(server) = server {
        offer.extend([54, 4]);
        offer.extend(server.octets());
    }
    offer.push(255);
    socket.send_to(&offer, (Ipv4Addr::BROADCAST, 68)).unwrap();
}

fn rogue_socket() -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.bind_device(Some(b"c0")).unwrap();
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 67)).into()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    socket.into()
}

/// C-14.
#[test]
fn a_rogue_server_is_found_by_the_racks_search() {
    let network = Network::new("d");
    ip(&format!("-n {} address add {ROGUE}/24 dev c0", network.client));
    let socket = std::thread::scope(|scope| {
        let open = scope.spawn(|| {
            enter(&network.client);
            rogue_socket()
        });
        open.join().unwrap()
    });
    while_served(&network, generation(&SystemId::from_number(1)), |news| {
        let began = Instant::now();
        let search = hear(&socket);
        answer(&socket, &search, None);
        assert_eq!((search[0], search[10]), (1, 0x80), "a client that wants a broadcast");
        assert_ne!(search[28..34], CLIENT_MAC);
        let server = ExternalServer { ip: ROGUE, mac: MacAddress(CLIENT_MAC) };
        let found = |complete| {
            let servers = vec![server];
            ExternalServers { vlan: VlanId(1), servers, complete }
        };
        assert_eq!(next(news), found(false), "at once");
        assert!(began.elapsed() < Duration::from_secs(60));
        assert_eq!(next(news), found(true), "and when the search ends");
    });
}

/// C-14.
#[test]
fn a_server_that_answers_others_only_is_heard_and_a_rack_is_none() {
    let network = Network::new("e");
    ip(&format!("-n {} address add {ROGUE}/24 dev c0", network.client));
    while_served(&network, generation(&SystemId::from_number(1)), |news| {
        let nothing = next(news);
        assert_eq!(nothing.servers, [], "the search ended without an answer");
        let rogue = rogue_socket();
        // A relay that calls itself the server passes on what racks give, and then what they do not.
        let (relay, asked) = (Ipv4Addr::new(10, 77, 0, 5), packet(1, true, &[]));
        pass_on(&rogue, &asked, Some(relay), relay, Ipv4Addr::new(10, 77, 0, 101));
        for server in [SERVER, Ipv4Addr::new(192, 0, 2, 1)] {
            answer(&rogue, &packet(1, true, &[]), Some(server));
        }
        let heard = next(news).servers.into_iter().map(|server| server.ip);
        assert_eq!(heard.collect::<Vec<_>>(), [Ipv4Addr::new(192, 0, 2, 1)]);
        pass_on(&rogue, &asked, Some(relay), relay, Ipv4Addr::new(10, 77, 0, 200));
        let heard = next(news).servers.into_iter().map(|server| server.ip);
        assert_eq!(heard.collect::<Vec<_>>(), [relay, Ipv4Addr::new(192, 0, 2, 1)]);
    });
}

const ROGUE_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);
/// Another rack of the site.
const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 8);

/// The addresses of both ends, which are used at once.
fn address_v6(network: &Network) {
    for (namespace, interface, addresses) in [
        (&network.server, "s0", &["fe80::2/64", "fd00:77::2/64"][..]),
        (&network.client, "c0", &["fe80::8/64", "fe80::9/64"]),
    ] {
        ip(&format!("-n {namespace} link set dev {interface} addrgenmode none"));
        ip(&format!("-n {namespace} -6 address flush dev {interface}"));
        for address in addresses {
            ip(&format!("-n {namespace} address add {address} dev {interface} nodad"));
        }
    }
}

/// A socket of a server on the client's link.
fn server_socket(address: Ipv6Addr) -> UdpSocket {
    let index = if_nametoindex("c0").unwrap();
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_reuse_address(true).unwrap();
    let scope = if address.is_unspecified() { 0 } else { index };
    socket.bind(&SocketAddrV6::new(address, 547, 0, scope).into()).unwrap();
    if address.is_unspecified() {
        socket.join_multicast_v6(&"ff02::1:2".parse().unwrap(), index).unwrap();
    }
    socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    socket.into()
}

/// What a server that calls itself so answers.
fn advertise(asked: &[u8], identifier: &[u8]) -> Vec<u8> {
    let len = u16::try_from(identifier.len()).unwrap().to_be_bytes();
    [&[2][..], &asked[1..4], &[0, 2], &len, identifier].concat()
}

/// What the rack tells next of servers of `DHCPv6`.
fn next_v6(news: &mpsc::Receiver<News>) -> ExternalServers<Ipv6Addr> {
    loop {
        match news.recv_timeout(Duration::from_secs(120)).unwrap() {
            News::ExternalDhcpV6(servers) => return servers,
            News::Conflict(_)
            | News::DeclinedReservation(_)
            | News::Exchange(_)
            | News::HeardTwice(_)
            | News::ExternalDhcp(_) => {}
        }
    }
}

/// Answers what the rack looks for servers with: a rack of the site, and then somebody else.
fn answer_search(heard: &UdpSocket, news: &mpsc::Receiver<News>) {
    let mut search = [0; 1_500];
    let (len, asking) = heard.recv_from(&mut search).unwrap();
    let search = &search[..len];
    assert_eq!((search[0], asking.port()), (1, 546), "a client's Solicit");
    let SocketAddr::V6(from) = asking else { panic!("{asking}") };
    assert_eq!(*from.ip(), Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2));
    let has = |option: &[u8]| search.windows(option.len()).any(|part| part == option);
    assert!(has(&[0, 3, 0, 12]) && !has(&[0, 14, 0, 0]), "an address, which is not taken at once");
    for (address, identifier) in [(PEER_V6, server_id("cluster")), (ROGUE_V6, vec![0, 2, 9, 9])] {
        let answer = advertise(search, &identifier);
        server_socket(address).send_to(&answer, asking).unwrap();
    }
    let server = ExternalServer { ip: ROGUE_V6, mac: MacAddress(CLIENT_MAC) };
    let found = |complete| {
        let servers = vec![server];
        ExternalServers { vlan: VlanId(1), servers, complete }
    };
    assert_eq!(next_v6(news), found(false), "at once");
    assert_eq!(next_v6(news), found(true), "and when the search ends");
}

fn generation_v6() -> Generation {
    let mut generation = generation(&SystemId::from_number(1));
    let net = "fd00:77::/64".parse().unwrap();
    generation.put(Served::Subnet(Subnet::new(SubnetId(2), VlanId(1), net)));
    generation
}

/// V6-22.
#[test]
fn a_rogue_server_of_ipv6_is_found_by_the_racks_search_and_a_rack_of_the_site_is_none() {
    let network = Network::new("g");
    address_v6(&network);
    let (shutdown, (news, told)) = (CancellationToken::new(), mpsc::channel());
    std::thread::scope(|scope| {
        let open = scope.spawn(|| {
            enter(&network.client);
            server_socket(Ipv6Addr::UNSPECIFIED)
        });
        let heard = open.join().unwrap();
        let stop = shutdown.clone();
        let rack = scope.spawn(|| serve_v6(&network.server, generation_v6(), news, stop));
        let client = &network.client;
        let outcome = scope.spawn(move || {
            enter(client);
            answer_search(&heard, &told);
        });
        let outcome = outcome.join();
        shutdown.cancel();
        rack.join().unwrap();
        outcome.unwrap();
    });
}
