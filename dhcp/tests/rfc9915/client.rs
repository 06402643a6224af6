//! A client that writes packets by hand, and reads replies.

use std::net::Ipv6Addr;

use dhcp::wire::v6::code;
use dhcp::wire::v6::options::Options;

/// The kinds of messages, by their numbers.
pub(crate) const SOLICIT: u8 = 1;
pub(crate) const ADVERTISE: u8 = 2;
pub(crate) const REQUEST: u8 = 3;
pub(crate) const CONFIRM: u8 = 4;
pub(crate) const RENEW: u8 = 5;
pub(crate) const REBIND: u8 = 6;
pub(crate) const REPLY: u8 = 7;
pub(crate) const RELEASE: u8 = 8;
pub(crate) const DECLINE: u8 = 9;
pub(crate) const INFORMATION_REQUEST: u8 = 11;

/// An option as bytes.
pub(crate) fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap();
    [&code.to_be_bytes()[..], &len.to_be_bytes(), value].concat()
}

/// An association for addresses with those that the client has or wants.
pub(crate) fn association(id: u32, addresses: &[Ipv6Addr]) -> Vec<u8> {
    let mut value = [&id.to_be_bytes()[..], &[0; 8]].concat();
    for ip in addresses {
        value.extend(option(code::IA_ADDRESS, &[&ip.octets()[..], &[0; 8]].concat()));
    }
    option(code::IA_NA, &value)
}

/// An association for prefixes with those that the client has or wants.
pub(crate) fn for_prefixes(id: u32, prefixes: &[(Ipv6Addr, u8)]) -> Vec<u8> {
    let mut value = [&id.to_be_bytes()[..], &[0; 8]].concat();
    for (network, length) in prefixes {
        let prefix = [&[0; 8][..], &[*length], &network.octets()].concat();
        value.extend(option(code::IA_PREFIX, &prefix));
    }
    option(code::IA_PD, &value)
}

/// A client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) duid: Vec<u8>,
    pub(crate) xid: u8,
    pub(crate) source: Ipv6Addr,
    pub(crate) options: Vec<u8>,
}

impl Client {
    /// One whose identifier is made of its hardware address `52:54:00:00:00:last`.
    pub(crate) fn new(last: u8) -> Self {
        let duid = vec![0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, last];
        let source = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 1, 2, last.into());
        Self { duid, xid: last, source, options: Vec::new() }
    }

    /// The same with an option more.
    pub(crate) fn with(mut self, code: u16, value: &[u8]) -> Self {
        self.options.extend(option(code, value));
        self
    }

    /// The same, asking for options.
    pub(crate) fn wanting(self, codes: &[u16]) -> Self {
        let value: Vec<u8> = codes.iter().flat_map(|code| code.to_be_bytes()).collect();
        self.with(code::OPTION_REQUEST, &value)
    }

    /// A message without a server.
    pub(crate) fn packet(&self, kind: u8, more: &[u8]) -> Vec<u8> {
        let head = [kind, 0, 0, self.xid];
        let own = option(code::CLIENT_ID, &self.duid);
        [&head[..], &own, &self.options, more].concat()
    }

    /// A message for a server.
    pub(crate) fn packet_to(&self, kind: u8, server: &[u8], more: &[u8]) -> Vec<u8> {
        self.packet(kind, &[option(code::SERVER_ID, server), more.to_vec()].concat())
    }

    /// A Solicit with one association.
    pub(crate) fn solicit(&self) -> Vec<u8> {
        self.packet(SOLICIT, &association(1, &[]))
    }
}

/// An association of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) id: u32,
    pub(crate) times: (u32, u32),
    /// Addresses, with preferred and valid lifetimes.
    pub(crate) addresses: Vec<(Ipv6Addr, u32, u32)>,
    /// Prefixes as text, with valid lifetimes.
    pub(crate) prefixes: Vec<(String, u32)>,
    pub(crate) status: Option<u16>,
}

/// A reply as its client reads it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) kind: u8,
    pub(crate) xid: u8,
    bytes: Vec<u8>,
}

impl Reply {
    /// Reads one.
    pub(crate) fn read(payload: &[u8]) -> Self {
        Self { kind: payload[0], xid: payload[3], bytes: payload[4..].to_vec() }
    }

    pub(crate) fn get(&self, code: u16) -> Option<&[u8]> {
        Options::parse(&self.bytes).unwrap().get(code)
    }

    /// The status of the message.
    pub(crate) fn status(&self) -> Option<u16> {
        self.get(code::STATUS).map(number)
    }

    /// The associations, for addresses and for prefixes.
    pub(crate) fn associations(&self) -> Vec<Told> {
        let options = Options::parse(&self.bytes).unwrap();
        let of = options.iter().filter(|(code, _)| matches!(*code, code::IA_NA | code::IA_PD));
        of.map(|(_, value)| told(value)).collect()
    }

    /// The only prefix of the only association.
    #[track_caller]
    pub(crate) fn prefix(&self) -> String {
        let associations = self.associations();
        assert_eq!(associations.len(), 1, "{associations:?}");
        assert_eq!(associations[0].prefixes.len(), 1, "{associations:?}");
        associations[0].prefixes[0].0.clone()
    }

    /// The only address of the only association.
    #[track_caller]
    pub(crate) fn address(&self) -> Ipv6Addr {
        let associations = self.associations();
        assert_eq!(associations.len(), 1, "{associations:?}");
        assert_eq!(associations[0].addresses.len(), 1, "{associations:?}");
        associations[0].addresses[0].0
    }
}

fn told(value: &[u8]) -> Told {
    let options = Options::parse(&value[12..]).unwrap();
    let address = |(_, value): (u16, &[u8])| {
        let octets: [u8; 16] = value[..16].try_into().unwrap();
        (Ipv6Addr::from(octets), long(&value[16..]), long(&value[20..]))
    };
    let addresses = options.iter().filter(|(code, _)| *code == code::IA_ADDRESS).map(address);
    let prefix = |(_, value): (u16, &[u8])| {
        let octets: [u8; 16] = value[9..25].try_into().unwrap();
        (format!("{}/{}", Ipv6Addr::from(octets), value[8]), long(&value[4..]))
    };
    let prefixes = options.iter().filter(|(code, _)| *code == code::IA_PREFIX).map(prefix);
    Told {
        id: long(value),
        times: (long(&value[4..]), long(&value[8..])),
        addresses: addresses.collect(),
        prefixes: prefixes.collect(),
        status: options.get(code::STATUS).map(number),
    }
}

fn long(value: &[u8]) -> u32 {
    u32::from_be_bytes(value[..4].try_into().unwrap())
}

pub(crate) fn number(value: &[u8]) -> u16 {
    u16::from_be_bytes(value[..2].try_into().unwrap())
}
