//! The socket that a rack relays from: UDP port 67 at its address on the link of the clients, at whatever interface servers
//! are reached. Servers answer to that address, because it is `giaddr`.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockaddrIn, sendto};
use tokio::net::UdpSocket;

use crate::dhcp::datagram;
use crate::dhcp::ports::Port;
use crate::dhcp::socket::{OfIpv4, Received, SERVER_PORT, open_udp};

/// The socket.
#[derive(Debug)]
pub(super) struct RelaySocket {
    udp: UdpSocket,
}

impl Port for RelaySocket {
    const SERVICE: &'static str = "DHCP relay";
    type Address = Ipv4Addr;
    type Packet = Received;

    fn open(_: &str, _: u32, address: Ipv4Addr) -> io::Result<Self> {
        Ok(Self { udp: open_udp(None, SocketAddrV4::new(address, SERVER_PORT))? })
    }

    async fn receive(&self) -> io::Result<Received> {
        datagram::receive::<OfIpv4>(&self.udp).await
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

impl RelaySocket {
    /// Sends a client's message to a server at once; a full buffer drops it, and the client asks again.
    pub(super) fn send(&self, server: Ipv4Addr, payload: &[u8]) -> io::Result<()> {
        let target = SockaddrIn::from(SocketAddrV4::new(server, SERVER_PORT));
        Ok(sendto(self.udp.as_raw_fd(), payload, &target, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }
}
