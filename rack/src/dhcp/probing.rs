//! Asks whether anybody uses an address, and hears who answers: by ARP where the rack has an interface
//! on the link, by ICMP echo where a relay stands between.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::Arc;

use dhcp::v4::probes::Probe;
use model::id::VlanId;
use model::mac::MacAddress;
use nix::sys::socket::{LinkAddr, MsgFlags, SockaddrIn, recvfrom, sendto};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::arp::{self, ETHERTYPE_ARP};
use crate::dhcp::metrics::{DhcpMetrics, ProbeKind};
use crate::dhcp::probe_packets::{ECHO_REPLY, echo_answer, echo_request};
use crate::dhcp::socket::InterfaceSocket;
use crate::packet_socket::{bpf, filtered, read};

/// Answers that wait for the engine; more are dropped, and their addresses asked for again.
const HEARD_MAX: usize = 512;
/// As much of a packet as is looked at: an IP header with options, and what is answered with.
const PACKET_MAX: usize = 128;

/// Somebody who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// By ARP.
    Arp {
        /// The index of the interface it came in at.
        interface: u32,
        ip: Ipv4Addr,
        mac: MacAddress,
    },
    /// By ICMP echo.
    Echo { ip: Ipv4Addr },
}

/// The sockets for probes. Each is opened when it is needed first.
#[derive(Debug)]
pub(crate) struct Probing {
    hears_arp: bool,
    echo: Option<Arc<UdpSocket>>,
    heard: (mpsc::Sender<Heard>, mpsc::Receiver<Heard>),
    readers: JoinSet<()>,
    /// Tells the echoes that this process asked for from others.
    id: u16,
    sequence: u16,
}

impl Probing {
    /// No socket is open.
    pub(crate) fn new(id: u16) -> Self {
        Self {
            hears_arp: false,
            echo: None,
            heard: mpsc::channel(HEARD_MAX),
            readers: JoinSet::new(),
            id,
            sequence: 0,
        }
    }

    /// The next answer.
    pub(crate) async fn hear(&mut self) -> Option<Heard> {
        self.heard.1.recv().await
    }

    /// Sends probes; the links on which that fails, and why. `on_link` is an interface on a link with
    /// the host's address there.
    pub(crate) fn send<'a>(
        &mut self,
        probes: &[Probe],
        on_link: impl Fn(VlanId) -> Option<(&'a InterfaceSocket, Ipv4Addr)>,
        metrics: &DhcpMetrics,
    ) -> BTreeMap<VlanId, io::Error> {
        let mut failed = BTreeMap::new();
        for Probe { vlan, ip } in probes {
            if failed.contains_key(vlan) {
                continue;
            }
            let way = on_link(*vlan);
            let way = way.and_then(|(socket, at)| Some((socket, (socket.hardware()?, at))));
            let (kind, sent) = match way {
                Some((socket, own)) => ("arp", self.send_arp(socket, own, *ip)),
                None => ("echo", self.send_echo(*ip)),
            };
            match sent {
                Ok(()) => drop(metrics.probes.get_or_create(&ProbeKind { kind }).inc()),
                Err(error) => drop(failed.insert(*vlan, error)),
            }
        }
        failed
    }

    fn send_arp(
        &mut self,
        socket: &InterfaceSocket,
        own: (MacAddress, Ipv4Addr),
        ip: Ipv4Addr,
    ) -> io::Result<()> {
        if !self.hears_arp {
            let socket = open_arp()?;
            let heard = self.heard.0.clone();
            self.readers.spawn(async move { read(&socket, read_arp, heard).await });
            self.hears_arp = true;
        }
        socket.send_frame(&arp::request(own, ip))
    }

    fn send_echo(&mut self, ip: Ipv4Addr) -> io::Result<()> {
        let socket = match &self.echo {
            Some(socket) => Arc::clone(socket),
            None => self.open_echo()?,
        };
        self.sequence = self.sequence.wrapping_add(1);
        let request = echo_request(self.id, self.sequence);
        let target = SockaddrIn::from(SocketAddrV4::new(ip, 0));
        Ok(sendto(socket.as_raw_fd(), &request, &target, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }

    fn open_echo(&mut self) -> io::Result<Arc<UdpSocket>> {
        let socket = Arc::new(open_echo()?);
        let (reading, heard, id) = (Arc::clone(&socket), self.heard.0.clone(), self.id);
        self.readers.spawn(async move {
            read(&reading, |socket| read_echo(socket, id), heard).await;
        });
        self.echo = Some(Arc::clone(&socket));
        Ok(socket)
    }
}

/// A packet socket that hears ARP replies at all interfaces: those to questions of this host, and
/// the few that are sent to all.
fn open_arp() -> io::Result<UdpSocket> {
    let protocol = Protocol::from(i32::from(ETHERTYPE_ARP.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    let operation_at = u32::try_from(arp::OPERATION_AT).unwrap_or_default();
    let filter = [
        SockFilter::new(bpf::LOAD_HALF, 0, 0, operation_at),
        SockFilter::new(bpf::IF_EQUAL, 0, 1, u32::from(arp::REPLY)),
        SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
        SockFilter::new(bpf::RETURN, 0, 0, 0),
    ];
    filtered(socket, &filter)
}

/// A raw socket that hears ICMP echo replies.
fn open_echo() -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    let filter = [
        SockFilter::new(bpf::LOAD_HEADER_LENGTH, 0, 0, 0),
        SockFilter::new(bpf::LOAD_BYTE_AFTER_HEADER, 0, 0, 0),
        SockFilter::new(bpf::IF_EQUAL, 0, 1, u32::from(ECHO_REPLY)),
        SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
        SockFilter::new(bpf::RETURN, 0, 0, 0),
    ];
    filtered(socket, &filter)
}

fn read_arp(socket: &UdpSocket) -> io::Result<Option<Heard>> {
    let mut buffer = [0; PACKET_MAX];
    let (len, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let answer = buffer.get(..len).and_then(arp::answer).zip(from);
    Ok(answer.and_then(|((ip, mac), from)| {
        Some(Heard::Arp { interface: u32::try_from(from.ifindex()).ok()?, ip, mac })
    }))
}

fn read_echo(socket: &UdpSocket, id: u16) -> io::Result<Option<Heard>> {
    let mut buffer = [0; PACKET_MAX];
    let (len, _) = recvfrom::<SockaddrIn>(socket.as_raw_fd(), &mut buffer)?;
    let ip = buffer.get(..len).and_then(|packet| echo_answer(packet, id));
    Ok(ip.map(|ip| Heard::Echo { ip }))
}
