//! A raw socket for Neighbor Discovery: it hears one kind of message, and sends advertisements to all nodes of a link from its own
//! addresses there. The kernel makes and verifies checksums.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;

use nix::libc::{c_int, in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg, sendmsg, setsockopt,
    sockopt,
};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::packet_socket::{bpf, filtered};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// What receivers demand (RFC 4861 §6.1.2).
const HOP_LIMIT: u32 = 255;
/// No solicitation is longer: Ethernet's largest packet.
const MESSAGE_MAX: usize = 1_500;

/// A message as it came in.
#[derive(Debug)]
pub(crate) struct Heard {
    /// The index of the interface.
    pub(crate) interface: u32,
    pub(crate) source: Ipv6Addr,
    pub(crate) hop_limit: u8,
    pub(crate) message: Vec<u8>,
}

/// The socket.
#[derive(Debug)]
pub(crate) struct NdpSocket {
    /// Nothing is done with it that only UDP has.
    raw: UdpSocket,
    /// The same, for what the runtime's type does not know.
    joined: Socket,
}

impl NdpSocket {
    /// Opens it, to hear messages of a type (RFC 4861 §4). It never hears what this host sends.
    pub(crate) fn open(hears: u8) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
        socket.set_multicast_hops_v6(HOP_LIMIT)?;
        socket.set_multicast_loop_v6(false)?;
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?;
        let joined = socket.try_clone()?;
        let filter = [
            SockFilter::new(bpf::LOAD_BYTE, 0, 0, 0),
            SockFilter::new(bpf::IF_EQUAL, 0, 1, hears.into()),
            SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
            SockFilter::new(bpf::RETURN, 0, 0, 0),
        ];
        Ok(Self { raw: filtered(socket, &filter)?, joined })
    }

    /// Hears what is sent to all routers at an interface, too.
    pub(crate) fn join(&self, interface: u32) -> io::Result<()> {
        self.joined.join_multicast_v6(&ALL_ROUTERS, interface)
    }

    /// Hears no more of that.
    pub(crate) fn leave(&self, interface: u32) -> io::Result<()> {
        self.joined.leave_multicast_v6(&ALL_ROUTERS, interface)
    }

    /// The next message.
    pub(crate) async fn hear(&self) -> io::Result<Heard> {
        loop {
            let heard = self.raw.async_io(Interest::READABLE, || read(&self.raw)).await?;
            if let Some(heard) = heard {
                return Ok(heard);
            }
        }
    }

    /// Sends a message to all nodes of an interface's link, from the host's address there.
    pub(crate) fn send(&self, interface: u32, from: Ipv6Addr, message: &[u8]) -> io::Result<()> {
        self.send_to(ALL_NODES, interface, from, message)
    }

    /// Sends a message to a group of an interface's link; from the unspecified address, the kernel chooses one of the host there.
    pub(crate) fn send_to(
        &self,
        group: Ipv6Addr,
        interface: u32,
        from: Ipv6Addr,
        message: &[u8],
    ) -> io::Result<()> {
        let info =
            in6_pktinfo { ipi6_addr: in6_addr { s6_addr: from.octets() }, ipi6_ifindex: interface };
        let target = SockaddrIn6::from(SocketAddrV6::new(group, 0, 0, interface));
        sendmsg(
            self.raw.as_raw_fd(),
            &[IoSlice::new(message)],
            &[ControlMessage::Ipv6PacketInfo(&info)],
            MsgFlags::MSG_DONTWAIT,
            Some(&target),
        )?;
        Ok(())
    }
}

/// Reads one message; none when it came without what is needed to judge it.
fn read(socket: &UdpSocket) -> io::Result<Option<Heard>> {
    let mut message = vec![0; MESSAGE_MAX];
    let mut control = nix::cmsg_space!(in6_pktinfo, c_int);
    let mut parts = [IoSliceMut::new(&mut message)];
    let read = recvmsg::<SockaddrIn6>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let (len, source) = (read.bytes, read.address.map(|address| address.ip()));
    let (mut interface, mut hop_limit) = (None, None);
    for control in read.cmsgs()? {
        match control {
            ControlMessageOwned::Ipv6PacketInfo(info) => interface = Some(info.ipi6_ifindex),
            ControlMessageOwned::Ipv6HopLimit(hops) => hop_limit = u8::try_from(hops).ok(),
            _ => {}
        }
    }
    let (Some(interface), Some(hop_limit), Some(source)) = (interface, hop_limit, source) else {
        return Ok(None);
    };
    message.truncate(len);
    Ok(Some(Heard { interface, source, hop_limit, message }))
}
