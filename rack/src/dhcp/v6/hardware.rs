//! The hardware addresses that clients send from, for option 79 (RFC 6939): a UDP socket does not say them, so the same
//! packets are heard once more at a packet socket.
//!
//! The kernel gives a packet to that socket before it gives it to the other one, so whoever looks when it has read a packet
//! finds it there.

use std::io;
use std::net::Ipv6Addr;
use std::os::fd::AsRawFd;

use dhcp::lookup::recent::Recent;
use model::mac::MacAddress;
use nix::sys::socket::{LinkAddr, recvfrom};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tracing::warn;

use crate::packet_socket::bpf;

const ETHERTYPE_IPV6: u16 = 0x86dd;
const UDP: u8 = 17;
/// The heads of Ethernet and IPv6: all that is looked at.
const HEADS: usize = 54;
/// How many clients are remembered.
const CLIENTS_MAX: usize = 4_096;
/// How many packets are read at once: others wait.
const PACKETS_MAX: usize = 256;

/// Who was heard of late, by interface and address.
#[derive(Debug)]
pub(super) struct Hardware {
    socket: Option<Socket>,
    heard: Recent<(u32, Ipv6Addr), MacAddress>,
}

impl Hardware {
    /// Nobody is listened to.
    pub(super) fn new() -> Self {
        Self { socket: None, heard: Recent::with_room(CLIENTS_MAX) }
    }

    /// Listens, or does so no more.
    pub(super) fn listen(&mut self, wanted: bool) {
        if wanted == self.socket.is_some() {
            return;
        }
        self.socket = None;
        if wanted {
            match open() {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => {
                    warn!("DHCPv6 is relayed without the hardware addresses of clients: {error}");
                }
            }
        }
    }

    /// The hardware address that a packet with this source was heard from at an interface.
    pub(super) fn of(&mut self, interface: u32, source: Ipv6Addr) -> Option<MacAddress> {
        self.read();
        self.heard.get(&(interface, source)).copied()
    }

    fn read(&mut self) {
        let Some(socket) = &self.socket else { return };
        for _ in 0..PACKETS_MAX {
            let mut heads = [0; HEADS];
            let Ok((len, Some(from))) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut heads) else {
                return;
            };
            let interface = u32::try_from(from.ifindex()).ok();
            let sender = heads.get(..len).and_then(sender);
            if let Some((interface, (source, mac))) = interface.zip(sender) {
                *self.heard.at((interface, source), || mac) = mac;
            }
        }
    }
}

/// A packet socket that hears what clients send to servers and relays, at all interfaces: IPv6, UDP, to port 547. It
/// does not hear what this host sends.
fn open() -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(ETHERTYPE_IPV6.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    let filter = [
        SockFilter::new(bpf::LOAD_BYTE, 0, 0, 20),
        SockFilter::new(bpf::IF_EQUAL, 0, 3, u32::from(UDP)),
        SockFilter::new(bpf::LOAD_HALF, 0, 0, 56),
        SockFilter::new(bpf::IF_EQUAL, 0, 1, 547),
        SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
        SockFilter::new(bpf::RETURN, 0, 0, 0),
    ];
    socket.attach_filter(&filter)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Who sent a frame, by the heads of Ethernet and IPv6.
fn sender(frame: &[u8]) -> Option<(Ipv6Addr, MacAddress)> {
    let mac = MacAddress(frame.get(6..12)?.try_into().ok()?);
    let source: [u8; 16] = frame.get(22..38)?.try_into().ok()?;
    mac.is_unicast().then_some((Ipv6Addr::from(source), mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_of_a_frame_is_read_of_its_heads() {
        let mac = MacAddress([2, 0, 0, 0, 0, 9]);
        let source = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7);
        let mut frame = vec![0; HEADS];
        frame[6..12].copy_from_slice(&mac.0);
        frame[22..38].copy_from_slice(&source.octets());
        assert_eq!(sender(&frame), Some((source, mac)));
        assert!((0..38).all(|len| sender(&frame[..len]).is_none()));
        frame[6] = 0x33;
        assert_eq!(sender(&frame), None, "no host's");
    }
}
