//! A server's message, written for the network (RFC 2131 §4.3.1 table 3).
//!
//! Message type and server identifier come first, because some boot ROMs want them there; then
//! what the client asked for in its own order (RFC 2132 §9.8); the boot file name late, because
//! EDK2 writes a NUL behind it; the relay's option last and byte for byte (RFC 3046 §2.2).
//!
//! The relay takes its option out again, so it takes no room from what the client accepts. What
//! does not fit goes into the `file` and `sname` fields where nothing else stands there (RFC 2132
//! §9.3), and what does not fit there either is left out, the least important first.

use std::net::Ipv4Addr;
use std::ops::Range;

use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::message::Message;

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const END: u8 = 255;
/// The flag that asks for a broadcast on the client's link (RFC 2131 §2).
pub const BROADCAST_FLAG: u16 = 0x8000;
/// The length of a BOOTP message: some ROMs drop shorter ones.
const LEN_MIN: usize = 300;
/// What an Ethernet frame carries. A longer reply travels in fragments, and only because of what a
/// relay sent.
const LEN_LINK_MAX: usize = 1_472;
const FILE: Range<usize> = 108..236;
const SNAME: Range<usize> = 44..108;
/// The length of option 52.
const OVERLOAD_LEN: usize = 3;
/// What is kept for the options of the client however long the relay's is.
const ROOM_MIN: usize = 64;

/// What a server says (option 53).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// DHCPOFFER.
    Offer,
    /// DHCPACK.
    Ack,
    /// DHCPNAK.
    Nak,
    /// DHCPLEASEUNASSIGNED: nobody has the address (RFC 4388).
    LeaseUnassigned,
    /// DHCPLEASEUNKNOWN: nothing is known of the address or the client (RFC 4388).
    LeaseUnknown,
    /// DHCPLEASEACTIVE: a client has the address (RFC 4388).
    LeaseActive,
}

impl Kind {
    /// The message's name, as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Ack => "ack",
            Self::Nak => "nak",
            Self::LeaseUnassigned => "leaseunassigned",
            Self::LeaseUnknown => "leaseunknown",
            Self::LeaseActive => "leaseactive",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Offer => 2,
            Self::Ack => 5,
            Self::Nak => 6,
            Self::LeaseUnassigned => 11,
            Self::LeaseUnknown => 12,
            Self::LeaseActive => 13,
        }
    }
}

/// The options, distributed over the fields of a message.
#[derive(Debug, Default)]
struct Fields {
    options: Vec<u8>,
    file: Vec<u8>,
    sname: Vec<u8>,
    left_out: Vec<u8>,
}

/// A reply as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The codes of the options that did not fit.
    pub left_out: Vec<u8>,
}

