//! Packets of clients behind the relay.

use std::net::Ipv4Addr;

use crate::servers::{RELAY, SERVER};

/// What a client says besides its message type.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) client: u8,
    pub(crate) xid: u32,
    pub(crate) ciaddr: Ipv4Addr,
    pub(crate) options: Vec<u8>,
}

impl Packet {
    /// One of a client, with what all of them ask for.
    pub(crate) fn of(client: u8) -> Self {
        let (xid, ciaddr) = (u32::from(client), Ipv4Addr::UNSPECIFIED);
        Self { client, xid, ciaddr, options: Vec::new() }.with(55, &[1, 3, 6, 15])
    }

    pub(crate) fn with(mut self, code: u8, value: &[u8]) -> Self {
        self.options.extend([code, u8::try_from(value.len()).unwrap()]);
        self.options.extend(value);
        self
    }

    pub(crate) fn bytes(&self, kind: u8) -> Vec<u8> {
        let mut packet = vec![0; 236];
        packet[..4].copy_from_slice(&[1, 1, 6, 1]);
        packet[4..8].copy_from_slice(&self.xid.to_be_bytes());
        packet[12..16].copy_from_slice(&self.ciaddr.octets());
        packet[24..28].copy_from_slice(&RELAY.octets());
        packet[28..34].copy_from_slice(&[0x52, 0x54, 0, 0, 1, self.client]);
        packet.extend([99, 130, 83, 99, 53, 1, kind]);
        packet.extend(&self.options);
        packet.push(255);
        packet
    }

    pub(crate) fn discover(&self) -> Vec<u8> {
        self.bytes(1)
    }

    /// Takes an offer of the server.
    pub(crate) fn select(&self, ip: Ipv4Addr) -> Vec<u8> {
        self.clone().with(54, &SERVER.octets()).with(50, &ip.octets()).bytes(3)
    }

    /// Confirms an address after a restart.
    pub(crate) fn reboot(&self, ip: Ipv4Addr) -> Vec<u8> {
        self.clone().with(50, &ip.octets()).bytes(3)
    }

    /// Extends a lease, at any server.
    pub(crate) fn rebind(&self, ip: Ipv4Addr) -> Vec<u8> {
        Self { ciaddr: ip, ..self.clone() }.bytes(3)
    }
}
