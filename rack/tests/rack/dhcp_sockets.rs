//! DHCP over real sockets: a server in one network namespace, a client that writes its own packets
//! in another, a virtual cable between them. Needs root.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use dhcp::v4::engine::OwnRack;
use model::id::{BlockId, FabricId, IpRangeId, SubnetId, SystemId, VlanId};
use model::lease::block::Block;
use model::net::subnet::{ReverseDns, Subnet};
use model::net::vlan::Vlan;
use model::time::Timestamp;
use nix::sched::{CloneFlags, setns};
use proto::convert::Served;
use rack::clock::{Boot, RegionClock};
use rack::dhcp::metrics::DhcpMetrics;
use rack::dhcp::news::News;
use rack::dhcp::service::DhcpService;
use rack::generation::{Generation, Generations};
use rack::uplink::Uplink;
use socket2::{Domain, Protocol, Socket, Type};
use tokio_util::sync::CancellationToken;

const REGION_MS: u64 = 1_000_000;
pub(crate) const CLIENT_MAC: [u8; 6] = [0x52, 0x54, 0, 0x77, 0, 1];
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// Two namespaces and a cable; removed when dropped.
pub(crate) struct Network {
    pub(crate) server: String,
    pub(crate) client: String,
}

impl Network {
    /// With names that no other test has.
    pub(crate) fn new(test: &str) -> Self {
        let id = format!("{test}{}", std::process::id());
        let network = Self { server: format!("irdhcp-s{id}"), client: format!("irdhcp-c{id}") };
        let (server, client) = (&network.server, &network.client);
        ip(&format!("netns add {server}"));
        ip(&format!("netns add {client}"));
        ip(&format!("-n {server} link add s0 type veth peer name c0 netns {client}"));
        ip(&format!("-n {server} address add 10.77.0.2/24 dev s0"));
        ip(&format!("-n {client} link set c0 address 52:54:00:77:00:01"));
        ip(&format!("-n {server} link set s0 up"));
        ip(&format!("-n {client} link set c0 up"));
        network
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in [&self.server, &self.client] {
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}

pub(crate) fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

pub(crate) fn enter(namespace: &str) {
    let file = File::open(format!("/run/netns/{namespace}")).unwrap();
    setns(file, CloneFlags::CLONE_NEWNET).unwrap();
}

/// A rack that owns 10.77.0.100 to 10.77.0.103 and has lost its region.
pub(crate) fn generation(rack: &SystemId) -> Generation {
    let mut generation = Generation { revision: 1, ..Generation::default() };
    generation.put(Served::Vlan(Vlan {
        dhcp_on: true,
        primary_rack: Some(rack.clone()),
        ..Vlan::untagged(VlanId(1), FabricId(1))
    }));
    generation.put(Served::Subnet(Subnet {
        name: "lab".to_owned(),
        rdns_mode: ReverseDns::Enabled,
        ..Subnet::new(SubnetId(1), VlanId(1), "10.77.0.0/24".parse().unwrap())
    }));
    generation.put(Served::Block(Block {
        id: BlockId(1),
        iprange: IpRangeId(1),
        prefix_length: None,
        subnet: SubnetId(1),
        vlan: VlanId(1),
        first: IpAddr::from([10, 77, 0, 100]),
        last: IpAddr::from([10, 77, 0, 103]),
        rack: Some(rack.clone()),
        incarnation: 7,
        epoch: 1,
        granted_at: Timestamp::from_unix_ms(REGION_MS),
        valid_until: Timestamp::from_unix_ms(REGION_MS + 900_000),
        quarantine_until: Timestamp::default(),
    }));
    generation
}

pub(crate) fn serve(
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
        let clock = RegionClock::default();
        clock.observe(Timestamp::from_unix_ms(REGION_MS), Boot::now(), Boot::now());
        let service = DhcpService::new(
            OwnRack { rack, incarnation: 7, serves_time: true },
            &generations,
            clock,
            Uplink::default(),
            DhcpMetrics::default(),
            // Whoever does not listen any more has heard enough.
            Arc::new(move |heard| drop(news.send(heard))),
        );
        // A generation that comes once the service runs, as it does from a region.
        let publish = async {
            tokio::task::yield_now().await;
            generations.publish(generation);
        };
        tokio::join!(service.run(shutdown), publish);
    });
}

