//! What a probe of an address on a link of others looks like on the wire, and an answer: ICMP echo (RFC 792).

use std::net::Ipv4Addr;

pub(crate) const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// An ICMP message that asks for an echo.
pub(crate) fn echo_request(id: u16, sequence: u16) -> [u8; 8] {
    let [[id0, id1], [sequence0, sequence1]] = [id.to_be_bytes(), sequence.to_be_bytes()];
    let mut message = [ECHO_REQUEST, 0, 0, 0, id0, id1, sequence0, sequence1];
    let words = message.chunks_exact(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
    let sum = words.sum::<u32>();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}

/// Who echoes a message with this id; the packet begins with its IP header.
pub(crate) fn echo_answer(packet: &[u8], id: u16) -> Option<Ipv4Addr> {
    let header_len = usize::from(packet.first()? & 0x0f) * 4;
    let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let message = packet.get(header_len..header_len + 8)?;
    let is_ours = message[0] == ECHO_REPLY && message[4..6] == id.to_be_bytes();
    is_ours.then(|| Ipv4Addr::from(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);

    #[test]
    fn an_echo_is_known_by_its_id() {
        let request = echo_request(0xfedc, 0xffff);
        let words =
            request.chunks_exact(2).map(|word| u32::from(word[0]) << 8 | u32::from(word[1]));
        let sum = words.sum::<u32>();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "RFC 1071");
        let mut packet = vec![0; 24];
        packet[0] = 0x46;
        packet[12..16].copy_from_slice(&IP.octets());
        packet.extend(request);
        assert_eq!(echo_answer(&packet, 0xfedc), None, "a question is no answer");
        packet[24] = 0;
        assert_eq!(echo_answer(&packet, 0xfedc), Some(IP));
        assert_eq!(echo_answer(&packet, 0xfedd), None);
        assert!((0..32).all(|len| echo_answer(&packet[..len], 0xfedc).is_none()));
    }
}
