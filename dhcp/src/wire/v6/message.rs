//! A client's message, and the relays that it came through (RFC 9915 §8, §9).

use std::net::Ipv6Addr;
use std::sync::Arc;

use model::mac::MacAddress;
use model::net::prefix::Prefix;

use crate::wire::v6::options::{Options, OptionsError};
use crate::wire::v6::{code, duid};

/// How many relays pass on a message at most (RFC 9915 §7.6: `HOP_COUNT_LIMIT`).
pub const RELAYS_MAX: usize = 8;
/// How many associations one message may have, and how many addresses or prefixes one of them.
const ASSOCIATIONS_MAX: usize = 16;
const ADDRESSES_MAX: usize = 16;
/// The type of what relays send to servers.
const RELAY_FORWARD: u8 = 12;
/// The fields of a relay's message: type, hop count, link address and peer address.
const RELAY_LEN: usize = 34;

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Is there a server?
    Solicit,
    /// It takes what was advertised.
    Request,
    /// It may be on another link, and asks whether its addresses are of this one.
    Confirm,
    /// It extends its leases, at the server that gave them.
    Renew,
    /// It extends its leases, at any server.
    Rebind,
    /// It does not need its addresses any more.
    Release,
    /// Somebody else uses its addresses.
    Decline,
    /// It wants options and no addresses.
    InformationRequest,
    /// It made an address itself, and tells which (RFC 9686).
    AddrRegInform,
}

impl Kind {
    /// The message's name, as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Solicit => "solicit",
            Self::Request => "request",
            Self::Confirm => "confirm",
            Self::Renew => "renew",
            Self::Rebind => "rebind",
            Self::Release => "release",
            Self::Decline => "decline",
            Self::InformationRequest => "information-request",
            Self::AddrRegInform => "addr-reg-inform",
        }
    }

    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Solicit,
            3 => Self::Request,
            4 => Self::Confirm,
            5 => Self::Renew,
            6 => Self::Rebind,
            8 => Self::Release,
            9 => Self::Decline,
            11 => Self::InformationRequest,
            36 => Self::AddrRegInform,
            _ => return None,
        })
    }

    /// Whether the server that it is for must be named, must not be, or may be (RFC 9915 §16).
    const fn names_server(self) -> Option<bool> {
        match self {
            Self::Request | Self::Renew | Self::Release | Self::Decline => Some(true),
            Self::Solicit | Self::Confirm | Self::Rebind | Self::AddrRegInform => Some(false),
            Self::InformationRequest => None,
        }
    }
}

/// Why a packet is no message of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Less than a message has.
    #[error("{len} bytes are no message")]
    Short {
        /// How many there are.
        len: usize,
    },
    /// It is of a server or a relay to others, or of a kind that is not known.
    #[error("message type {kind} is not a client's")]
    Kind {
        /// The type.
        kind: u8,
    },
    /// More relays passed it on than may.
    #[error("more than {RELAYS_MAX} relays passed it on")]
    TooManyRelays,
    /// A relay passed on nothing.
    #[error("a relay passed on no message")]
    NoMessage,
    /// It has more associations or addresses than may be.
    #[error("more associations or addresses than a message may have")]
    TooMany,
    /// Its options are not whole.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// Who sent it, or whom it is for, is said where it must not be, or not said where it must be.
    #[error("it does not name its client and server as it must")]
    Identity,
}

/// A relay that passed a message on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// How many relays passed it on before, as it says.
    pub hops: u8,
    /// The address that says which link the message came from; may be unspecified.
    pub link: Ipv6Addr,
    /// Who it had the message from.
    pub peer: Ipv6Addr,
    /// Its interface, as it calls it.
    pub interface: Option<Vec<u8>>,
    /// What it calls the far end of the circuit (RFC 4649).
    pub remote: Option<Vec<u8>>,
    /// What it calls the subscriber (RFC 4580).
    pub subscriber: Option<Vec<u8>>,
    /// The hardware address that it had the message from (RFC 6939).
    pub hardware: Option<MacAddress>,
    /// The port it sent from, as it wants it back (RFC 8357).
    pub source_port: Option<[u8; 2]>,
}

