//! What a rack looks for `DHCPv4` servers of others with: a DISCOVER that no rack answers.

use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::message::{COOKIE, FIXED_LEN, Kind, Message};
use crate::wire::reply::BROADCAST_FLAG;

/// The vendor class (option 60) of what is sent, by which racks know it.
const VENDOR_CLASS: &[u8] = b"ironraft-search";

/// The DISCOVER that servers are looked for with: a client at this interface, which wants the answer as a
/// broadcast.
#[must_use]
pub fn search(mac: MacAddress, xid: u32) -> Vec<u8> {
    let mut packet = vec![0; FIXED_LEN];
    packet[..4].copy_from_slice(&[1, 1, 6, 0]);
    packet[4..8].copy_from_slice(&xid.to_be_bytes());
    packet[10..12].copy_from_slice(&BROADCAST_FLAG.to_be_bytes());
    packet[28..34].copy_from_slice(&mac.0);
    packet.extend(COOKIE);
    packet.extend([code::MESSAGE_TYPE, 1, 1]);
    let len = u8::try_from(VENDOR_CLASS.len()).unwrap_or_default();
    packet.extend([code::VENDOR_CLASS, len]);
    packet.extend(VENDOR_CLASS);
    packet.extend([code::PARAMETER_REQUEST_LIST, 2, code::SUBNET_MASK, code::ROUTER, 255]);
    // Some servers drop what is shorter than BOOTP.
    packet.resize(packet.len().max(300), 0);
    packet
}

/// Whether a rack looks for servers with a message.
pub(crate) fn is_search(message: &Message) -> bool {
    message.kind == Kind::Discover && message.options.get(code::VENDOR_CLASS) == Some(VENDOR_CLASS)
}
