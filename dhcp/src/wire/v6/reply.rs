//! What a server says, and the way back through the relays (RFC 9915 §19.3).

use crate::wire::v6::code::{self, Status};
use crate::wire::v6::message::{Association, Leased, Purpose, Relay};

const RELAY_REPLY: u8 = 13;

/// What a server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the client can have.
    Advertise,
    /// What it has.
    Reply,
    /// The address that it made itself is registered (RFC 9686).
    AddrRegReply,
}

impl Kind {
    /// The message's name, as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Advertise => "advertise",
            Self::Reply => "reply",
            Self::AddrRegReply => "addr-reg-reply",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Advertise => 2,
            Self::Reply => 7,
            Self::AddrRegReply => 37,
        }
    }
}

/// A message of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub kind: Kind,
    /// The client's transaction id.
    pub xid: u32,
    options: Vec<u8>,
}

/// An address or a prefix as an association has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// What it has.
    pub what: Leased,
    /// For how many seconds the client may use it; 0 to make it give it up.
    pub seconds: u32,
}

impl Reply {
    /// A message without options.
    #[must_use]
    pub const fn new(kind: Kind, xid: u32) -> Self {
        Self { kind, xid, options: Vec::new() }
    }

    /// Adds an option.
    pub fn put(&mut self, code: u16, value: &[u8]) {
        put(&mut self.options, code, value);
    }

    /// Adds a status of the whole message.
    pub fn put_status(&mut self, status: Status, why: &str) {
        put_status(&mut self.options, status, why);
    }

    /// Adds an association: its times, its addresses or prefixes, and its status if that is not success.
    pub fn put_association(
        &mut self,
        of: &Association,
        (renew_s, rebind_s): (u32, u32),
        given: &[Given],
        status: Option<(Status, &str)>,
    ) {
        let mut value = of.id.to_be_bytes().to_vec();
        value.extend(renew_s.to_be_bytes());
        value.extend(rebind_s.to_be_bytes());
        for Given { what, seconds } in given {
            let lifetimes = [seconds.to_be_bytes(), seconds.to_be_bytes()].concat();
            match what {
                Leased::Address(ip) => {
                    put(&mut value, code::IA_ADDRESS, &[&ip.octets()[..], &lifetimes].concat());
                }
                Leased::Prefix(prefix) => {
                    let octets = prefix.network().octets();
                    let prefix = [&lifetimes[..], &[prefix.length()], &octets].concat();
                    put(&mut value, code::IA_PREFIX, &prefix);
                }
            }
        }
        if let Some((status, why)) = status {
            put_status(&mut value, status, why);
        }
        let code = match of.purpose {
            Purpose::Addresses => code::IA_NA,
            Purpose::Prefixes => code::IA_PD,
        };
        put(&mut self.options, code, &value);
    }

    /// The UDP payload: the message, wrapped for each relay that the client's came through.
    #[must_use]
    pub fn encode(&self, relays: &[Relay]) -> Vec<u8> {
        let mut message = vec![self.kind.number()];
        message.extend(&self.xid.to_be_bytes()[1..]);
        message.extend(&self.options);
        for relay in relays.iter().rev() {
            let mut wrapped = vec![RELAY_REPLY, relay.hops];
            wrapped.extend(relay.link.octets());
            wrapped.extend(relay.peer.octets());
            if let Some(interface) = &relay.interface {
                put(&mut wrapped, code::INTERFACE_ID, interface);
            }
            if let Some(port) = relay.source_port {
                put(&mut wrapped, code::RELAY_SOURCE_PORT, &port);
            }
            put(&mut wrapped, code::RELAY_MESSAGE, &message);
            message = wrapped;
        }
        message
    }
}

fn put_status(bytes: &mut Vec<u8>, status: Status, why: &str) {
    put(bytes, code::STATUS, &[&status.code().to_be_bytes()[..], why.as_bytes()].concat());
}

/// Writes an option. No value is longer than its length can say: what is longer is cut.
pub(crate) fn put(bytes: &mut Vec<u8>, code: u16, value: &[u8]) {
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    bytes.extend(code.to_be_bytes());
    bytes.extend(len.to_be_bytes());
    bytes.extend(&value[..usize::from(len)]);
}
