//! Where a reply goes (RFC 2131 §4.1).

use std::net::Ipv4Addr;

use model::mac::MacAddress;

use crate::wire::message::{self, Message};
use crate::wire::reply::{Kind, Reply};

/// Where a reply is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To the first relay, at this UDP port.
    Relay {
        /// Its address.
        ip: Ipv4Addr,
        /// 67, or the port it sent from (RFC 8357).
        port: u16,
    },
    /// To 255.255.255.255, port 68, on the link.
    Broadcast,
    /// To a client that has this address.
    Unicast {
        /// The address.
        ip: Ipv4Addr,
    },
    /// To a client that does not have the address yet: a frame to its hardware address.
    Frame {
        /// The address that it gets.
        ip: Ipv4Addr,
        /// Its hardware address.
        mac: MacAddress,
    },
}

/// Where a reply goes; the order of the cases matters (RFC 2131 §4.1).
#[must_use]
pub fn destination(request: &Message, reply: &Reply, source_port: u16) -> Destination {
    if request.kind == message::Kind::Inform && !request.ciaddr.is_unspecified() {
        // It has an address that works, so its relay is not needed (RFC 2131 §4.3.5).
        return Destination::Unicast { ip: request.ciaddr };
    }
    if request.relayed() {
        let port = if request.relay_source_port() { source_port } else { 67 };
        return Destination::Relay { ip: request.giaddr, port };
    }
    if reply.kind == Kind::Nak {
        return Destination::Broadcast;
    }
    if !request.ciaddr.is_unspecified() {
        return Destination::Unicast { ip: request.ciaddr };
    }
    match reply.mac {
        Some(mac) if !request.wants_broadcast() && !reply.yiaddr.is_unspecified() => {
            Destination::Frame { ip: reply.yiaddr, mac }
        }
        _ => Destination::Broadcast,
    }
}
