//! UDP port 4011 on links where another server gives addresses: clients that were told what to load may ask for it once
//! more, when they have theirs (PXE 2.1 §2.2).

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use dhcp::v4::proxy::BOOT_SERVER_PORT;
use nix::sys::socket::{MsgFlags, SockaddrIn, sendto};
use tokio::net::UdpSocket;

use crate::dhcp::datagram;
use crate::dhcp::ports::Port;
use crate::dhcp::socket::{OfIpv4, Received, open_udp};

/// The socket of one interface.
#[derive(Debug)]
pub(super) struct BootServerSocket {
    udp: UdpSocket,
}

impl Port for BootServerSocket {
    const SERVICE: &'static str = "ProxyDHCP";
    type Address = Ipv4Addr;
    type Packet = Received;

    fn open(name: &str, _: u32, _: Ipv4Addr) -> io::Result<Self> {
        let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, BOOT_SERVER_PORT);
        Ok(Self { udp: open_udp(Some(name), any)? })
    }

    async fn receive(&self) -> io::Result<Received> {
        datagram::receive::<OfIpv4>(&self.udp).await
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

impl BootServerSocket {
    /// Sends an answer at once; a full buffer drops it, and the client asks again.
    pub(super) fn send(&self, client: SocketAddrV4, payload: &[u8]) -> io::Result<()> {
        let target = SockaddrIn::from(client);
        Ok(sendto(self.udp.as_raw_fd(), payload, &target, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }
}
