//! DHCP servers that are none of the site's, over the wire. Needs root.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use dhcp::v4::external_dhcp::{ExternalServer, ExternalServers};
use model::id::{SystemId, VlanId};
use model::mac::MacAddress;
use rack::dhcp::news::News;
use socket2::{Domain, Protocol, Socket, Type};

use crate::dhcp_sockets::{CLIENT_MAC, Network, SERVER, enter, generation, ip, packet};
use crate::probes::while_served;

const ROGUE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);

/// What the rack tells next of such servers.
fn next(news: &mpsc::Receiver<News>) -> ExternalServers {
    loop {
        match news.recv_timeout(Duration::from_secs(120)).unwrap() {
            News::ExternalDhcp(servers) => return servers,
            News::Conflict(_) | News::Exchange(_) | News::HeardTwice(_) => {}
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
