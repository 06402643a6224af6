//! A client's message, read from the network (RFC 2131 §2).

use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::options::Options;

const FIXED_LEN: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const ETHERNET: u8 = 1;
const IEEE_802: u8 = 6;
/// Whose addresses of 20 bytes do not fit into `chaddr` (RFC 4390 §2.1).
const INFINIBAND: u8 = 32;
const BROADCAST_FLAG: u16 = 0x8000;

/// What a client wants (option 53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// DHCPDISCOVER: is there a server?
    Discover,
    /// DHCPREQUEST: take an offer, confirm an address after a restart, or extend a lease.
    Request,
    /// DHCPDECLINE: somebody else uses the address.
    Decline,
    /// DHCPRELEASE: the address is not needed any more.
    Release,
    /// DHCPINFORM: the client has an address and wants options only.
    Inform,
}

impl Kind {
    /// The message's name, as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Request => "request",
            Self::Decline => "decline",
            Self::Release => "release",
            Self::Inform => "inform",
        }
    }
}

/// A message of a client, possibly through relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it wants.
    pub kind: Kind,
    /// The hardware type, 1 for Ethernet.
    pub htype: u8,
    /// Who sent it.
    pub client: ClientId,
    /// The transaction id.
    pub xid: u32,
    /// The flags field.
    pub flags: u16,
    /// The address that the client uses.
    pub ciaddr: Ipv4Addr,
    /// The first relay's address; unspecified when there is none.
    pub giaddr: Ipv4Addr,
    /// All options.
    pub options: Options,
}

/// Why a packet is no message that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Shorter than the fixed fields and the cookie.
    #[error("packet of {len} bytes is too short")]
    Short {
        /// Its length.
        len: usize,
    },
    /// A reply, or something else.
    #[error("op {op} is not a request")]
    NotARequest {
        /// The op field.
        op: u8,
    },
    /// Not DHCP.
    #[error("the magic cookie is missing")]
    NoCookie,
    /// Neither an Ethernet interface's hardware address, nor InfiniBand's none.
    #[error("hardware address of type {htype} and length {hlen} is not supported")]
    HardwareAddress {
        /// The hardware type.
        htype: u8,
        /// The length of the address.
        hlen: u8,
    },
    /// InfiniBand, and no option 61 that says who it is (RFC 4390 §2.1).
    #[error("neither a hardware address nor a client identifier")]
    NoIdentity,
    /// BOOTP, or an unknown or a server's message type.
    #[error("message type {kind} is not a client's")]
    Kind {
        /// The value of option 53; 0 when it is missing.
        kind: u8,
    },
}

impl Message {
    /// Reads a UDP payload.
    ///
    /// # Errors
    /// [`MessageError`] for everything that a server must not answer.
    pub fn parse(packet: &[u8]) -> Result<Self, MessageError> {
        let Some((fixed, rest)) = packet.split_at_checked(FIXED_LEN) else {
            return Err(MessageError::Short { len: packet.len() });
        };
        let Some((cookie, options)) = rest.split_at_checked(COOKIE.len()) else {
            return Err(MessageError::Short { len: packet.len() });
        };
        let (op, htype, hlen) = (fixed[0], fixed[1], fixed[2]);
        if op != 1 {
            return Err(MessageError::NotARequest { op });
        }
        if cookie != COOKIE {
            return Err(MessageError::NoCookie);
        }
        let mac = MacAddress(array(fixed, 28));
        let hardware = match (htype, hlen) {
            (ETHERNET | IEEE_802, 6) if mac.is_unicast() => Some(mac),
            (INFINIBAND, 0) => None,
            _ => return Err(MessageError::HardwareAddress { htype, hlen }),
        };
        let options = Options::parse(options, &fixed[108..236], &fixed[44..108]);
        let kind = kind(options.first_byte(code::MESSAGE_TYPE).unwrap_or_default())?;
        let client = client(hardware, &options)?;
        Ok(Self {
            kind,
            htype,
            client,
            xid: u32::from_be_bytes(array(fixed, 4)),
            flags: u16::from_be_bytes(array(fixed, 10)),
            ciaddr: Ipv4Addr::from(array(fixed, 12)),
            giaddr: Ipv4Addr::from(array(fixed, 24)),
            options,
        })
    }

    /// Whether it came through a relay: `giaddr` alone decides (some relays do not count hops).
    #[must_use]
    pub fn relayed(&self) -> bool {
        !self.giaddr.is_unspecified()
    }

    /// Whether the client wants the answer as a broadcast.
    #[must_use]
    pub fn wants_broadcast(&self) -> bool {
        self.flags & BROADCAST_FLAG != 0
    }

    /// The address that selects the link: the relay's link selection (RFC 3527), else `giaddr`.
    #[must_use]
    pub fn link_address(&self) -> Option<Ipv4Addr> {
        if !self.relayed() {
            return None;
        }
        let selected = self.relay_suboption(5).and_then(|value| <[u8; 4]>::try_from(value).ok());
        Some(selected.map_or(self.giaddr, Ipv4Addr::from))
    }

    /// The server identifier that a relay wants instead of ours (RFC 5107).
    #[must_use]
    pub fn server_override(&self) -> Option<Ipv4Addr> {
        let value = self.relay_suboption(11)?;
        <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
    }

