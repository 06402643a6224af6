//! The sockets of one interface: UDP port 67 for all that has an address, and a packet socket for
//! frames to clients that have none yet.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dhcp::v4::answer::Destination;
use model::mac::MacAddress;
use nix::libc::{in_addr, in_pktinfo, timespec};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, SockaddrIn,
    bind, recvmsg, send, sendmsg, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::dhcp::frame::{self, Ends};
use crate::dhcp::ports::Port;
use crate::packet_socket::link_address;

/// Larger packets are no DHCP messages.
const PACKET_MAX: usize = 4_096;
/// No packet waits longer in a socket: the rack would be dead.
const IN_SOCKET_MAX: Duration = Duration::from_secs(10);
/// The receive buffer. The kernel doubles it and counts more than a kilobyte for a packet: some seven
/// thousand wait, those of 10,000 clients a second for more than half a second.
const RECEIVE_BYTES: usize = 4 << 20;
const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;

/// A packet as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) payload: Vec<u8>,
    pub(super) source: SocketAddrV4,
    /// The address it was sent to.
    pub(super) destination: Ipv4Addr,
    /// When the kernel had it: what waits in a socket waits too.
    pub(super) received: Instant,
    /// How many packets the kernel had dropped before it since the socket was opened, because nobody
    /// read them in time; it wraps around.
    pub(super) dropped: u32,
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

    fn open(name: &str, index: u32) -> io::Result<Self> {
        let udp = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        udp.set_reuse_address(true)?;
        udp.set_broadcast(true)?;
        udp.set_nonblocking(true)?;
        hold_many(&udp)?;
        udp.bind_device(Some(name.as_bytes()))?;
        setsockopt(&udp, sockopt::Ipv4PacketInfo, &true)?;
        setsockopt(&udp, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&udp, sockopt::RxqOvfl, &1)?;
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, SERVER_PORT));
        udp.bind(&any.into())?;
        let frames = open_frames(name)?;
        Ok(Self { udp: UdpSocket::from_std(udp.into())?, frames, index })
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
                let ends = Ends { source_mac, source, client_mac: mac, client: ip };
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

/// Reads one packet; none when it came without what is needed to answer it.
fn read(socket: &UdpSocket) -> io::Result<Option<Received>> {
    let mut buffer = vec![0; PACKET_MAX];
    let mut control = nix::cmsg_space!(in_pktinfo, timespec, u32);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let message = recvmsg::<SockaddrIn>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let len = message.bytes;
    let source = message.address.map(|address| SocketAddrV4::new(address.ip(), address.port()));
    let (mut destination, mut waited, mut dropped) = (None, Duration::ZERO, 0);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                destination = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()));
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

/// How long ago the kernel stamped a packet. It does so by the wall clock: what a step of that clock
/// adds is cut off.
pub(super) fn since(stamp: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from(stamp)).min(IN_SOCKET_MAX)
}

/// Lets packets of many clients wait in a socket: those that start at once, while the rack does something
/// else. Without the capability, as many as the host allows (`net.core.rmem_max`).
pub(super) fn hold_many(socket: &Socket) -> io::Result<()> {
    if setsockopt(socket, sockopt::RcvBufForce, &RECEIVE_BYTES).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &RECEIVE_BYTES)?;
    }
    Ok(())
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
            let socket = InterfaceSocket::open("lo", 1).unwrap();
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
            while let Ok(Some(packet)) = super::read(&socket.udp) {
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
