//! The socket that a rack relays from: UDP port 547 at its address on the link of the clients, at whatever interface servers
//! are reached. Servers answer to that address.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockaddrIn6, sendto};
use tokio::net::UdpSocket;

use crate::dhcp::datagram;
use crate::dhcp::ports::Port;
use crate::dhcp::v6::socket::{OfIpv6, Received, SERVER_PORT, open_udp};

/// The socket.
#[derive(Debug)]
pub(in crate::dhcp) struct RelaySocket {
    udp: UdpSocket,
}

impl Port for RelaySocket {
    const SERVICE: &'static str = "DHCPv6 relay";
    type Address = Ipv6Addr;
    type Packet = Received;

    fn open(_: &str, _: u32, address: Ipv6Addr) -> io::Result<Self> {
        Ok(Self { udp: open_udp(None, address)? })
    }

    async fn receive(&self) -> io::Result<Received> {
        datagram::receive::<OfIpv6>(&self.udp).await
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

impl RelaySocket {
    /// Sends a client's message to a server at once; a full buffer drops it, and the client asks again.
    pub(in crate::dhcp) fn send(&self, server: Ipv6Addr, payload: &[u8]) -> io::Result<()> {
        let target = SockaddrIn6::from(SocketAddrV6::new(server, SERVER_PORT, 0, 0));
        Ok(sendto(self.udp.as_raw_fd(), payload, &target, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }
}
