//! Packet and raw sockets that hear a few kinds of packets: the kernel filters the others, so that the
//! traffic of a link costs the rack nothing.

use std::io;
use std::time::Duration;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::LinkAddr;
use socket2::{SockFilter, Socket};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing::warn;

/// How long a socket that fails is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Instructions of the kernel's packet filter (`linux/bpf_common.h`).
pub(crate) mod bpf {
    /// `BPF_LD | BPF_H | BPF_ABS`.
    pub(crate) const LOAD_HALF: u16 = 0x28;
    /// `BPF_LD | BPF_B | BPF_ABS`.
    pub(crate) const LOAD_BYTE: u16 = 0x30;
    /// `BPF_LDX | BPF_B | BPF_MSH`: four times the low half of a byte, an IP header's length.
    pub(crate) const LOAD_HEADER_LENGTH: u16 = 0xb1;
    /// `BPF_LD | BPF_B | BPF_IND`.
    pub(crate) const LOAD_BYTE_AFTER_HEADER: u16 = 0x50;
    /// `BPF_LD | BPF_H | BPF_IND`.
    pub(crate) const LOAD_HALF_AFTER_HEADER: u16 = 0x48;
    /// `BPF_JMP | BPF_JEQ | BPF_K`.
    pub(crate) const IF_EQUAL: u16 = 0x15;
    /// `BPF_JMP | BPF_JSET | BPF_K`.
    pub(crate) const IF_ANY_BIT: u16 = 0x45;
    /// `BPF_RET | BPF_K`.
    pub(crate) const RETURN: u16 = 0x06;
    /// More than any packet has.
    pub(crate) const WHOLE: u32 = 0x1_0000;
}

/// Lets the kernel drop what a filter returns nothing of, and the runtime say when there is something to
/// read. Nothing is done with it that only UDP has.
pub(crate) fn filtered(socket: Socket, filter: &[SockFilter]) -> io::Result<UdpSocket> {
    socket.attach_filter(filter)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

/// Reads packets until nobody takes what they say; what finds no room is dropped.
pub(crate) async fn read<T>(
    socket: &UdpSocket,
    read_one: impl Fn(&UdpSocket) -> io::Result<Option<T>>,
    heard: mpsc::Sender<T>,
) {
    loop {
        match socket.async_io(Interest::READABLE, || read_one(socket)).await {
            Ok(Some(answer)) => {
                if heard.try_send(answer).is_err() && heard.is_closed() {
                    return;
                }
            }
            Ok(None) => {}
            Err(error) => {
                warn!("what was heard on a link cannot be read: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The link-layer address of an interface, by which the kernel knows it, too.
pub(crate) fn link_address(name: &str) -> io::Result<Option<LinkAddr>> {
    let mut links = getifaddrs()?.filter(|address| address.interface_name == name);
    Ok(links.find_map(|address| address.address?.as_link_addr().copied()))
}