/// What an association is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Addresses.
    Addresses,
    /// Prefixes.
    Prefixes,
}

/// What an association has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leased {
    /// An address.
    Address(Ipv6Addr),
    /// A prefix.
    Prefix(Prefix),
}

/// An identity association: one of the things that a client has addresses or prefixes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// What it is for.
    pub purpose: Purpose,
    /// Its number, which the client gave it.
    pub id: u32,
    /// The addresses that the client has, or would like to have; none when it is for prefixes.
    pub addresses: Vec<Ipv6Addr>,
    /// The prefixes that the client has, or would like to have: of one that is unspecified, the length means something
    /// (RFC 8168).
    pub prefixes: Vec<Prefix>,
}

/// An address that a client made itself, as it tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The address.
    pub ip: Ipv6Addr,
    /// For how many seconds it is valid; `u32::MAX` for ever.
    pub valid_s: u32,
    /// The whole option, which the answer repeats.
    pub option: Vec<u8>,
}

/// A message of a client, possibly through relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it wants.
    pub kind: Kind,
    /// The transaction id, of three bytes.
    pub xid: u32,
    /// Who sent it.
    pub client: Option<Arc<[u8]>>,
    /// The server that it is for.
    pub server: Option<Vec<u8>>,
    /// Its associations, in its order.
    pub associations: Vec<Association>,
    /// The address that it registers.
    pub registered: Option<Registered>,
    /// The options that it asks for.
    pub wanted: Vec<u16>,
    /// Whether it would take a Reply for its Solicit.
    pub rapid_commit: bool,
    /// Its name: flags, and what follows them (RFC 4704).
    pub fqdn: Option<Vec<u8>>,
    /// The first of its vendor classes.
    pub vendor_class: Vec<u8>,
    /// Its user classes, each with its length.
    pub user_classes: Vec<u8>,
    /// The architectures that it can boot.
    pub architectures: Vec<u16>,
    /// The relays that it came through, the nearest to this server first.
    pub relays: Vec<Relay>,
}

impl Message {
    /// Reads a UDP payload.
    ///
    /// # Errors
    /// [`MessageError`] when it is no message of a client, or contradicts the RFC.
    pub fn parse(packet: &[u8]) -> Result<Self, MessageError> {
        let (relays, bytes) = relays(packet)?;
        let Some((head, rest)) = bytes.split_first_chunk::<4>() else {
            return Err(MessageError::Short { len: bytes.len() });
        };
        let [number, a, b, c] = *head;
        let kind = Kind::of(number).ok_or(MessageError::Kind { kind: number })?;
        let options = Options::parse(rest)?;
        let bytes = |code| options.get(code).map(<[u8]>::to_vec);
        let message = Self {
            kind,
            xid: u32::from_be_bytes([0, a, b, c]),
            client: options.get(code::CLIENT_ID).map(Into::into),
            server: bytes(code::SERVER_ID),
            associations: associations(options)?,
            registered: registered(options).filter(|_| kind == Kind::AddrRegInform),
            wanted: numbers(options.get(code::OPTION_REQUEST).unwrap_or_default()),
            rapid_commit: options.get(code::RAPID_COMMIT).is_some(),
            fqdn: bytes(code::CLIENT_FQDN),
            vendor_class: options
                .get(code::VENDOR_CLASS)
                .and_then(vendor_class)
                .unwrap_or_default(),
            user_classes: bytes(code::USER_CLASS).unwrap_or_default(),
            architectures: numbers(options.get(code::CLIENT_ARCHITECTURE).unwrap_or_default()),
            relays,
        };
        if message.is_addressed() { Ok(message) } else { Err(MessageError::Identity) }
    }

    /// Whether it names client and server where it must, and nowhere else (RFC 9915 §16). Who asks for
    /// information only has no associations.
    fn is_addressed(&self) -> bool {
        let named = self.server.is_some();
        let server = self.kind.names_server().is_none_or(|must| must == named);
        let informs = self.kind == Kind::InformationRequest;
        let client = self.client.is_some() || informs;
        let registers = (self.kind == Kind::AddrRegInform) == self.registered.is_some();
        server && client && registers && (!informs || self.associations.is_empty())
    }

