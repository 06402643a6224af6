//! Names of clients: option 12, and option 81, which also says who updates DNS (RFC 4702).

use crate::wire::code;
use crate::wire::options::Options;

/// The server updates the A record.
const SERVER_UPDATES: u8 = 1;
/// The server does otherwise than the client wished.
const OVERRIDDEN: u8 = 2;
/// The name is in the form of DNS messages.
const ENCODED: u8 = 4;
/// The server updates nothing.
const NO_UPDATE: u8 = 8;
/// What the fields of the deprecated response codes say.
const NO_CODE: u8 = 255;

/// What a client says in option 81.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientFqdn<'a> {
    flags: u8,
    name: &'a [u8],
}

impl<'a> ClientFqdn<'a> {
    /// Reads the option; none when it is not there or too short to mean anything.
    pub(crate) fn of(options: &'a Options) -> Option<Self> {
        let (fixed, name) = options.get(code::CLIENT_FQDN)?.split_at_checked(3)?;
        Some(Self { flags: fixed[0], name })
    }

    /// The first label of the name, if the client wants one and it is valid.
    fn label(self) -> Option<String> {
        if self.flags & NO_UPDATE != 0 {
            return None;
        }
        if self.flags & ENCODED == 0 {
            return label(self.name);
        }
        let (length, rest) = self.name.split_first()?;
        label(rest.get(..usize::from(*length))?)
    }

    /// The value of the answer. The names of clients that want one are in the rack's DNS, so the
    /// client needs to update nothing.
    pub(crate) fn answer(self, name: &str) -> Vec<u8> {
        let encoded = self.flags & ENCODED;
        let flags = if self.flags & NO_UPDATE != 0 {
            encoded | NO_UPDATE
        } else if self.flags & SERVER_UPDATES != 0 {
            encoded | SERVER_UPDATES
        } else {
            encoded | SERVER_UPDATES | OVERRIDDEN
        };
        let mut value = vec![flags, NO_CODE, NO_CODE];
        if name.is_empty() {
            return value;
        }
        if encoded == 0 {
            value.extend_from_slice(name.as_bytes());
        } else {
            value.extend(labels(name));
        }
        value
    }
}

/// The name that a client asks for, as a DNS label: that of option 81 before that of option 12.
pub(crate) fn hostname(options: &Options) -> Option<String> {
    match ClientFqdn::of(options) {
        Some(fqdn) if fqdn.flags & NO_UPDATE != 0 => None,
        Some(fqdn) => fqdn.label().or_else(|| options.get(code::HOST_NAME).and_then(label)),
        None => options.get(code::HOST_NAME).and_then(label),
    }
}

/// A name in the form of DNS messages (RFC 1035 §3.1), without compression.
pub(crate) fn labels(name: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(name.len() + 2);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let Ok(length @ 1..=63) = u8::try_from(label.len()) else { continue };
        value.push(length);
        value.extend_from_slice(label.as_bytes());
    }
    value.push(0);
    value
}

/// A client's name as a DNS label, if it is one; anything else is ignored.
pub(crate) fn label(name: &[u8]) -> Option<String> {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let name = std::str::from_utf8(&name[..end]).ok()?.to_ascii_lowercase();
    let first = name.split('.').next()?;
    let valid = (1..=63).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !first.starts_with('-')
        && !first.ends_with('-');
    valid.then(|| first.to_owned())
}
