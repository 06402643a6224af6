//! The socket that requests come in at, and the address that each of them was sent to.
//!
//! Firmware drops packets from another address than the one it asked, and the kernel's choice of a
//! source is another one where an interface has several addresses.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{in_pktinfo, in6_pktinfo};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tracing::warn;

/// A request as it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    /// Who asks.
    pub(super) client: SocketAddr,
    /// The address that was asked; none when the kernel did not tell.
    asked: Option<IpAddr>,
}

impl Origin {
    /// A socket that sends to the client from the address that it asked.
    pub(super) async fn answering_socket(&self) -> io::Result<UdpSocket> {
        let any = match self.client {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let local = match (self.asked.unwrap_or(any), self.client) {
            (IpAddr::V6(ip), SocketAddr::V6(client)) => {
                // A link-local address means nothing without its link.
                SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, client.scope_id()))
            }
            (ip, _) => SocketAddr::new(ip, 0),
        };
        let socket = UdpSocket::bind(local).await?;
        socket.connect(self.client).await?;
        Ok(socket)
    }
}

/// The socket that requests come in at.
#[derive(Debug)]
pub(super) struct RequestSocket {
    udp: UdpSocket,
}

impl RequestSocket {
    /// Takes over a bound socket.
    pub(super) fn new(udp: UdpSocket) -> Self {
        let told = match udp.local_addr() {
            Ok(SocketAddr::V6(_)) => setsockopt(&udp.as_fd(), sockopt::Ipv6RecvPacketInfo, &true),
            Ok(SocketAddr::V4(_)) | Err(_) => {
                setsockopt(&udp.as_fd(), sockopt::Ipv4PacketInfo, &true)
            }
        };
        if let Err(error) = told {
            warn!("TFTP clients are answered from the kernel's choice of addresses: {error}");
        }
        Self { udp }
    }

    /// Waits for the next request: its length and where it came from.
    pub(super) async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Origin)> {
        self.udp.async_io(Interest::READABLE, || read(&self.udp, buffer)).await
    }
}

fn read(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Origin)> {
    let mut control = nix::cmsg_space!(in_pktinfo, in6_pktinfo);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let client = message.address.as_ref().and_then(address);
    let client = client.ok_or_else(|| io::Error::other("a packet without a sender"))?;
    let asked = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    });
    Ok((message.bytes, Origin { client, asked }))
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into()))
}