    /// Whether it came through a relay.
    #[must_use]
    pub fn relayed(&self) -> bool {
        !self.relays.is_empty()
    }

    /// The relay that the client itself sent it to.
    #[must_use]
    pub fn first_relay(&self) -> Option<&Relay> {
        self.relays.last()
    }

    /// The address that selects the link: that of the relay nearest to the client which names one.
    #[must_use]
    pub fn link_address(&self) -> Option<Ipv6Addr> {
        let mut links = self.relays.iter().rev().map(|relay| relay.link);
        links.find(|link| !link.is_unspecified() && !link.is_unicast_link_local())
    }

    /// The hardware address that it came from: as its relay says (RFC 6939), as its address on the link
    /// shows (RFC 4291 §2.5.1), or the one that its identifier was made of.
    #[must_use]
    pub fn hardware(&self, source: Ipv6Addr) -> Option<MacAddress> {
        let relay = self.first_relay();
        let from = relay.map_or(source, |relay| relay.peer);
        let of_identifier = || duid::hardware(self.client.as_deref()?);
        relay.and_then(|relay| relay.hardware).or_else(|| eui_64(from)).or_else(of_identifier)
    }

    /// Whether the client asks for an option.
    #[must_use]
    pub fn wants(&self, code: u16) -> bool {
        self.wanted.contains(&code)
    }
}

/// The relays that passed a message on, and the message.
fn relays(packet: &[u8]) -> Result<(Vec<Relay>, &[u8]), MessageError> {
    let (mut relays, mut bytes) = (Vec::new(), packet);
    while bytes.first() == Some(&RELAY_FORWARD) {
        if relays.len() >= RELAYS_MAX {
            return Err(MessageError::TooManyRelays);
        }
        let Some((fixed, rest)) = bytes.split_first_chunk::<RELAY_LEN>() else {
            return Err(MessageError::Short { len: bytes.len() });
        };
        let options = Options::parse(rest)?;
        bytes = options.get(code::RELAY_MESSAGE).ok_or(MessageError::NoMessage)?;
        relays.push(relay(fixed, options));
    }
    Ok((relays, bytes))
}

fn relay(fixed: &[u8; RELAY_LEN], options: Options<'_>) -> Relay {
    let address = |start: usize| {
        let mut octets = [0; 16];
        octets.copy_from_slice(&fixed[start..start + 16]);
        Ipv6Addr::from(octets)
    };
    let bytes = |code| options.get(code).map(<[u8]>::to_vec);
    let hardware = options.get(code::CLIENT_LINK_LAYER_ADDRESS).and_then(|value| {
        let address = value.strip_prefix(&[0, 1])?;
        Some(MacAddress(address.try_into().ok()?)).filter(|mac| mac.is_unicast())
    });
    Relay {
        hops: fixed[1],
        link: address(2),
        peer: address(18),
        interface: bytes(code::INTERFACE_ID),
        remote: bytes(code::REMOTE_ID),
        subscriber: bytes(code::SUBSCRIBER_ID),
        hardware,
        source_port: options.get(code::RELAY_SOURCE_PORT).and_then(|port| port.try_into().ok()),
    }
}

/// The associations of a message. Those for temporary addresses are passed over: RFC 9915 has none.
fn associations(options: Options<'_>) -> Result<Vec<Association>, MessageError> {
    let mut found: Vec<Association> = Vec::new();
    for (code, value) in options.iter() {
        let purpose = match code {
            code::IA_NA => Purpose::Addresses,
            code::IA_PD => Purpose::Prefixes,
            _ => continue,
        };
        let Some((fixed, rest)) = value.split_first_chunk::<12>() else { continue };
        let id = u32::from_be_bytes([fixed[0], fixed[1], fixed[2], fixed[3]]);
        let options = Options::parse(rest)?;
        let (addresses, prefixes) = match purpose {
            Purpose::Addresses => (items(options, code::IA_ADDRESS, address)?, Vec::new()),
            Purpose::Prefixes => (Vec::new(), items(options, code::IA_PREFIX, prefix)?),
        };
        let twice = found.iter().any(|own| (own.purpose, own.id) == (purpose, id));
        if twice || found.len() >= ASSOCIATIONS_MAX {
            return Err(MessageError::TooMany);
        }
        found.push(Association { purpose, id, addresses, prefixes });
    }
    Ok(found)
}

