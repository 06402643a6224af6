//! A packet socket for ARP: it hears what hosts say at all interfaces, asks for addresses and announces them.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

use model::mac::MacAddress;
use nix::libc::PACKET_OTHERHOST;
use nix::sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::arp::{self, ETHERTYPE_ARP};
use crate::packet_socket::{bpf, filtered, link_address};

/// As much of a frame as is looked at.
const FRAME_MAX: usize = 64;
/// ARP over Ethernet, where the frame says so.
const HARDWARE_AT: u32 = 14;
const ETHERNET: u32 = 1;

/// Who said at which interface that it has which address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) interface: u32,
    pub(crate) ip: Ipv4Addr,
    pub(crate) mac: MacAddress,
}

/// The socket.
#[derive(Debug)]
pub(crate) struct ArpSocket(UdpSocket);

impl ArpSocket {
    /// Opens it. It does not hear what this host sends.
    pub(crate) fn open() -> io::Result<Self> {
        let protocol = Protocol::from(i32::from(ETHERTYPE_ARP.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
        let filter = [
            SockFilter::new(bpf::LOAD_HALF, 0, 0, HARDWARE_AT),
            SockFilter::new(bpf::IF_EQUAL, 0, 1, ETHERNET),
            SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
            SockFilter::new(bpf::RETURN, 0, 0, 0),
        ];
        filtered(socket, &filter).map(Self)
    }

    /// The next message; none when it says nothing.
    pub(crate) async fn hear(&self) -> io::Result<Option<Heard>> {
        self.0.async_io(Interest::READABLE, || read(&self.0)).await
    }

    /// Asks at an interface who has an address, from the host's own ones.
    pub(crate) fn ask(
        &self,
        interface: &LinkAddr,
        own: (MacAddress, Ipv4Addr),
        ip: Ipv4Addr,
    ) -> io::Result<()> {
        let frame = arp::request(own, ip);
        let flags = MsgFlags::MSG_DONTWAIT;
        Ok(sendto(self.0.as_raw_fd(), &frame, interface, flags).map(drop)?)
    }

    /// Says at an interface that this host has an address (RFC 5227 §3), so that others send there what they sent to the host
    /// before it.
    pub(crate) fn announce(
        &self,
        interface: &LinkAddr,
        own: MacAddress,
        ip: Ipv4Addr,
    ) -> io::Result<()> {
        self.ask(interface, (own, ip), ip)
    }

    /// An interface to ask at.
    pub(crate) fn interface(name: &str) -> io::Result<LinkAddr> {
        link_address(name)?.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

fn read(socket: &UdpSocket) -> io::Result<Option<Heard>> {
    let mut buffer = [0; FRAME_MAX];
    let (len, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    // What is for others comes of promiscuous interfaces, and may be of another VLAN.
    let from = from.filter(|from| from.pkttype() != PACKET_OTHERHOST);
    let said = buffer.get(..len).and_then(arp::sender).zip(from);
    Ok(said.and_then(|((ip, mac), from)| {
        Some(Heard { interface: u32::try_from(from.ifindex()).ok()?, ip, mac })
    }))
}
