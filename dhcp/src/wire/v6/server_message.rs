//! A message of some other `DHCPv6` server, as far as it says who that is.

use crate::wire::v6::code;
use crate::wire::v6::options::Options;

/// Advertise, Reply and Reconfigure: what servers send to clients.
const OF_SERVERS: [u8; 3] = [2, 7, 10];
/// The type and the transaction.
const HEAD_LEN: usize = 4;

/// The identifier of the server that sends a UDP payload to a client; none when it is no such message, or does not say,
/// and clients drop it (RFC 9915 §16).
#[must_use]
pub fn server_identifier(packet: &[u8]) -> Option<&[u8]> {
    let (head, rest) = packet.split_first_chunk::<HEAD_LEN>()?;
    let options = Options::parse(rest).ok().filter(|_| OF_SERVERS.contains(&head[0]))?;
    options.get(code::SERVER_ID)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V6-22.
    #[test]
    fn a_server_is_known_by_its_identifier_in_what_servers_say_to_clients() {
        let identifier = [0, 2, 0, 4, 0, 2, 9, 9];
        let of = |kind: u8| [&[kind, 1, 2, 3][..], &[0, 2, 0, 8], &identifier].concat();
        for kind in 0..=40 {
            let packet = of(kind);
            let is_a_servers = matches!(kind, 2 | 7 | 10);
            assert_eq!(
                server_identifier(&packet),
                is_a_servers.then_some(&identifier[..]),
                "{kind}"
            );
        }
        assert_eq!(server_identifier(&[2, 1, 2, 3]), None, "it does not say");
        assert_eq!(server_identifier(&[2, 1, 2, 3, 0, 2, 0, 2, 9, 9]), None, "too short for one");
        let whole = of(2);
        assert!((0..whole.len()).all(|len| server_identifier(&whole[..len]).is_none()));
    }
}
