//! A server's message, written for the network (RFC 2131 §4.3.1 table 3).
//!
//! Message type and server identifier come first, because some boot ROMs want them there; then
//! what the client asked for in its own order (RFC 2132 §9.8); the boot file name late, because
//! EDK2 writes a NUL behind it; the relay's option last and byte for byte (RFC 3046 §2.2).

use std::net::Ipv4Addr;

use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::message::Message;

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const BROADCAST_FLAG: u16 = 0x8000;
/// The length of a BOOTP message: some ROMs drop shorter ones.
const LEN_MIN: usize = 300;

/// What a server says (option 53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// DHCPOFFER.
    Offer,
    /// DHCPACK.
    Ack,
    /// DHCPNAK.
    Nak,
}

impl Kind {
    /// The message's name, as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Ack => "ack",
            Self::Nak => "nak",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Offer => 2,
            Self::Ack => 5,
            Self::Nak => 6,
        }
    }
}

/// A reply to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub kind: Kind,
    /// The client's hardware type.
    pub htype: u8,
    /// The client.
    pub mac: MacAddress,
    /// The transaction id of the request.
    pub xid: u32,
    /// The flags of the request.
    pub flags: u16,
    /// The address that the client uses already.
    pub ciaddr: Ipv4Addr,
    /// The address that it gets.
    pub yiaddr: Ipv4Addr,
    /// The next server: where boot files come from.
    pub siaddr: Ipv4Addr,
    /// The first relay.
    pub giaddr: Ipv4Addr,
    /// The boot file, for the `file` field; at most 127 bytes of it are written.
    pub file: String,
    /// The options, without message type and relay agent information.
    pub options: Vec<(u8, Vec<u8>)>,
    /// The codes that the client asked for, in its order.
    pub wanted: Vec<u8>,
    /// The relay's option 82.
    pub relay_agent: Option<Vec<u8>>,
    /// How many bytes it may have.
    pub len_max: usize,
}

impl Reply {
    /// A reply to a message that says nothing but its kind yet.
    #[must_use]
    pub fn to(request: &Message, kind: Kind) -> Self {
        let nak_by_relay = kind == Kind::Nak && request.relayed();
        Self {
            kind,
            htype: request.htype,
            mac: request.mac,
            xid: request.xid,
            flags: if nak_by_relay { request.flags | BROADCAST_FLAG } else { request.flags },
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: request.giaddr,
            file: String::new(),
            options: Vec::new(),
            wanted: request
                .options
                .get(code::PARAMETER_REQUEST_LIST)
                .map(<[u8]>::to_vec)
                .unwrap_or_default(),
            relay_agent: request.options.get(code::RELAY_AGENT_INFORMATION).map(<[u8]>::to_vec),
            len_max: request.payload_max(),
        }
    }

    /// Adds an option that the client must get.
    pub fn put(&mut self, code: u8, value: impl Into<Vec<u8>>) {
        self.options.push((code, value.into()));
    }

    /// Adds an option if the client asked for it, or asked for nothing in particular.
    pub fn put_wanted(&mut self, code: u8, value: impl Into<Vec<u8>>) {
        if self.wanted.is_empty() || self.wanted.contains(&code) {
            self.put(code, value);
        }
    }

    /// The bytes. Options that do not fit are left out, the least important first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut packet = self.fixed();
        let relay =
            self.relay_agent.as_deref().map(|value| pieces(code::RELAY_AGENT_INFORMATION, value));
        let relay = relay.unwrap_or_default();
        let room = self.len_max.saturating_sub(packet.len() + relay.len() + 1);
        packet.extend_from_slice(&self.ordered_options(room));
        packet.extend_from_slice(&relay);
        packet.push(255);
        packet.resize(packet.len().max(LEN_MIN), 0);
        packet
    }

    fn fixed(&self) -> Vec<u8> {
        let mut packet = vec![0; 236];
        packet[..4].copy_from_slice(&[2, self.htype, 6, 0]);
        packet[4..8].copy_from_slice(&self.xid.to_be_bytes());
        packet[10..12].copy_from_slice(&self.flags.to_be_bytes());
        packet[12..16].copy_from_slice(&self.ciaddr.octets());
        packet[16..20].copy_from_slice(&self.yiaddr.octets());
        packet[20..24].copy_from_slice(&self.siaddr.octets());
        packet[24..28].copy_from_slice(&self.giaddr.octets());
        packet[28..34].copy_from_slice(&self.mac.0);
        let file = self.file.as_bytes();
        let len = file.len().min(127);
        packet[108..108 + len].copy_from_slice(&file[..len]);
        packet.extend_from_slice(&COOKIE);
        packet
    }

    fn ordered_options(&self, room: usize) -> Vec<u8> {
        let mut options: Vec<&(u8, Vec<u8>)> = self.options.iter().collect();
        options.sort_by_key(|(code, _)| self.rank(*code));
        let mut bytes = pieces(code::MESSAGE_TYPE, &[self.kind.code()]);
        for (code, value) in options {
            let mut value = value.clone();
            if *code == code::BOOT_FILE_NAME && self.relay_agent.is_some() {
                // EDK2 writes a NUL behind the value, over the code of the next option.
                value.push(0);
            }
            let piece = pieces(*code, &value);
            if bytes.len() + piece.len() <= room {
                bytes.extend_from_slice(&piece);
            }
        }
        bytes
    }

    /// Server identifier and times first, the mask before the routers (RFC 2132 §3.3).
    fn rank(&self, code: u8) -> usize {
        match code {
            code::SERVER_IDENTIFIER => 0,
            code::LEASE_TIME => 1,
            code::RENEWAL_TIME => 2,
            code::REBINDING_TIME => 3,
            code::SUBNET_MASK => 4,
            code::BOOT_FILE_NAME => 1_000,
            code => 5 + self.wanted.iter().position(|wanted| *wanted == code).unwrap_or(500),
        }
    }
}

/// An option, in pieces of at most 255 bytes (RFC 3396).
fn pieces(code: u8, value: &[u8]) -> Vec<u8> {
    if value.is_empty() {
        return vec![code, 0];
    }
    let mut bytes = Vec::with_capacity(value.len() + 2);
    for piece in value.chunks(255) {
        bytes.push(code);
        bytes.push(u8::try_from(piece.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(piece);
    }
    bytes
}
