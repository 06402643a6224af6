//! Reading UDP packets of either family: with the address they were sent to, and when the kernel had them.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::libc::{in6_pktinfo, timespec};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrLike, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use socket2::Socket;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// No packet waits longer in a socket: the rack would be dead.
const IN_SOCKET_MAX: Duration = Duration::from_secs(10);
/// The receive buffer. The kernel doubles it and counts more than a kilobyte for a packet: some seven
/// thousand wait, those of 10,000 clients a second for more than half a second.
const RECEIVE_BYTES: usize = 4 << 20;

/// What differs between the families.
pub(super) trait Ends {
    /// Where a packet comes from, as the kernel says it.
    type Sockaddr: SockaddrLike + Copy;
    /// The same for programs.
    type Source: From<Self::Sockaddr>;
    /// Where it was sent to.
    type Address;
    /// Larger packets are no messages of the service.
    const PACKET_MAX: usize;

    /// The address that a packet was sent to and the kernel's index of the interface that it came in at, if this
    /// control message says it.
    fn destination(control: &ControlMessageOwned) -> Option<(Self::Address, u32)>;
}

/// A packet as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Datagram<S, A> {
    pub(super) payload: Vec<u8>,
    pub(super) source: S,
    /// The address it was sent to.
    pub(super) destination: A,
    /// The kernel's index of the interface that it came in at.
    pub(super) interface: u32,
    /// When the kernel had it: what waits in a socket waits too.
    pub(super) received: Instant,
    /// How many packets the kernel had dropped before it since the socket was opened, because nobody
    /// read them in time; it wraps around.
    pub(super) dropped: u32,
}

/// A packet of that family.
pub(super) type DatagramOf<E> = Datagram<<E as Ends>::Source, <E as Ends>::Address>;

/// Has the kernel say when it had a packet and how many it dropped, and lets packets of many clients wait in a socket: those
/// that start at once, while the rack does something else. Without the capability, as many as the host allows
/// (`net.core.rmem_max`).
pub(super) fn prepare(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    if setsockopt(socket, sockopt::RcvBufForce, &RECEIVE_BYTES).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &RECEIVE_BYTES)?;
    }
    setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
    setsockopt(socket, sockopt::RxqOvfl, &1)?;
    Ok(())
}

/// Waits for the next packet that can be answered.
pub(super) async fn receive<E: Ends>(socket: &UdpSocket) -> io::Result<DatagramOf<E>> {
    loop {
        let received = socket.async_io(Interest::READABLE, || read::<E>(socket)).await?;
        if let Some(received) = received {
            return Ok(received);
        }
    }
}

/// Reads one packet; none when it came without what is needed to answer it.
pub(super) fn read<E: Ends>(socket: &UdpSocket) -> io::Result<Option<DatagramOf<E>>> {
    let mut payload = vec![0; E::PACKET_MAX];
    // The larger one of both families.
    let mut control = nix::cmsg_space!(in6_pktinfo, timespec, u32);
    let mut parts = [IoSliceMut::new(&mut payload)];
    let message = recvmsg::<E::Sockaddr>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_DONTWAIT,
    )?;
    let (len, source) = (message.bytes, message.address.map(E::Source::from));
    let (mut destination, mut waited, mut dropped) = (None, Duration::ZERO, 0);
    for control in message.cmsgs()? {
        match control {
            ControlMessageOwned::ScmTimestampns(at) => waited = since(at),
            ControlMessageOwned::RxqOvfl(count) => dropped = count,
            other => destination = E::destination(&other).or(destination),
        }
    }
    let Some((source, (destination, interface))) = source.zip(destination) else { return Ok(None) };
    payload.truncate(len);
    let now = Instant::now();
    let received = now.checked_sub(waited).unwrap_or(now);
    Ok(Some(Datagram { payload, source, destination, interface, received, dropped }))
}

/// How long ago the kernel stamped a packet. It does so by the wall clock: what a step of that clock
/// adds is cut off.
fn since(stamp: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from(stamp)).min(IN_SOCKET_MAX)
}
