//! What a probe looks like on the wire, and an answer: ARP (RFC 826) on a link of the rack's,
//! ICMP echo (RFC 792) on others.

use std::net::Ipv4Addr;

use model::mac::MacAddress;

/// The type of an Ethernet frame with ARP.
pub(crate) const ETHERTYPE_ARP: u16 = 0x0806;
/// Ethernet and IPv4, with addresses of 6 and 4 bytes.
const HARDWARE_AND_PROTOCOL: [u8; 6] = [0, 1, 8, 0, 6, 4];
pub(crate) const ARP_REPLY: u16 = 2;
/// Where the operation stands in a frame.
pub(crate) const ARP_OPERATION_AT: usize = 20;
pub(crate) const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// An ARP frame that asks who has an address, from the host's own one. A probe without a sender would
/// tell a client that was just given the address, and probes it itself, that another wants to use it
/// (RFC 5227 §2.1.1).
pub(crate) fn arp_request((own, at): (MacAddress, Ipv4Addr), ip: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::with_capacity(42);
    frame.extend([0xff; 6]);
    frame.extend(own.0);
    frame.extend(ETHERTYPE_ARP.to_be_bytes());
    frame.extend(HARDWARE_AND_PROTOCOL);
    frame.extend([0, 1]);
    frame.extend(own.0);
    frame.extend(at.octets());
    frame.extend([0; 6]);
    frame.extend(ip.octets());
    frame
}

/// Who says in an ARP reply that it has which address.
pub(crate) fn arp_answer(frame: &[u8]) -> Option<(Ipv4Addr, MacAddress)> {
    let arp = frame.get(14..14 + 28)?;
    let is_reply = arp[..6] == HARDWARE_AND_PROTOCOL && arp[6..8] == ARP_REPLY.to_be_bytes();
    let ip: [u8; 4] = arp[14..18].try_into().ok()?;
    let mac = MacAddress(arp[8..14].try_into().ok()?);
    (is_reply && mac.is_unicast()).then_some((Ipv4Addr::from(ip), mac))
}

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

    const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);

    /// C-08.
    #[test]
    fn a_question_names_its_sender_so_that_no_client_takes_it_for_a_rival() {
        let frame = arp_request((OWN, Ipv4Addr::new(10, 0, 0, 2)), IP);
        assert_eq!(frame.len(), 42);
        assert_eq!(frame[..14], [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6]);
        assert_eq!(frame[14..22], [0, 1, 8, 0, 6, 4, 0, 1]);
        assert_eq!(frame[28..32], [10, 0, 0, 2], "sender protocol address");
        assert_eq!(frame[38..], IP.octets());
        assert_eq!(arp_answer(&frame), None, "a question is no answer");
    }

    #[test]
    fn an_answer_is_read_and_what_is_cut_or_odd_is_none() {
        let mut frame = arp_request((MacAddress([2, 0, 0, 0, 0, 9]), Ipv4Addr::UNSPECIFIED), IP);
        frame[21] = 2;
        frame[28..32].copy_from_slice(&IP.octets());
        assert_eq!(arp_answer(&frame), Some((IP, MacAddress([2, 0, 0, 0, 0, 9]))));
        assert!((0..42).all(|len| arp_answer(&frame[..len]).is_none()));
        frame[22] = 0xff;
        assert_eq!(arp_answer(&frame), None, "nobody has a multicast address");
    }

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
