//! Ethernet frames around DHCP messages: of replies, for a client that has no address to be reached at
//! yet, and of what is sent as a client that has none.

use std::net::Ipv4Addr;

use etherparse::PacketBuilder;
use model::mac::MacAddress;

/// The two ends of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) source_mac: MacAddress,
    pub(crate) source: Ipv4Addr,
    pub(crate) client_mac: MacAddress,
    pub(crate) client: Ipv4Addr,
}

/// The frame with its IPv4 and UDP headers, from the server's port to the client's.
pub(crate) fn build(ends: &Ends, payload: &[u8]) -> Option<Vec<u8>> {
    let builder = PacketBuilder::ethernet2(ends.source_mac.0, ends.client_mac.0)
        .ipv4(ends.source.octets(), ends.client.octets(), 64)
        .udp(67, 68);
    let mut frame = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut frame, payload).ok()?;
    Some(frame)
}

/// The frame of a client that has no address, to all servers on its link.
pub(crate) fn of_client(mac: MacAddress, payload: &[u8]) -> Option<Vec<u8>> {
    let builder = PacketBuilder::ethernet2(mac.0, [0xff; 6])
        .ipv4([0; 4], Ipv4Addr::BROADCAST.octets(), 64)
        .udp(68, 67);
    let mut frame = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut frame, payload).ok()?;
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// V4-17, C-17.
    #[test]
    fn a_frame_is_addressed_to_the_client_that_has_no_address_yet() {
        let ends = Ends {
            source_mac: MacAddress([2, 0, 0, 0, 0, 1]),
            source: Ipv4Addr::new(10, 0, 0, 1),
            client_mac: MacAddress([2, 0, 0, 0, 0, 2]),
            client: Ipv4Addr::new(10, 0, 0, 100),
        };
        let frame = build(&ends, b"reply").unwrap();
        assert_eq!(frame.len(), 14 + 20 + 8 + 5);
        assert_eq!(frame[..6], ends.client_mac.0);
        assert_eq!(frame[30..34], [10, 0, 0, 100]);
        assert_eq!(frame[34..38], [0, 67, 0, 68]);
    }
}
