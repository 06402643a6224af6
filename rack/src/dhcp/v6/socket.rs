//! The socket of one interface: UDP port 547, for the multicast address of servers and relays and for what
//! relays send to this host alone.

use std::io::{self, IoSlice};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, sendmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::dhcp::datagram::{self, Datagram, Ends};
use crate::dhcp::ports::Port;

pub(in crate::dhcp) const SERVER_PORT: u16 = 547;
/// All servers and relays on a link (RFC 9915 §7.1).
pub(super) const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);

/// A packet as it came in.
pub(in crate::dhcp) type Received = Datagram<SocketAddrV6, Ipv6Addr>;

/// What the kernel says of packets of IPv6.
#[derive(Debug)]
pub(in crate::dhcp) struct OfIpv6;

impl Ends for OfIpv6 {
    type Sockaddr = SockaddrIn6;
    type Source = SocketAddrV6;
    type Address = Ipv6Addr;
    /// Larger packets are no `DHCPv6` messages, through however many relays.
    const PACKET_MAX: usize = 9_216;

    fn destination(control: &ControlMessageOwned) -> Option<(Ipv6Addr, u32)> {
        match control {
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                Some((Ipv6Addr::from(info.ipi6_addr.s6_addr), info.ipi6_ifindex))
            }
            _ => None,
        }
    }
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

    fn open(name: &str, index: u32, _: Ipv6Addr) -> io::Result<Self> {
        let udp = open_udp(Some(name), Ipv6Addr::UNSPECIFIED)?;
        udp.join_multicast_v6(&ALL_SERVERS, index)?;
        Ok(Self { udp, index })
    }

    async fn receive(&self) -> io::Result<Received> {
        datagram::receive::<OfIpv6>(&self.udp).await
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

/// A UDP socket at the port of servers and relays, at an address of the host; on one interface only, if that is named.
pub(in crate::dhcp) fn open_udp(interface: Option<&str>, ip: Ipv6Addr) -> io::Result<UdpSocket> {
    let udp = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    udp.set_only_v6(true)?;
    datagram::prepare(&udp)?;
    udp.bind_device(interface.map(str::as_bytes))?;
    setsockopt(&udp, sockopt::Ipv6RecvPacketInfo, &true)?;
    udp.bind(&SocketAddrV6::new(ip, SERVER_PORT, 0, 0).into())?;
    UdpSocket::from_std(udp.into())
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
