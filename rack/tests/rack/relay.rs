//! A rack that relays what clients say, and one that says what to boot beside another server, over the wire. Needs root.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use dhcp::v4::engine::OwnRack;
use dhcp::v6::engine::server_id;
use model::id::{FabricId, SubnetId, SystemId, VlanId};
use model::net::subnet::Subnet;
use model::net::vlan::Vlan;
use proto::convert::Served;
use rack::clock::RegionClock;
use rack::dhcp::metrics::DhcpMetrics;
use rack::dhcp::news::News;
use rack::dhcp::v6::service::DhcpV6Service;
use rack::generation::{Generation, Generations};
use rack::uplink::Uplink;
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::dhcp_sockets::{
    CLIENT_MAC, Network, SERVER, client_sockets, enter, exchange, generation, ip, packet,
};
use crate::probes::while_served;

/// The server of others, on a link of its own.
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 9);
const OTHER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x78, 0, 0, 0, 0, 0, 9);
/// What it gives.
const GIVEN: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 150);
/// The rack's address on the link of the clients.
const AGENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x77, 0, 0, 0, 0, 0, 2);
const WAIT_MAX: Duration = Duration::from_secs(120);

/// A namespace with the server of others, behind the rack; removed when dropped.
struct Upstream {
    name: String,
}

impl Upstream {
    fn add(network: &Network, test: &str) -> Self {
        let name = format!("irdhcp-u{test}{}", std::process::id());
        let rack = &network.server;
        ip(&format!("netns add {name}"));
        ip(&format!("-n {rack} link add u0 type veth peer name p0 netns {name}"));
        ip(&format!("-n {rack} address add 10.78.0.2/24 dev u0"));
        ip(&format!("-n {rack} address add fd00:78::2/64 dev u0 nodad"));
        ip(&format!("-n {rack} address add {AGENT_V6}/64 dev s0 nodad"));
        ip(&format!("-n {rack} link set u0 up"));
        ip(&format!("-n {name} address add {OTHER}/24 dev p0"));
        ip(&format!("-n {name} address add {OTHER_V6}/64 dev p0 nodad"));
        ip(&format!("-n {name} link set p0 up"));
        ip(&format!("-n {name} route add {SERVER}/32 via 10.78.0.2"));
        ip(&format!("-n {name} -6 route add {AGENT_V6}/128 via fd00:78::2"));
        Self { name }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// The link of the clients, which the rack does not serve.
fn unserved(change: impl FnOnce(&mut Vlan)) -> Generation {
    let rack = SystemId::from_number(1);
    let mut generation = generation(&rack);
    let mut vlan = Vlan { primary_rack: Some(rack), ..Vlan::untagged(VlanId(1), FabricId(1)) };
    change(&mut vlan);
    generation.put(Served::Vlan(vlan));
    let net = "fd00:77::/64".parse().unwrap();
    generation.put(Served::Subnet(Subnet::new(SubnetId(2), VlanId(1), net)));
    generation
}

fn relayed() -> Generation {
    unserved(|vlan| vlan.relay_to = vec![IpAddr::V4(OTHER), IpAddr::V6(OTHER_V6)])
}

/// Has a server answer what it hears until nothing comes any more; what it heard.
fn answering<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    upstream: &'scope Upstream,
    at: SocketAddr,
    stop: CancellationToken,
    answer: impl Fn(&[u8]) -> (Vec<u8>, SocketAddr) + Send + 'scope,
) -> ScopedJoinHandle<'scope, Vec<Vec<u8>>> {
    scope.spawn(move || {
        enter(&upstream.name);
        let socket = UdpSocket::bind(at).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut heard = Vec::new();
        while !stop.is_cancelled() {
            let mut message = [0; 2_000];
            if let Ok((len, _)) = socket.recv_from(&mut message) {
                let (reply, to) = answer(&message[..len]);
                socket.send_to(&reply, to).unwrap();
                heard.push(message[..len].to_vec());
            }
        }
        heard
    })
}

