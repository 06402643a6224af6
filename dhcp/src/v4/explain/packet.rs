//! A DISCOVER that is made up.

use std::net::Ipv4Addr;

use crate::v4::explain::{Question, Way};
use crate::wire::code;

const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Any transaction.
const XID: u32 = 0x6972_6674;
/// The largest message that a server sends, so that no option is left out for want of room.
const SIZE_MAX: u16 = 1_472;
/// The sub-option of option 82 that selects a link (RFC 3527).
const LINK_SELECTION: u8 = 5;

/// The UDP payload of a client that asks for all options there are.
pub(super) fn discover(question: &Question) -> Vec<u8> {
    let mut packet = vec![0; 236];
    packet[..4].copy_from_slice(&[1, 1, 6, 0]);
    packet[4..8].copy_from_slice(&XID.to_be_bytes());
    packet[28..34].copy_from_slice(&question.mac.0);
    if let Way::Relay { giaddr, .. } = question.way {
        packet[24..28].copy_from_slice(&giaddr.octets());
    }
    packet.extend(COOKIE);
    put(&mut packet, code::MESSAGE_TYPE, &[1]);
    put(&mut packet, code::MESSAGE_SIZE_MAX, &SIZE_MAX.to_be_bytes());
    if let Some(ip) = question.requested {
        put(&mut packet, code::REQUESTED_ADDRESS, &ip.octets());
    }
    if let Some(architecture) = question.architecture {
        put(&mut packet, code::CLIENT_ARCHITECTURE, &architecture.to_be_bytes());
    }
    if let Some(class) = &question.vendor_class {
        put(&mut packet, code::VENDOR_CLASS, class.as_bytes());
    }
    if let Some(class) = &question.user_class {
        put(&mut packet, code::USER_CLASS, class.as_bytes());
    }
    if let Some(identifier) = &question.identifier {
        put(&mut packet, code::CLIENT_IDENTIFIER, identifier);
    }
    let all: Vec<u8> = (1..255).collect();
    put(&mut packet, code::PARAMETER_REQUEST_LIST, &all);
    if let Way::Relay { selected: Some(selected), .. } = question.way {
        put(&mut packet, code::RELAY_AGENT_INFORMATION, &link_selection(selected));
    }
    packet.push(255);
    packet
}

fn link_selection(selected: Ipv4Addr) -> Vec<u8> {
    let mut value = vec![LINK_SELECTION, 4];
    value.extend(selected.octets());
    value
}

/// An option of at most 255 bytes; what is beyond is cut off.
fn put(packet: &mut Vec<u8>, code: u8, value: &[u8]) {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    packet.extend([code, length]);
    packet.extend(&value[..usize::from(length)]);
}