/// The one address that a message names outside of associations.
fn registered(options: Options<'_>) -> Option<Registered> {
    let mut values = options.iter().filter(|(code, _)| *code == code::IA_ADDRESS);
    let (_, value) = values.next().filter(|_| values.next().is_none())?;
    let valid_s = u32::from_be_bytes(*value.get(20..)?.first_chunk()?);
    Some(Registered { ip: address(value)?, valid_s, option: value.to_vec() })
}

/// The values of the options of one kind that can be read.
fn items<T>(
    options: Options<'_>,
    wanted: u16,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<Vec<T>, MessageError> {
    let values = options.iter().filter(|(code, _)| *code == wanted).map(|(_, value)| value);
    let found: Vec<Option<T>> = values.take(ADDRESSES_MAX + 1).map(read).collect();
    if found.len() > ADDRESSES_MAX {
        return Err(MessageError::TooMany);
    }
    Ok(found.into_iter().flatten().collect())
}

fn address(value: &[u8]) -> Option<Ipv6Addr> {
    value.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets))
}

/// Its lifetimes and its length stand before it. What is behind its length is none of it.
fn prefix(value: &[u8]) -> Option<Prefix> {
    Prefix::around(address(value.get(9..)?)?, *value.get(8)?)
}

fn numbers(value: &[u8]) -> Vec<u16> {
    value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// The first class behind the enterprise's number.
fn vendor_class(value: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = value.get(4..)?.split_first_chunk::<2>()?;
    let class = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    Some(class.to_vec())
}

/// The hardware address that an interface identifier was made of.
pub(crate) fn eui_64(address: Ipv6Addr) -> Option<MacAddress> {
    let [.., a, b, c, 0xff, 0xfe, d, e, f] = address.octets() else { return None };
    let mac = MacAddress([a ^ 2, b, c, d, e, f]);
    (address.is_unicast_link_local() && mac.is_unicast()).then_some(mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn option(code: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(value.len()).unwrap();
        [&code.to_be_bytes()[..], &len.to_be_bytes(), value].concat()
    }

    fn relayed(message: &[u8], hops: u8, options: &[u8]) -> Vec<u8> {
        let mut packet = vec![RELAY_FORWARD, hops];
        packet.extend([0; 32]);
        packet.extend(options);
        packet.extend(option(code::RELAY_MESSAGE, message));
        packet
    }

    fn message(kind: u8, options: &[&[u8]]) -> Vec<u8> {
        [&[kind, 1, 2, 3][..], &options.concat()].concat()
    }

    const CLIENT: &[u8] = &[0, 1, 0, 10, 0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 1];
    const SERVER: &[u8] = &[0, 2, 0, 4, 0, 2, 9, 9];

    /// V6-02.
    #[test]
    fn client_and_server_are_named_where_they_must_be_and_nowhere_else() {
        let parse = |kind: u8, options: &[&[u8]]| Message::parse(&message(kind, options)).is_ok();
        for kind in [1, 4, 6] {
            assert!(parse(kind, &[CLIENT]) && !parse(kind, &[CLIENT, SERVER]), "{kind}");
            assert!(!parse(kind, &[]), "{kind}");
        }
        for kind in [3, 5, 8, 9] {
            assert!(!parse(kind, &[CLIENT]) && parse(kind, &[CLIENT, SERVER]), "{kind}");
            assert!(!parse(kind, &[SERVER]), "{kind}");
        }
        assert!(parse(11, &[]) && parse(11, &[CLIENT, SERVER]));
        assert!(!parse(1, &[CLIENT, CLIENT]), "twice");
        for len in [2, 131] {
            assert!(!parse(1, &[&option(code::CLIENT_ID, &vec![1; len])]), "{len}");
        }
        for kind in [0, 2, 7, 10, 13, 37, 255] {
            assert!(!parse(kind, &[CLIENT]), "{kind}");
        }
    }

    /// V6-14.
    #[test]
    fn who_registers_names_one_address() {
        let value = [&[0xfd; 16][..], &[0, 0, 0, 9], &[0, 0, 1, 0]].concat();
        let address = option(code::IA_ADDRESS, &value);
        let parsed = Message::parse(&message(36, &[CLIENT, &address])).unwrap().registered.unwrap();
        assert_eq!((parsed.ip, parsed.valid_s), (Ipv6Addr::from([0xfd; 16]), 256));
        assert_eq!(parsed.option, value);
        for options in [&[CLIENT][..], &[CLIENT, &address, &address], &[&address[..]]] {
            assert_eq!(Message::parse(&message(36, options)), Err(MessageError::Identity));
        }
        let cut = option(code::IA_ADDRESS, &value[..23]);
        assert!(Message::parse(&message(36, &[CLIENT, &cut])).is_err());
        let solicit = Message::parse(&message(1, &[CLIENT, &address])).unwrap();
        assert_eq!(solicit.registered, None);
    }

    /// V6-11.
    #[test]
    fn who_asks_for_information_has_no_associations() {
        let association = option(code::IA_NA, &[0; 12]);
        let packet = message(11, &[CLIENT, &association]);
        assert_eq!(Message::parse(&packet), Err(MessageError::Identity));
    }

    /// V6-20, V6-21.
    #[test]
    fn relays_are_unwrapped_eight_deep_and_no_deeper() {
        let mut packet = message(1, &[CLIENT]);
        for hops in 0..8 {
            packet = relayed(&packet, hops, &option(code::INTERFACE_ID, &[hops]));
        }
        let parsed = Message::parse(&packet).unwrap();
        let hops: Vec<u8> = parsed.relays.iter().map(|relay| relay.hops).collect();
        assert_eq!(hops, [7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(parsed.first_relay().unwrap().interface, Some(vec![0]));
        let deeper = relayed(&packet, 8, &[]);
        assert_eq!(Message::parse(&deeper), Err(MessageError::TooManyRelays));
        assert_eq!(Message::parse(&packet[..20]), Err(MessageError::Short { len: 20 }));
    }

    /// V6-19.
    #[test]
    fn associations_are_read_to_a_fixed_depth() {
        let mut value = vec![0; 12];
        while value.len() < 60_000 {
            value = [&[0; 12][..], &option(code::IA_NA, &value)].concat();
        }
        let deep = Message::parse(&message(1, &[CLIENT, &option(code::IA_NA, &value)])).unwrap();
        assert_eq!(deep.associations.len(), 1);
        let cut = option(code::IA_NA, &[&[0; 12][..], &[0, 5, 0, 24, 1]].concat());
        let cut = Message::parse(&message(1, &[CLIENT, &cut]));
        assert_eq!(cut, Err(MessageError::Options(OptionsError::Cut)));
    }

    /// V6-17.
    #[test]
    fn a_hardware_address_comes_from_the_relay_the_link_or_the_identifier() {
        let mac = |last| Some(MacAddress([0x52, 0x54, 0, 0, 0, last]));
        let from_link: Ipv6Addr = "fe80::5054:00ff:fe00:2".parse().unwrap();
        let private: Ipv6Addr = "fe80::1234:5678:9abc:def0".parse().unwrap();
        let plain = Message::parse(&message(1, &[CLIENT])).unwrap();
        assert_eq!(plain.hardware(from_link), mac(2));
        assert_eq!(plain.hardware(private), mac(1));
        let told = option(code::CLIENT_LINK_LAYER_ADDRESS, &[0, 1, 0x52, 0x54, 0, 0, 0, 3]);
        let relayed = Message::parse(&relayed(&message(1, &[CLIENT]), 0, &told)).unwrap();
        assert_eq!(relayed.hardware(from_link), mac(3));
    }

    proptest! {
        #[test]
        fn no_packet_panics(
            kind in 0..40_u8,
            tail in proptest::collection::vec(0..30_u8, 0..700),
        ) {
            let packet = [&[kind, 0, 0, 0], CLIENT, &tail].concat();
            if let Ok(message) = Message::parse(&packet) {
                let _ = (message.link_address(), message.hardware(Ipv6Addr::LOCALHOST));
            }
            let _ = Message::parse(&relayed(&packet, 0, &tail));
        }
    }
}