/// An OFFER or ACK with whatever the relay had added, as RFC 3046 wants it.
fn reply(asked: &[u8]) -> (Vec<u8>, SocketAddr) {
    let mut reply = asked[..240].to_vec();
    reply[0] = 2;
    reply[16..20].copy_from_slice(&GIVEN.octets());
    let kind = if asked[242] == 1 { 2 } else { 5 };
    reply.extend([53, 1, kind, 54, 4]);
    reply.extend(OTHER.octets());
    let at = asked.windows(3).rposition(|three| three == b"\x52\x0c\x01").unwrap();
    reply.extend(&asked[at..at + 14]);
    reply.push(255);
    let giaddr = Ipv4Addr::new(asked[24], asked[25], asked[26], asked[27]);
    (reply, SocketAddr::from((giaddr, 67)))
}

/// R4-01, R4-03, R4-04.
#[test]
fn a_client_without_address_gets_one_of_another_server_through_the_rack() {
    let network = Network::new("rl");
    let upstream = Upstream::add(&network, "rl");
    let stop = CancellationToken::new();
    std::thread::scope(|scope| {
        let at = SocketAddr::from((OTHER, 67));
        let server = answering(scope, &upstream, at, stop.clone(), reply);
        let _stopping = stop.clone().drop_guard();
        while_served(&network, relayed(), |_| {
            let (mut frames, socket) = client_sockets();
            let mut told = |kind, broadcast, options: &[_], answer| {
                exchange(&socket, &mut frames, &packet(kind, broadcast, options), answer)
            };
            assert_eq!(told(1, true, &[], 2), (Ipv4Addr::BROADCAST, GIVEN));
            assert_eq!(told(1, false, &[], 2), (GIVEN, GIVEN), "a frame to an address of nobody");
            let taken = [(54, OTHER.octets()), (50, GIVEN.octets())];
            assert_eq!(told(3, false, &taken, 5), (GIVEN, GIVEN));
        });
        stop.cancel();
        let heard = server.join().unwrap();
        let first = &heard[0];
        assert_eq!((first[3], &first[24..28]), (1, &SERVER.octets()[..]), "hops and giaddr");
        assert_eq!(first[28..34], CLIENT_MAC);
        let added = b"\x52\x0c\x01\x02s0\x02\x06";
        assert!(first.windows(added.len()).any(|part| part == added), "the interface and the rack");
    });
}

/// Serves `DHCPv6` until it is told to stop.
pub(crate) fn serve_v6(
    namespace: &str,
    generation: Generation,
    news: mpsc::Sender<News>,
    shutdown: CancellationToken,
) {
    enter(namespace);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let rack = SystemId::from_number(1);
        let generations = Generations::default();
        let service = DhcpV6Service::new(
            (OwnRack { rack, incarnation: 7, serves_time: true }, server_id("cluster")),
            &generations,
            RegionClock::default(),
            Uplink::default(),
            DhcpMetrics::default(),
            // Whoever does not listen any more has heard enough.
            Arc::new(move |heard| drop(news.send(heard))),
        );
        let publish = async {
            tokio::task::yield_now().await;
            generations.publish(generation);
        };
        tokio::join!(service.run(shutdown), publish);
    });
}

/// An Advertise, wrapped as the Solicit was.
fn advertise(asked: &[u8]) -> (Vec<u8>, SocketAddr) {
    let mut reply = vec![13];
    reply.extend(&asked[1..34]);
    let message = [2, 0, 0, 7];
    reply.extend([0, 18, 0, 2]);
    reply.extend(b"s0");
    reply.extend([0, 9, 0, 4]);
    reply.extend(message);
    (reply, SocketAddr::from((AGENT_V6, 547)))
}

