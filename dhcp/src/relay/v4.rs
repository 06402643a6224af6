//! What becomes of a packet of `DHCPv4` (RFC 1542 §4.1, RFC 2131, RFC 3046).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::mac::MacAddress;

use crate::relay::dropped::Dropped;
use crate::relay::information::Information;
use crate::relay::turns::{MessageType, Sender};
use crate::v4::answer::Destination;
use crate::wire::code;
use crate::wire::message::{COOKIE, ETHERNET, FIXED_LEN, IEEE_802, array};
use crate::wire::pieces::Pieces;
use crate::wire::reply::BROADCAST_FLAG;

const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const END: u8 = 255;
/// Where the fields stand that an agent reads and writes.
const HOPS: usize = 3;
const GIADDR: usize = 24;
const CHADDR: usize = 28;
const OPTIONS: usize = FIXED_LEN + COOKIE.len();
/// How many agents pass on a message at most (RFC 1542 §4.1.1).
const HOPS_MAX: u8 = 16;
/// The length of `chaddr`.
const HARDWARE_MAX: u8 = 16;
/// The length of a BOOTP message: some ROMs and servers drop shorter ones.
const LEN_MIN: usize = 300;

/// An agent on a link of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its address there, which tells servers what link a client is on.
    pub address: Ipv4Addr,
    /// All addresses of its host, and of the other racks of the link: no client may have been relayed from one of them.
    pub own: BTreeSet<Ipv4Addr>,
    /// The longest UDP payload that is sent with information added.
    pub payload_max: usize,
    /// What is added.
    pub information: Information,
}

/// A reply on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient {
    /// Where it is sent on the link of the clients.
    pub destination: Destination,
    /// The UDP payload.
    pub payload: Vec<u8>,
}

impl Agent {
    /// What is sent to each server for a packet from the link of the clients. `unicast` says that it was sent to this
    /// host alone.
    ///
    /// # Errors
    /// [`Dropped`] when it is not passed on.
    pub fn to_servers(&self, packet: &[u8], unicast: bool) -> Result<Vec<u8>, Dropped> {
        let fixed = fixed(packet, REQUEST)?;
        let (hops, giaddr) = (fixed[HOPS], giaddr(fixed));
        if hops > HOPS_MAX {
            return Err(Dropped::TooManyHops);
        }
        if giaddr == self.address || self.own.contains(&giaddr) {
            return Err(Dropped::Spoofed);
        }
        let mut relayed = packet.to_vec();
        relayed[HOPS] = hops + 1;
        if !giaddr.is_unspecified() {
            // Another agent has heard the client, and gets the answer.
            return Ok(relayed);
        }
        if unicast && !self.information.server_override {
            return Err(Dropped::Unicast);
        }
        let options = &packet[OPTIONS..];
        if Pieces::of(options).any(|piece| piece.code == code::RELAY_AGENT_INFORMATION) {
            return Err(Dropped::Untrusted);
        }
        let end = OPTIONS + Pieces::of(options).end().ok_or(Dropped::Malformed)?;
        relayed[GIADDR..GIADDR + 4].copy_from_slice(&self.address.octets());
        if let Some(option) = self.information.option(self.address, unicast)
            && end + option.len() < self.payload_max
        {
            relayed.truncate(end);
            relayed.extend(option);
            relayed.push(END);
            relayed.resize(relayed.len().max(LEN_MIN), 0);
        }
        Ok(relayed)
    }

    /// What is sent to the client for a packet of a server: without what the agent had added, as a broadcast if the client
    /// wants that or has no address, else as a frame to its hardware address.
    ///
    /// # Errors
    /// [`Dropped`] when it is not passed on.
    pub fn to_client(&self, packet: &[u8]) -> Result<ToClient, Dropped> {
        let fixed = fixed(packet, REPLY)?;
        if giaddr(fixed) != self.address {
            return Err(Dropped::NotOurs);
        }
        let options = &packet[OPTIONS..];
        Pieces::of(options).end().ok_or(Dropped::Malformed)?;
        let mut payload = packet[..OPTIONS].to_vec();
        let kept = Pieces::of(options).filter(|piece| piece.code != code::RELAY_AGENT_INFORMATION);
        kept.for_each(|piece| payload.extend_from_slice(piece.whole));
        payload.push(END);
        payload.resize(payload.len().max(LEN_MIN), 0);
        Ok(ToClient { destination: destination(fixed), payload })
    }
}

/// The agent that a server's packet is for; none when it is no reply to what an agent passed on.
#[must_use]
pub fn agent_of(packet: &[u8]) -> Option<Ipv4Addr> {
    let giaddr = giaddr(fixed(packet, REPLY).ok()?);
    (!giaddr.is_unspecified()).then_some(giaddr)
}

/// Whether another agent has passed a packet of a client on.
#[must_use]
pub fn was_relayed(packet: &[u8]) -> bool {
    fixed(packet, REQUEST).is_ok_and(|fixed| !giaddr(fixed).is_unspecified())
}

/// Who sent a packet, as all racks that hear it call it.
///
/// # Errors
/// [`Dropped::Malformed`].
pub fn sender(packet: &[u8]) -> Result<Sender, Dropped> {
    let fixed = fixed(packet, REQUEST)?;
    let value = |wanted| {
        Pieces::of(&packet[OPTIONS..]).find(|piece| piece.code == wanted).map(|piece| piece.value)
    };
    let identifier = value(code::CLIENT_IDENTIFIER).filter(|own| !own.is_empty());
    let client = match (hardware(fixed), identifier) {
        (Some(mac), _) => ClientId::Hardware(mac),
        (None, Some(identifier)) => ClientId::Identifier(identifier.into()),
        (None, None) => ClientId::Identifier(fixed[CHADDR..CHADDR + 16].into()),
    };
    let kind = value(code::MESSAGE_TYPE).and_then(|value| value.first()).copied();
    Ok(Sender {
        client,
        xid: u32::from_be_bytes(array(fixed, 4)),
        kind: MessageType(kind.unwrap_or_default()),
    })
}

/// The fields before the options of a message in this direction, which are all there.
fn fixed(packet: &[u8], op: u8) -> Result<&[u8], Dropped> {
    let (fixed, rest) = packet.split_at_checked(FIXED_LEN).ok_or(Dropped::Malformed)?;
    let whole = rest.starts_with(&COOKIE) && fixed[0] == op && fixed[2] <= HARDWARE_MAX;
    if whole { Ok(fixed) } else { Err(Dropped::Malformed) }
}

fn giaddr(fixed: &[u8]) -> Ipv4Addr {
    Ipv4Addr::from(array(fixed, GIADDR))
}

/// The address of the client's Ethernet interface.
fn hardware(fixed: &[u8]) -> Option<MacAddress> {
    let is_ethernet = matches!(fixed[1], ETHERNET | IEEE_802) && fixed[2] == 6;
    Some(MacAddress(array(fixed, CHADDR))).filter(|mac| is_ethernet && mac.is_unicast())
}

fn destination(fixed: &[u8]) -> Destination {
    let wants_broadcast = u16::from_be_bytes(array(fixed, 10)) & BROADCAST_FLAG != 0;
    let addresses = [16, 12].map(|at| Ipv4Addr::from(array(fixed, at)));
    let is_a_hosts = |ip: &Ipv4Addr| {
        !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast() && !ip.is_loopback()
    };
    match (addresses.into_iter().find(is_a_hosts), hardware(fixed)) {
        (Some(ip), Some(mac)) if !wants_broadcast => Destination::Frame { ip, mac },
        _ => Destination::Broadcast,
    }
}
