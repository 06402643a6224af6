//! Messages as bytes, in either family.

use super::identity::Identity;
use super::message::{Answer, Said};
use super::{message_v4, message_v6};
use crate::continuity::kind::Family;

/// The bytes of a message. Only clients of `DHCPv4` can ask for a time, in seconds.
///
/// # Errors
/// When it cannot be encoded, as where an address is of the other family.
pub fn encode(client: Identity, said: &Said, xid: u32, lease_s: u32) -> anyhow::Result<Vec<u8>> {
    match client.family {
        Family::V4 => message_v4::encode(client, said, xid, lease_s),
        Family::V6 => message_v6::encode(client, said, xid),
    }
}

/// Reads an answer, with the client it is for; none when it is something else.
#[must_use]
pub fn decode(family: Family, bytes: &[u8]) -> Option<(Identity, Answer)> {
    match family {
        Family::V4 => message_v4::decode(bytes),
        Family::V6 => message_v6::decode(bytes),
    }
}