fn solicit(namespace: &str) {
    enter(namespace);
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.bind(&SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 546, 0, 0).into()).unwrap();
    let socket = UdpSocket::from(socket);
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let index = nix::net::if_::if_nametoindex("c0").unwrap();
    let servers = SocketAddrV6::new("ff02::1:2".parse().unwrap(), 547, 0, index);
    let duid = [0, 1, 0, 10, 0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 9];
    let packet = [&[1, 0, 0, 7][..], &duid].concat();
    let give_up = Instant::now() + WAIT_MAX;
    while Instant::now() < give_up {
        // The kernel verifies the host's own address first, and the rack may not be ready.
        if socket.send_to(&packet, servers).is_ok() {
            let mut reply = [0; 1_500];
            if let Ok((len, _)) = socket.recv_from(&mut reply) {
                assert_eq!(reply[..len], [2, 0, 0, 7]);
                return;
            }
        }
    }
    panic!("no answer");
}

/// R6-01, R6-03, R6-04.
#[test]
fn a_client_is_answered_over_ipv6_through_the_rack_which_says_its_hardware_address() {
    let network = Network::new("rm");
    let upstream = Upstream::add(&network, "rm");
    let (stop, shutdown) = (CancellationToken::new(), CancellationToken::new());
    std::thread::scope(|scope| {
        let at = SocketAddr::from((OTHER_V6, 547));
        let server = answering(scope, &upstream, at, stop.clone(), advertise);
        let ended = shutdown.clone();
        let news = mpsc::channel().0;
        let rack = scope.spawn(|| serve_v6(&network.server, relayed(), news, ended));
        let outcome = scope.spawn(|| solicit(&network.client)).join();
        stop.cancel();
        shutdown.cancel();
        rack.join().unwrap();
        let heard = server.join().unwrap();
        outcome.unwrap();
        let first = &heard[0];
        assert_eq!((&first[..2], &first[2..18]), (&[12, 0][..], &AGENT_V6.octets()[..]));
        let hardware = [&[0, 79, 0, 8, 0, 1][..], &CLIENT_MAC].concat();
        for wanted in [&hardware[..], b"\x00\x12\x00\x02s0", &[1, 0, 0, 7]] {
            assert!(
                first.windows(wanted.len()).any(|part| part == wanted),
                "{wanted:?}: {first:?}"
            );
        }
    });
}

/// A client that boots from the network, by its UEFI.
fn booting(kind: u8) -> Vec<u8> {
    let mut packet = packet(kind, true, &[]);
    packet.pop();
    let class = b"PXEClient:Arch:00007:UNDI:003016";
    packet.extend([60, 32]);
    packet.extend(class);
    packet.extend([93, 2, 0, 7, 255]);
    packet
}

/// PXE-01, PXE-03.
#[test]
fn a_client_that_boots_is_told_what_to_load_beside_another_server() {
    let network = Network::new("rp");
    ip(&format!("-n {} address add 10.77.0.50/24 dev c0", network.client));
    while_served(&network, unserved(|vlan| vlan.proxy_dhcp = true), |_| {
        let (mut frames, socket) = client_sockets();
        let (to, given) = exchange(&socket, &mut frames, &booting(1), 2);
        assert_eq!((to, given), (Ipv4Addr::BROADCAST, Ipv4Addr::UNSPECIFIED), "no address");
        let boot = UdpSocket::bind((Ipv4Addr::new(10, 77, 0, 50), 0)).unwrap();
        boot.set_read_timeout(Some(WAIT_MAX)).unwrap();
        boot.send_to(&booting(3), (SERVER, 4_011)).unwrap();
        let mut ack = [0; 1_500];
        let (len, from) = boot.recv_from(&mut ack).unwrap();
        assert_eq!(from, SocketAddr::from((SERVER, 4_011)));
        assert_eq!((ack[0], &ack[16..20], &ack[240..243]), (2, &[0; 4][..], &[53, 1, 5][..]));
        assert!(ack[..len].windows(11).any(|part| part == b"snponly.efi"));
    });
}
