//! What becomes of a packet of `DHCPv6` (RFC 9915 §19).

use std::net::Ipv6Addr;

use model::lease::client::ClientId;
use model::mac::MacAddress;

use crate::relay::dropped::Dropped;
use crate::relay::turns::{MessageType, Sender};
use crate::wire::v6::code;
use crate::wire::v6::message::{RELAYS_MAX, eui_64};
use crate::wire::v6::options::Options;

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
/// Messages of servers to clients, and what relays send back: no client sends any (RFC 9915 §19.1, RFC 9686 §4.5).
const OF_SERVERS: [u8; 5] = [2, 7, 10, RELAY_REPLY, 37];
/// Messages of clients to servers, and what relays send on: no server sends any.
const OF_CLIENTS: [u8; 9] = [1, 3, 4, 5, 6, 8, 9, 11, RELAY_FORWARD];
/// The fields of a relay's message: type, hop count, link address and peer address.
const RELAY_LEN: usize = 34;
/// The type and the transaction of a client's message.
const HEAD_LEN: usize = 4;
/// The hardware type of option 79.
const ETHERNET: [u8; 2] = [0, 1];
const CLIENT_PORT: u16 = 546;
const SERVER_PORT: u16 = 547;
/// What is passed on is no longer than that, which fragments carry, and which racks take.
const LEN_MAX: usize = 8_192;

/// An agent on a link of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its address there that means something beyond the link, which tells servers what link a client is on; unspecified
    /// when it has none.
    pub link: Ipv6Addr,
    /// What it calls its interface (option 18), by which it knows the way back.
    pub interface_id: Vec<u8>,
    /// What it is called (option 37, RFC 4649): an enterprise number and what that enterprise says.
    pub remote: Option<Vec<u8>>,
}

/// A packet from the link of the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived<'a> {
    /// The UDP payload.
    pub packet: &'a [u8],
    /// The address it was sent from.
    pub source: Ipv6Addr,
    /// The UDP port it was sent from.
    pub source_port: u16,
    /// Whether it was sent to all servers and relays of the link.
    pub multicast: bool,
    /// The hardware address of the frame that it came in, if that is known.
    pub hardware: Option<MacAddress>,
}

/// A relay's message from the side of the servers, unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned<'a> {
    /// The address that said which link it is for.
    pub link: Ipv6Addr,
    /// The interface that it is for, as the agent called it.
    pub interface_id: Option<&'a [u8]>,
    /// Who gets it: a client, or the relay before it.
    pub peer: Ipv6Addr,
    /// The UDP port there.
    pub port: u16,
    /// The UDP payload.
    pub payload: &'a [u8],
}

impl Agent {
    /// What is sent to each server for a packet from the link of the clients.
    ///
    /// # Errors
    /// [`Dropped`] when it is not passed on.
    pub fn to_servers(&self, arrived: &Arrived<'_>) -> Result<Vec<u8>, Dropped> {
        let Arrived { packet, source, .. } = *arrived;
        let kind = *packet.first().ok_or(Dropped::Malformed)?;
        if OF_SERVERS.contains(&kind) || source.is_unspecified() || source.is_multicast() {
            return Err(Dropped::Malformed);
        }
        let mut options = Vec::new();
        put(&mut options, code::INTERFACE_ID, &self.interface_id)?;
        if let Some(remote) = &self.remote {
            put(&mut options, code::REMOTE_ID, remote)?;
        }
        let (hops, link) = if kind == RELAY_FORWARD {
            self.of_relay(arrived, &mut options)?
        } else {
            self.of_client(arrived, &mut options)?
        };
        put(&mut options, code::RELAY_MESSAGE, packet)?;
        let link = link.octets();
        let relayed = [&[RELAY_FORWARD, hops][..], &link, &source.octets(), &options].concat();
        if relayed.len() > LEN_MAX { Err(Dropped::TooLong) } else { Ok(relayed) }
    }

    /// The hop count and the link address for what a client sent itself.
    fn of_client(
        &self,
        arrived: &Arrived<'_>,
        options: &mut Vec<u8>,
    ) -> Result<(u8, Ipv6Addr), Dropped> {
        if !arrived.multicast {
            return Err(Dropped::Unicast);
        }
        if arrived.packet.len() < HEAD_LEN {
            return Err(Dropped::Malformed);
        }
        if let Some(mac) = arrived.hardware {
            let value = [&ETHERNET[..], &mac.0].concat();
            put(options, code::CLIENT_LINK_LAYER_ADDRESS, &value)?;
        }
        Ok((0, self.link))
    }

