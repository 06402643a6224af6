//! The sockets of one interface: UDP port 67 for all that has an address, and a packet socket for
//! frames to clients that have none yet.

use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};

use dhcp::v4::answer::Destination;
use model::mac::MacAddress;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrIn,
    bind, send, sendmsg, setsockopt, socket, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::dhcp::datagram::{self, Datagram, Ends};
use crate::dhcp::frame;
use crate::dhcp::ports::Port;
use crate::packet_socket::link_address;

pub(super) const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;

/// A packet as it came in.
pub(super) type Received = Datagram<SocketAddrV4, Ipv4Addr>;

/// What the kernel says of packets of IPv4.
#[derive(Debug)]
pub(super) struct OfIpv4;

impl Ends for OfIpv4 {
    type Sockaddr = SockaddrIn;
    type Source = SocketAddrV4;
    type Address = Ipv4Addr;
    /// Larger packets are no DHCP messages.
    const PACKET_MAX: usize = 4_096;

    fn destination(control: &ControlMessageOwned) -> Option<(Ipv4Addr, u32)> {
        match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                let interface = u32::try_from(info.ipi_ifindex).ok()?;
                Some((Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()), interface))
            }
            _ => None,
        }
    }
}

/// The sockets of an interface.
#[derive(Debug)]
pub(super) struct InterfaceSocket {
    udp: UdpSocket,
    /// None when the interface takes no Ethernet frames; then such replies are broadcast.
    frames: Option<(OwnedFd, MacAddress)>,
    index: u32,
}

impl Port for InterfaceSocket {
    const SERVICE: &'static str = "DHCP";
    type Address = Ipv4Addr;
    type Packet = Received;

    fn open(name: &str, index: u32, _: Ipv4Addr) -> io::Result<Self> {
        let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, SERVER_PORT);
        let udp = open_udp(Some(name), any)?;
        let frames = open_frames(name)?;
        Ok(Self { udp, frames, index })
    }

    async fn receive(&self) -> io::Result<Received> {
        datagram::receive::<OfIpv4>(&self.udp).await
    }

    fn dropped_before(packet: &Received) -> u32 {
        packet.dropped
    }
}

impl InterfaceSocket {
    /// The hardware address of the interface, if it takes Ethernet frames.
    pub(super) fn hardware(&self) -> Option<MacAddress> {
        self.frames.as_ref().map(|(_, mac)| *mac)
    }

    /// Sends an Ethernet frame at once, if the interface takes such.
    pub(super) fn send_frame(&self, frame: &[u8]) -> io::Result<()> {
        let Some((socket, _)) = &self.frames else { return Err(io::ErrorKind::Unsupported.into()) };
        Ok(send(socket.as_raw_fd(), frame, MsgFlags::empty()).map(drop)?)
    }

    /// Sends a reply at once; a full buffer drops it, and the client asks again.
    pub(super) fn send(
        &self,
        source: Ipv4Addr,
        destination: Destination,
        payload: &[u8],
    ) -> io::Result<()> {
        match destination {
            Destination::Relay { ip, port } => self.send_udp(source, ip, port, payload),
            Destination::Broadcast => self.broadcast(source, payload),
            Destination::Unicast { ip } => self.send_udp(source, ip, CLIENT_PORT, payload),
            Destination::Frame { ip, mac } => {
                let Some(source_mac) = self.hardware() else {
                    return self.broadcast(source, payload);
                };
                let ends = frame::Ends { source_mac, source, client_mac: mac, client: ip };
                match frame::build(&ends, payload) {
                    Some(frame) => self.send_frame(&frame),
                    None => self.broadcast(source, payload),
                }
            }
        }
    }

    fn broadcast(&self, source: Ipv4Addr, payload: &[u8]) -> io::Result<()> {
        self.send_udp(source, Ipv4Addr::BROADCAST, CLIENT_PORT, payload)
    }

    fn send_udp(
        &self,
        source: Ipv4Addr,
        ip: Ipv4Addr,
        port: u16,
        payload: &[u8],
    ) -> io::Result<()> {
        let info = in_pktinfo {
            ipi_ifindex: i32::try_from(self.index).unwrap_or_default(),
            ipi_spec_dst: in_addr { s_addr: u32::from_ne_bytes(source.octets()) },
            ipi_addr: in_addr { s_addr: 0 },
        };
        let target = SockaddrIn::from(SocketAddrV4::new(ip, port));
        let control = [ControlMessage::Ipv4PacketInfo(&info)];
        let parts = [IoSlice::new(payload)];
        let fd = self.udp.as_raw_fd();
        sendmsg(fd, &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&target))?;
        Ok(())
    }
}

/// A UDP socket at an address of the host; on one interface only, if that is named.
pub(super) fn open_udp(interface: Option<&str>, at: SocketAddrV4) -> io::Result<UdpSocket> {
    let udp = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    udp.set_broadcast(true)?;
    datagram::prepare(&udp)?;
    udp.bind_device(interface.map(str::as_bytes))?;
    setsockopt(&udp, sockopt::Ipv4PacketInfo, &true)?;
    udp.bind(&SocketAddr::from(at).into())?;
    UdpSocket::from_std(udp.into())
}

/// A packet socket that sends on one interface and receives nothing.
fn open_frames(name: &str) -> io::Result<Option<(OwnedFd, MacAddress)>> {
    let Some(link) = link_address(name)? else { return Ok(None) };
    let Some(mac) = link.addr().map(MacAddress).filter(|mac| mac.is_unicast()) else {
        return Ok(None);
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None)?;
    bind(socket.as_raw_fd(), &link)?;
    Ok(Some((socket, mac)))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket as StdSocket;
    use std::process::Command;
    use std::time::Instant;

    use nix::sched::{CloneFlags, unshare};

    use super::*;

    const SENT: u32 = 40_000;

    /// Nobody reads while the packets come, so the socket's buffer overflows.
    fn overflow() {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap();
        assert!(up.success());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let socket = InterfaceSocket::open("lo", 1, Ipv4Addr::LOCALHOST).unwrap();
            let client = StdSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let send = || {
                let sent = client.send_to(&[0; 300], (Ipv4Addr::LOCALHOST, SERVER_PORT));
                assert_eq!(sent.unwrap(), 300);
            };
            // The kernel begins a moment after it was asked to, and stamps what is read until then.
            let mut stamped = false;
            for _ in 0..100_000 {
                let began = Instant::now();
                send();
                let sent = Instant::now();
                let packet = socket.receive().await.unwrap();
                stamped = began <= packet.received && packet.received <= sent;
                if stamped {
                    break;
                }
            }
            assert!(stamped, "a packet's time is when the kernel had it");
            (0..SENT).for_each(|_| send());
            let (mut read, mut last) = (1, socket.receive().await.unwrap());
            while let Ok(Some(packet)) = datagram::read::<OfIpv4>(&socket.udp) {
                (read, last) = (read + 1, packet);
            }
            assert!(read < SENT, "the buffer is too large for this test");
            send();
            let told = socket.receive().await.unwrap();
            assert_eq!(told.dropped, SENT - read, "with the next packet");
            assert!(last.dropped <= told.dropped);
        });
    }

    #[test]
    fn packets_that_the_kernel_drops_are_counted() {
        std::thread::spawn(overflow).join().unwrap();
    }
}