/// A reply to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub kind: Kind,
    /// The client's hardware type.
    pub htype: u8,
    /// The client's hardware address; none of one on InfiniBand (RFC 4390).
    pub mac: Option<MacAddress>,
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
    /// The boot file, for the `file` field; one of more than 127 bytes stands in option 67 alone.
    pub file: String,
    /// The boot server, for the `sname` field.
    pub sname: String,
    /// The options, without message type and relay agent information.
    pub options: Vec<(u8, Vec<u8>)>,
    /// The codes that the client asked for, in its order.
    pub wanted: Vec<u8>,
    /// The relay's option 82.
    pub relay_agent: Option<Vec<u8>>,
    /// How many bytes it may have when it reaches the client, without the relay's option.
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
            mac: request.client.mac(),
            xid: request.xid,
            flags: if nak_by_relay { request.flags | BROADCAST_FLAG } else { request.flags },
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: request.giaddr,
            file: String::new(),
            sname: String::new(),
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
        self.written().bytes
    }

    /// The bytes, and what was left out of them.
    #[must_use]
    pub fn written(&self) -> Written {
        let mut packet = self.fixed();
        let relay =
            self.relay_agent.as_deref().map(|value| pieces(code::RELAY_AGENT_INFORMATION, value));
        let relay = relay.unwrap_or_default();
        let used = packet.len() + 1;
        let link = LEN_LINK_MAX.saturating_sub(used + relay.len()).max(ROOM_MIN);
        let fields = self.placed(self.len_max.saturating_sub(used).min(link));
        packet.extend_from_slice(&fields.options);
        for (field, range) in [(&fields.file, FILE), (&fields.sname, SNAME)] {
            if !field.is_empty() {
                packet[range.start..range.start + field.len()].copy_from_slice(field);
                packet[range.start + field.len()] = END;
            }
        }
        packet.extend_from_slice(&relay);
        packet.push(END);
        packet.resize(packet.len().max(LEN_MIN), 0);
        Written { bytes: packet, left_out: fields.left_out }
    }

    fn fixed(&self) -> Vec<u8> {
        let mut packet = vec![0; 236];
        packet[..2].copy_from_slice(&[2, self.htype]);
        if let Some(mac) = self.mac {
            packet[2] = 6;
            packet[28..34].copy_from_slice(&mac.0);
        }
        packet[4..8].copy_from_slice(&self.xid.to_be_bytes());
        packet[10..12].copy_from_slice(&self.flags.to_be_bytes());
        packet[12..16].copy_from_slice(&self.ciaddr.octets());
        packet[16..20].copy_from_slice(&self.yiaddr.octets());
        packet[20..24].copy_from_slice(&self.siaddr.octets());
        packet[24..28].copy_from_slice(&self.giaddr.octets());
        for (text, range) in [(&self.file, FILE), (&self.sname, SNAME)] {
            if text.len() < range.len() {
                packet[range.start..range.start + text.len()].copy_from_slice(text.as_bytes());
            }
        }
        packet.extend_from_slice(&COOKIE);
        packet
    }

    /// Puts the options into the fields: whatever is more important chooses its place first.
    fn placed(&self, room: usize) -> Fields {
        let options = self.pieces_in_order();
        let len: usize = options.iter().map(|(_, piece)| piece.len()).sum();
        if len <= room {
            let options = options.into_iter().flat_map(|(_, piece)| piece).collect();
            return Fields { options, ..Fields::default() };
        }
        let mut left = [room, 0, 0];
        if self.file.is_empty() && self.sname.is_empty() {
            left = [room.saturating_sub(OVERLOAD_LEN), FILE.len() - 1, SNAME.len() - 1];
        }
        let mut by_importance: Vec<usize> = (0..options.len()).collect();
        by_importance.sort_by_key(|at| self.importance(options[*at].0));
        let mut place = vec![None; options.len()];
        for at in by_importance {
            let len = options[at].1.len();
            place[at] = left.iter().position(|room| len <= *room);
            if let Some(field) = place[at] {
                left[field] -= len;
            }
        }
        let mut fields = Fields::default();
        for ((code, piece), place) in options.iter().zip(place) {
            match place {
                Some(0) => fields.options.extend_from_slice(piece),
                Some(1) => fields.file.extend_from_slice(piece),
                Some(_) => fields.sname.extend_from_slice(piece),
                None => fields.left_out.push(*code),
            }
        }
        let overload = u8::from(!fields.file.is_empty()) | u8::from(!fields.sname.is_empty()) << 1;
        if overload != 0 {
            fields.options.extend(pieces(code::OVERLOAD, &[overload]));
        }
        fields
    }

    /// The options as bytes, as they stand one behind the other.
    fn pieces_in_order(&self) -> Vec<(u8, Vec<u8>)> {
        let mut options: Vec<&(u8, Vec<u8>)> = self.options.iter().collect();
        options.sort_by_key(|(code, _)| self.rank(*code));
        let kind = pieces(code::MESSAGE_TYPE, &[self.kind.code()]);
        let rest = options.into_iter().map(|(code, value)| {
            if *code == code::BOOT_FILE_NAME && self.relay_agent.is_some() {
                // EDK2 writes a NUL behind the value, over the code of the next option.
                return (*code, pieces(*code, &[value.as_slice(), &[0]].concat()));
            }
            (*code, pieces(*code, value))
        });
        [(code::MESSAGE_TYPE, kind)].into_iter().chain(rest).collect()
    }

    /// Which options are left out last, from 0 on: without the first the reply is none, without
    /// the next its address is of no use, then nothing is booted.
    fn importance(&self, code: u8) -> usize {
        match code {
            code::MESSAGE_TYPE => 0,
            code::SERVER_IDENTIFIER => 1,
            code::LEASE_TIME => 2,
            code::SUBNET_MASK => 3,
            code::ROUTER | code::CLASSLESS_ROUTES | code::CLASSLESS_ROUTES_WINDOWS => 4,
            code::VENDOR_CLASS => 5,
            code::CLIENT_UUID => 6,
            code::VENDOR_SPECIFIC | code::IPXE_ENCAPSULATED => 7,
            code::BOOT_FILE_NAME if self.file.len() >= FILE.len() => 8,
            code::RENEWAL_TIME | code::REBINDING_TIME => 9,
            code::CLIENT_IDENTIFIER => 10,
            code::DOMAIN_NAME_SERVER => 11,
            code::BOOT_FILE_NAME => 12,
            code::TFTP_SERVER_NAME => 13,
            code => 14 + self.asked_at(code),
        }
    }

    fn asked_at(&self, code: u8) -> usize {
        self.wanted.iter().position(|wanted| *wanted == code).unwrap_or(500)
    }

    /// Server identifier and times first, the mask before the routers (RFC 2132 §3.3), and the
    /// classless routes before them as well (RFC 3442).
    fn rank(&self, code: u8) -> usize {
        let has = |code| self.options.iter().any(|(own, _)| *own == code);
        match code {
            code::SERVER_IDENTIFIER => 0,
            code::LEASE_TIME => 1,
            code::RENEWAL_TIME => 2,
            code::REBINDING_TIME => 3,
            code::SUBNET_MASK => 4,
            code::BOOT_FILE_NAME => 2_000,
            code::ROUTER if has(code::CLASSLESS_ROUTES) => {
                let first = self.asked_at(code::CLASSLESS_ROUTES);
                6 + 2 * self.asked_at(code::ROUTER).max(first)
            }
            code => 5 + 2 * self.asked_at(code),
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
