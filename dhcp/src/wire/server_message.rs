//! A message of some other DHCP server, as far as it says who that is.

use std::net::Ipv4Addr;

use crate::wire::code;
use crate::wire::message::{COOKIE, FIXED_LEN};
use crate::wire::options::Options;

/// An OFFER, ACK or NAK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerMessage {
    /// What the server calls itself (option 54); none when it does not say.
    pub server: Option<Ipv4Addr>,
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
        Some(Self { server: server.filter(|ip| !ip.is_unspecified()) })
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

    #[test]
    fn a_server_is_known_by_its_identifier() {
        let server = Ipv4Addr::new(10, 0, 0, 9);
        for kind in [2, 5, 6] {
            let read = ServerMessage::parse(&packet(2, kind, &[54, 4, 10, 0, 0, 9, 255]));
            assert_eq!(read, Some(ServerMessage { server: Some(server) }), "{kind}");
        }
        let silent = [&[][..], &[54, 4, 0, 0, 0, 0], &[54, 2, 10, 0], &[54]];
        for options in silent {
            let read = ServerMessage::parse(&packet(2, 5, options));
            assert_eq!(read, Some(ServerMessage { server: None }), "{options:?}");
        }
        assert_eq!(ServerMessage::parse(&packet(1, 5, &[])), None, "of a client");
        assert_eq!(ServerMessage::parse(&packet(2, 1, &[])), None, "a DISCOVER");
        let whole = packet(2, 2, &[54, 4, 10, 0, 0, 9]);
        assert!((0..240).all(|len| ServerMessage::parse(&whole[..len]).is_none()));
    }
}
