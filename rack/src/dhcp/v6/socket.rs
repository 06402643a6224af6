//! The socket of one interface: UDP port 547, for the multicast address of servers and relays and for what
//! relays send to this host alone.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::libc::{in6_pktinfo, timespec};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg, sendmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::dhcp::ports::Port;
use crate::dhcp::socket::{hold_many, since};

/// Larger packets are no `DHCPv6` messages, through however many relays.
const PACKET_MAX: usize = 9_216;
const SERVER_PORT: u16 = 547;
/// All servers and relays on a link (RFC 9915 §7.1).
const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// A packet as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dhcp) struct Received {
    pub(in crate::dhcp) payload: Vec<u8>,
    pub(in crate::dhcp) source: SocketAddrV6,
    /// The address it was sent to.
    pub(in crate::dhcp) destination: Ipv6Addr,
    /// When the kernel had it: what waits in a socket waits too.
    pub(in crate::dhcp) received: Instant,
    dropped: u32,
}

/// The socket of an interface.
#[derive(Debug)]
pub(in crate::dhcp) struct ServerSocket {
    udp: UdpSocket,
    index: u32,
}

impl Port for ServerSocket {
    const SERVICE: &'static str = "DHCPv6";
    type Address = Ipv6Addr;
    type Packet = Received;

    fn open(name: &str, index: u32) -> io::Result<Self> {
        let udp = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
        udp.set_only_v6(true)?;
        udp.set_reuse_address(true)?;
        udp.set_nonblocking(true)?;
        hold_many(&udp)?;
        udp.bind_device(Some(name.as_bytes()))?;
        setsockopt(&udp, sockopt::Ipv6RecvPacketInfo, &true)?;
        setsockopt(&udp, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&udp, sockopt::RxqOvfl, &1)?;
        udp.bind(&SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, SERVER_PORT, 0, 0).into())?;
        udp.join_multicast_v6(&ALL_SERVERS, index)?;
        Ok(Self { udp: UdpSocket::from_std(udp.into())?, index })
    }

    async fn receive(&self) -> io::Result<Received> {
        loop {
            let received = self.udp.async_io(Interest::READABLE, || read(&self.udp)).await?;
            if let Some(received) = received {
                return Ok(received);
            }
        }
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

impl ServerSocket {
    /// Sends a reply at once; a full buffer drops it, and the client asks again. An address of the link means
    /// that of this interface.
    pub(in crate::dhcp) fn send(&self, ip: Ipv6Addr, port: u16, payload: &[u8]) -> io::Result<()> {
        let scope = if ip.is_unicast_link_local() { self.index } else { 0 };
        let target = SockaddrIn6::from(SocketAddrV6::new(ip, port, 0, scope));
        let parts = [IoSlice::new(payload)];
        sendmsg(self.udp.as_raw_fd(), &parts, &[], MsgFlags::MSG_DONTWAIT, Some(&target))?;
        Ok(())
    }
}

/// Reads one packet; none when it came without what is needed to answer it.
fn read(socket: &UdpSocket) -> io::Result<Option<Received>> {
    let mut buffer = vec![0; PACKET_MAX];
    let mut control = nix::cmsg_space!(in6_pktinfo, timespec, u32);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let message = recvmsg::<SockaddrIn6>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let len = message.bytes;
    let source = message.address.map(SocketAddrV6::from);
    let (mut destination, mut waited, mut dropped) = (None, Duration::ZERO, 0);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                destination = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
            }
            ControlMessageOwned::ScmTimestampns(at) => waited = since(at),
            ControlMessageOwned::RxqOvfl(count) => dropped = count,
            _ => {}
        }
    }
    let Some((source, destination)) = source.zip(destination) else { return Ok(None) };
    buffer.truncate(len);
    let now = Instant::now();
    let received = now.checked_sub(waited).unwrap_or(now);
    Ok(Some(Received { payload: buffer, source, destination, received, dropped }))
}
