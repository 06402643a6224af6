//! A message of some other DHCP server, as far as it says who that is.

use std::net::Ipv4Addr;

use model::mac::MacAddress;

use crate::wire::code;
use crate::wire::message::{COOKIE, FIXED_LEN};
use crate::wire::options::Options;

/// An OFFER, ACK or NAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerMessage {
    /// What the server calls itself (option 54), or its relay has it call itself (RFC 5107); none when it does not
    /// say.
    pub server: Option<Ipv4Addr>,
    /// The relay that the client was heard through; none when it was heard on the server's link.
    pub relay: Option<Ipv4Addr>,
    /// The client's hardware address.
    pub client: MacAddress,
    /// The address that the client gets; none in a refusal.
    pub given: Option<Ipv4Addr>,
}

impl ServerMessage {
    /// Reads a UDP payload; none when it is no message of a DHCP server to a client.
    #[must_use]
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_at_checked(FIXED_LEN)?;
        let options = rest.strip_prefix(&COOKIE)?;
        let options = Options::parse(options, &fixed[108..236], &fixed[44..108]);
        let is_a_servers = matches!(options.first_byte(code::MESSAGE_TYPE), Some(2 | 5 | 6));
        if fixed[0] != 2 || !is_a_servers {
            return None;
        }
        let server = options.address(code::SERVER_IDENTIFIER);
        let at = |place: usize| -> Option<Ipv4Addr> {
            let octets: [u8; 4] = fixed.get(place..place + 4)?.try_into().ok()?;
            Some(Ipv4Addr::from(octets)).filter(|ip| !ip.is_unspecified())
        };
        Some(Self {
            server: server.filter(|ip| !ip.is_unspecified()),
            relay: at(24),
            client: MacAddress(fixed.get(28..34)?.try_into().ok()?),
            given: at(16),
        })
    }

    /// Whether a relay passed it on under an address of its own, which it was sent from or came to be passed on at: who
    /// the server is, is not said (RFC 5107).
    #[must_use]
    pub fn is_in_the_name_of_a_relay(&self, source: Ipv4Addr) -> bool {
        self.relay.is_some() && (self.server == self.relay || self.server == Some(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(op: u8, kind: u8, options: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; FIXED_LEN];
        packet[0] = op;
        packet.extend(COOKIE);
        packet.extend([53, 1, kind]);
        packet.extend(options);
        packet
    }

    /// RFC 5107.
    #[test]
    fn a_relay_that_calls_itself_the_server_is_told_from_one_that_does_not() {
        let (relay, facing) = (Ipv4Addr::new(10, 5, 0, 1), Ipv4Addr::new(10, 5, 0, 2));
        let mut relayed = packet(2, 2, &[54, 4, 10, 5, 0, 1, 255]);
        relayed[16..20].copy_from_slice(&[10, 5, 0, 100]);
        relayed[28..34].copy_from_slice(&[2, 0, 0, 0, 0, 7]);
        let direct = ServerMessage::parse(&relayed).unwrap();
        assert_eq!((direct.relay, direct.is_in_the_name_of_a_relay(relay)), (None, false));
        relayed[24..28].copy_from_slice(&relay.octets());
        let read = ServerMessage::parse(&relayed).unwrap();
        assert!(read.is_in_the_name_of_a_relay(facing), "as it was heard by");
        assert_eq!(read.given, Some(Ipv4Addr::new(10, 5, 0, 100)));
        assert_eq!(read.client, MacAddress([2, 0, 0, 0, 0, 7]));
        relayed[24..28].copy_from_slice(&[172, 16, 0, 1]);
        let read = ServerMessage::parse(&relayed).unwrap();
        assert!(read.is_in_the_name_of_a_relay(relay), "as it sends");
        assert!(!read.is_in_the_name_of_a_relay(facing), "a server that is named");
    }

    #[test]
    fn a_server_is_known_by_its_identifier() {
        let server = Ipv4Addr::new(10, 0, 0, 9);
        let named = |packet: &[u8]| ServerMessage::parse(packet).map(|read| read.server);
        for kind in [2, 5, 6] {
            assert_eq!(
                named(&packet(2, kind, &[54, 4, 10, 0, 0, 9, 255])),
                Some(Some(server)),
                "{kind}"
            );
        }
        let silent = [&[][..], &[54, 4, 0, 0, 0, 0], &[54, 2, 10, 0], &[54]];
        for options in silent {
            assert_eq!(named(&packet(2, 5, options)), Some(None), "{options:?}");
        }
        assert_eq!(ServerMessage::parse(&packet(1, 5, &[])), None, "of a client");
        assert_eq!(ServerMessage::parse(&packet(2, 1, &[])), None, "a DISCOVER");
        let whole = packet(2, 2, &[54, 4, 10, 0, 0, 9]);
        assert!((0..240).all(|len| ServerMessage::parse(&whole[..len]).is_none()));
    }
}