    /// Whether the relay says that the client sent it to one server alone (RFC 5010).
    #[must_use]
    pub fn unicast_to_relay(&self) -> bool {
        self.relay_suboption(10).and_then(<[u8]>::first).is_some_and(|flags| flags & 0x80 != 0)
    }

    /// The relay's circuit that the client is behind (RFC 3046 §3.1).
    #[must_use]
    pub fn circuit(&self) -> Option<&[u8]> {
        self.relay_suboption(1)
    }

    /// What the relay calls the far end of the circuit, such as the switch (RFC 3046 §3.2).
    #[must_use]
    pub fn remote(&self) -> Option<&[u8]> {
        self.relay_suboption(2)
    }

    /// Whether the relay wants the answer at the port it sent from (RFC 8357).
    #[must_use]
    pub fn relay_source_port(&self) -> bool {
        self.relay_suboption(19).is_some()
    }

    /// The largest UDP payload that the client and the link take.
    #[must_use]
    pub fn payload_max(&self) -> usize {
        let told = self.options.number_u16(code::MESSAGE_SIZE_MAX).unwrap_or_default();
        usize::from(told.clamp(576, 1472)) - 28
    }

    fn relay_suboption(&self, wanted: u8) -> Option<&[u8]> {
        let mut rest = self.options.get(code::RELAY_AGENT_INFORMATION)?;
        while let [code, length, tail @ ..] = rest {
            let (value, tail) = tail.split_at_checked(usize::from(*length))?;
            if *code == wanted {
                return Some(value);
            }
            rest = tail;
        }
        None
    }
}

fn client(hardware: Option<MacAddress>, options: &Options) -> Result<ClientId, MessageError> {
    if let Some(mac) = hardware {
        return Ok(ClientId::Hardware(mac));
    }
    let identifier = options.get(code::CLIENT_IDENTIFIER).filter(|own| !own.is_empty());
    identifier.map(|own| ClientId::Identifier(own.into())).ok_or(MessageError::NoIdentity)
}

fn kind(code: u8) -> Result<Kind, MessageError> {
    match code {
        1 => Ok(Kind::Discover),
        3 => Ok(Kind::Request),
        4 => Ok(Kind::Decline),
        7 => Ok(Kind::Release),
        8 => Ok(Kind::Inform),
        kind => Err(MessageError::Kind { kind }),
    }
}

/// The `N` bytes at `start` of the fixed fields, which were checked to be there.
fn array<const N: usize>(fixed: &[u8], start: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&fixed[start..start + N]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut packet = vec![0; FIXED_LEN];
        packet[..4].copy_from_slice(&[1, 1, 6, 0]);
        packet[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 1]);
        packet.extend_from_slice(&COOKIE);
        packet.extend_from_slice(&[53, 1, 1, 255]);
        change(&mut packet);
        packet
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<u8>), want: Result<Kind, MessageError>) {
        assert_eq!(Message::parse(&packet(change)).map(|message| message.kind), want);
    }

    /// V4-03.
    #[test]
    fn what_is_no_clients_message_is_refused() {
        check(|_| {}, Ok(Kind::Discover));
        check(|packet| packet.truncate(239), Err(MessageError::Short { len: 239 }));
        check(|packet| packet.truncate(240), Err(MessageError::Kind { kind: 0 }));
        check(|packet| packet[0] = 2, Err(MessageError::NotARequest { op: 2 }));
        check(|packet| packet[236] = 0, Err(MessageError::NoCookie));
        check(|packet| packet[242] = 2, Err(MessageError::Kind { kind: 2 }));
        check(|packet| packet[2] = 17, Err(MessageError::HardwareAddress { htype: 1, hlen: 17 }));
    }

    #[test]
    fn the_message_size_is_bounded_by_the_link() {
        let max = |value: &[u8]| {
            let parsed = Message::parse(&packet(|packet| {
                packet.pop();
                packet.extend_from_slice(value);
            }));
            parsed.unwrap().payload_max()
        };
        assert_eq!(max(&[]), 548);
        assert_eq!(max(&[57, 2, 1, 0]), 548);
        assert_eq!(max(&[57, 2, 255, 0]), 1444);
    }

    /// RFC 3527.
    #[test]
    fn link_selection_wins_over_giaddr() {
        let parse = |options: &[u8]| {
            Message::parse(&packet(|packet| {
                packet[24..28].copy_from_slice(&[10, 0, 0, 1]);
                packet.pop();
                packet.extend_from_slice(options);
            }))
            .unwrap()
            .link_address()
        };
        assert_eq!(parse(&[]), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(parse(&[82, 6, 5, 4, 10, 9, 0, 0]), Some(Ipv4Addr::new(10, 9, 0, 0)));
        assert_eq!(parse(&[82, 6, 5, 9, 10, 9, 0, 0]), Some(Ipv4Addr::new(10, 0, 0, 1)));
    }

    proptest::proptest! {
        #[test]
        fn no_packet_panics(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let _ = Message::parse(&tail);
            let parsed = Message::parse(&packet(|packet| packet.extend_from_slice(&tail)));
            if let Ok(message) = parsed {
                let _ = (message.link_address(), message.server_override(), message.payload_max());
            }
        }
    }
}