pub(crate) fn packet(kind: u8, broadcast: bool, options: &[(u8, [u8; 4])]) -> Vec<u8> {
    let mut packet = vec![0; 236];
    packet[..8].copy_from_slice(&[1, 1, 6, 0, 1, 2, 3, 4]);
    packet[10] = if broadcast { 0x80 } else { 0 };
    packet[28..34].copy_from_slice(&CLIENT_MAC);
    packet.extend([99, 130, 83, 99, 53, 1, kind]);
    for (code, value) in options {
        packet.extend([*code, 4]);
        packet.extend(value);
    }
    packet.push(255);
    packet
}

/// Sends until a reply comes; a lost first packet only means that the server was not ready.
pub(crate) fn exchange(
    socket: &UdpSocket,
    frames: &mut Socket,
    packet: &[u8],
    kind: u8,
) -> (Ipv4Addr, Ipv4Addr) {
    let give_up = Instant::now() + Duration::from_secs(120);
    while Instant::now() < give_up {
        socket.send_to(packet, (Ipv4Addr::BROADCAST, 67)).unwrap();
        let resend = Instant::now() + Duration::from_millis(500);
        while Instant::now() < resend {
            if let Some(reply) = read_reply(frames, kind) {
                return reply;
            }
        }
    }
    panic!("no reply of type {kind}");
}

/// The IP destination and `yiaddr` of a reply, read from its frame.
fn read_reply(frames: &mut Socket, kind: u8) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let mut frame = [0; 2_048];
    let len = frames.read(&mut frame).ok()?;
    let bytes = &frame[..len];
    let is_reply = len > 14 + 28 + 243 && bytes[34..38] == [0, 67, 0, 68];
    let message = bytes.get(42..)?;
    if !is_reply || message[0] != 2 || message[240..243] != [53, 1, kind] {
        return None;
    }
    let address = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    assert_eq!(address(26), SERVER, "the source is the server's address");
    Some((address(30), address(42 + 16)))
}

/// The sockets of a client: for frames, to addresses that the host does not have, too, and for UDP.
pub(crate) fn client_sockets() -> (Socket, UdpSocket) {
    // ETH_P_ALL in network byte order.
    let frames = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(0x0300))).unwrap();
    frames.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.bind_device(Some(b"c0")).unwrap();
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 68)).into()).unwrap();
    (frames, UdpSocket::from(socket))
}

fn client(namespace: &str) {
    enter(namespace);
    let (mut frames, socket) = client_sockets();
    let (to, offered) = exchange(&socket, &mut frames, &packet(1, true, &[]), 2);
    assert_eq!(to, Ipv4Addr::BROADCAST);
    assert_eq!(offered.octets()[..3], [10, 77, 0]);
    let (to, again) = exchange(&socket, &mut frames, &packet(1, false, &[]), 2);
    assert_eq!((to, again), (offered, offered), "a frame to an address that nobody has yet");
    let request = packet(3, false, &[(54, SERVER.octets()), (50, offered.octets())]);
    assert_eq!(exchange(&socket, &mut frames, &request, 5), (offered, offered));
    let foreign = packet(3, false, &[(50, [192, 168, 1, 1])]);
    assert_eq!(exchange(&socket, &mut frames, &foreign, 6).0, Ipv4Addr::BROADCAST);
}

/// V4-15, V4-17, C-17.
#[test]
fn a_client_without_address_gets_one_over_the_wire() {
    let network = Network::new("a");
    let shutdown = CancellationToken::new();
    std::thread::scope(|scope| {
        let stop = shutdown.clone();
        let served = generation(&SystemId::from_number(1));
        let server = scope.spawn(|| serve(&network.server, served, mpsc::channel().0, stop));
        let outcome = scope.spawn(|| client(&network.client)).join();
        shutdown.cancel();
        server.join().unwrap();
        outcome.unwrap();
    });
}
