//! A relay's question for a lease, read from the network (RFC 4388).

use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::message::{COOKIE, ETHERNET, FIXED_LEN, IEEE_802, array};
use crate::wire::options::Options;

/// DHCPLEASEQUERY in option 53.
const KIND: u8 = 10;

/// DHCPLEASEQUERY: who has an address, or which address a client has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseQuery {
    /// The transaction id.
    pub xid: u32,
    /// The relay that asks; answers go there.
    pub giaddr: Ipv4Addr,
    /// What is asked about.
    pub about: About,
    /// All options.
    pub options: Options,
}

/// What a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// An address.
    Address(Ipv4Addr),
    /// A client by its hardware address.
    Hardware(MacAddress),
    /// A client by its identifier (option 61).
    Identifier(Vec<u8>),
}

impl LeaseQuery {
    /// Reads a UDP payload; none when it is no query, or is not about exactly one address or client.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_at_checked(FIXED_LEN)?;
        let options = rest.strip_prefix(&COOKIE)?;
        let options = Options::parse(options, &fixed[108..236], &fixed[44..108]);
        if fixed[0] != 1 || options.first_byte(code::MESSAGE_TYPE) != Some(KIND) {
            return None;
        }
        let ciaddr = Ipv4Addr::from(array(fixed, 12));
        let identifier = options.get(code::CLIENT_IDENTIFIER).filter(|own| !own.is_empty());
        let (htype, hlen, mac) = (fixed[1], fixed[2], MacAddress(array(fixed, 28)));
        let about = match (ciaddr.is_unspecified(), hlen, identifier) {
            (false, 0, None) => About::Address(ciaddr),
            (true, 6, None) if matches!(htype, ETHERNET | IEEE_802) && mac.is_unicast() => {
                About::Hardware(mac)
            }
            (true, 0, Some(identifier)) => About::Identifier(identifier.to_vec()),
            _ => return None,
        };
        let xid = u32::from_be_bytes(array(fixed, 4));
        let giaddr = Ipv4Addr::from(array(fixed, 24));
        Some(Self { xid, giaddr, about, options })
    }

    /// The client that it is about: an identifier of type 1 is a hardware address (RFC 2132 §9.14).
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        match &self.about {
            About::Address(_) => None,
            About::Hardware(mac) => Some(ClientId::Hardware(*mac)),
            About::Identifier(identifier) => {
                let hardware = match identifier.as_slice() {
                    [ETHERNET, mac @ ..] => <[u8; 6]>::try_from(mac).ok().map(MacAddress),
                    _ => None,
                };
                let identifier = || ClientId::Identifier(identifier.as_slice().into());
                Some(hardware.map_or_else(identifier, ClientId::Hardware))
            }
        }
    }
}