    /// The hop count and the link address for what another relay sent on. It has said what link its client is on; its own
    /// is said only if its address does not (RFC 9915 §19.1.2).
    fn of_relay(
        &self,
        arrived: &Arrived<'_>,
        options: &mut Vec<u8>,
    ) -> Result<(u8, Ipv6Addr), Dropped> {
        let (fixed, rest) =
            arrived.packet.split_first_chunk::<RELAY_LEN>().ok_or(Dropped::Malformed)?;
        let own = Options::parse(rest).map_err(|_| Dropped::Malformed)?;
        own.get(code::RELAY_MESSAGE).ok_or(Dropped::Malformed)?;
        let hops = fixed[1];
        if usize::from(hops) >= RELAYS_MAX {
            return Err(Dropped::TooManyHops);
        }
        if own.get(code::RELAY_SOURCE_PORT).is_some() {
            // It wants the answer where it sent from, which is remembered in what comes back (RFC 8357 §5.2).
            put(options, code::RELAY_SOURCE_PORT, &arrived.source_port.to_be_bytes())?;
        }
        let says_nothing = arrived.source.is_unicast_link_local();
        Ok((hops + 1, if says_nothing { self.link } else { Ipv6Addr::UNSPECIFIED }))
    }

    /// Whether a server's message is an answer to what this agent sent: by its interface, else by its address there.
    #[must_use]
    pub fn sent(&self, returned: &Returned<'_>) -> bool {
        match returned.interface_id {
            Some(interface) => interface == self.interface_id,
            None => !self.link.is_unspecified() && returned.link == self.link,
        }
    }
}

impl<'a> Returned<'a> {
    /// Unwraps a packet of a server.
    ///
    /// # Errors
    /// [`Dropped::Malformed`] when nobody gets anything of it.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Dropped> {
        let (fixed, rest) = packet.split_first_chunk::<RELAY_LEN>().ok_or(Dropped::Malformed)?;
        if fixed[0] != RELAY_REPLY {
            return Err(Dropped::Malformed);
        }
        let options = Options::parse(rest).map_err(|_| Dropped::Malformed)?;
        let payload = options.get(code::RELAY_MESSAGE).ok_or(Dropped::Malformed)?;
        let kind = *payload.first().ok_or(Dropped::Malformed)?;
        let (link, peer) = (address(fixed, 2), address(fixed, 18));
        let is_nobody = peer.is_unspecified() || peer.is_multicast() || peer.is_loopback();
        if is_nobody || OF_CLIENTS.contains(&kind) {
            return Err(Dropped::Malformed);
        }
        let of_relay = kind == RELAY_REPLY;
        let told = options.get(code::RELAY_SOURCE_PORT).and_then(|port| port.try_into().ok());
        let port = told.map(u16::from_be_bytes).filter(|port| of_relay && *port != 0);
        let port = port.unwrap_or(if of_relay { SERVER_PORT } else { CLIENT_PORT });
        let interface_id = options.get(code::INTERFACE_ID);
        Ok(Self { link, interface_id, peer, port, payload })
    }
}

/// Whether a packet comes back from a server for a relay.
#[must_use]
pub fn is_returned(packet: &[u8]) -> bool {
    packet.first() == Some(&RELAY_REPLY)
}

/// Whether another agent has passed a packet of a client on.
#[must_use]
pub fn was_relayed(packet: &[u8]) -> bool {
    packet.first() == Some(&RELAY_FORWARD)
}

/// Who sent a packet itself, as all racks that hear it call it: by its hardware address, else by its identifier.
///
/// # Errors
/// [`Dropped::Malformed`].
pub fn sender(arrived: &Arrived<'_>) -> Result<Sender, Dropped> {
    let (head, rest) = arrived.packet.split_first_chunk::<HEAD_LEN>().ok_or(Dropped::Malformed)?;
    let options = Options::parse(rest).map_err(|_| Dropped::Malformed)?;
    let client = match (eui_64(arrived.source), options.get(code::CLIENT_ID)) {
        (Some(mac), _) => ClientId::Hardware(mac),
        (None, Some(identifier)) => ClientId::Identifier(identifier.into()),
        (None, None) => ClientId::Identifier(arrived.source.octets()[..].into()),
    };
    let xid = u32::from_be_bytes([0, head[1], head[2], head[3]]);
    Ok(Sender { client, xid, kind: MessageType(head[0]) })
}

fn address(fixed: &[u8; RELAY_LEN], start: usize) -> Ipv6Addr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&fixed[start..start + 16]);
    Ipv6Addr::from(octets)
}

fn put(options: &mut Vec<u8>, code: u16, value: &[u8]) -> Result<(), Dropped> {
    let length = u16::try_from(value.len()).map_err(|_| Dropped::TooLong)?;
    options.extend(code.to_be_bytes());
    options.extend(length.to_be_bytes());
    options.extend_from_slice(value);
    Ok(())
}
