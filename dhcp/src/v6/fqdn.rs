//! Names of clients (RFC 4704).

use crate::v4::fqdn::{label, labels};
use crate::wire::v6::message::Message;

/// The server updates the AAAA record.
const SERVER_UPDATES: u8 = 1;
/// The server does otherwise than the client wished.
const OVERRIDDEN: u8 = 2;
/// The server updates nothing.
const NO_UPDATE: u8 = 4;

/// The first label of the name that a client wants, if it wants one and it is valid.
pub(crate) fn hostname(message: &Message) -> Option<String> {
    let (flags, name) = message.fqdn.as_ref()?.split_first()?;
    if flags & NO_UPDATE != 0 {
        return None;
    }
    let (length, rest) = name.split_first()?;
    label(rest.get(..usize::from(*length))?)
}

/// The value of the answer; none to a client that says nothing of a name. The names of clients that want one
/// are in the rack's DNS, so the client needs to update nothing.
pub(crate) fn answer(message: &Message, name: &str) -> Option<Vec<u8>> {
    let asked = *message.fqdn.as_ref()?.first()?;
    let flags = if asked & NO_UPDATE != 0 {
        NO_UPDATE
    } else if asked & SERVER_UPDATES != 0 {
        SERVER_UPDATES
    } else {
        SERVER_UPDATES | OVERRIDDEN
    };
    let mut value = vec![flags];
    if !name.is_empty() {
        value.extend(labels(name));
    }
    Some(value)
}
