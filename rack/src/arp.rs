//! ARP messages (RFC 826) in Ethernet frames.

pub(crate) mod socket;

use std::net::Ipv4Addr;

use model::mac::MacAddress;

/// The type of an Ethernet frame with ARP.
pub(crate) const ETHERTYPE_ARP: u16 = 0x0806;
/// Ethernet and IPv4, with addresses of 6 and 4 bytes.
const HARDWARE_AND_PROTOCOL: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: u16 = 1;
pub(crate) const REPLY: u16 = 2;
/// Where the operation stands in a frame.
pub(crate) const OPERATION_AT: usize = 20;

/// An ARP frame that asks who has an address, from the host's own one. A probe without a sender would
/// tell a client that was just given the address, and probes it itself, that another wants to use it
/// (RFC 5227 §2.1.1).
pub(crate) fn request((own, at): (MacAddress, Ipv4Addr), ip: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::with_capacity(42);
    frame.extend([0xff; 6]);
    frame.extend(own.0);
    frame.extend(ETHERTYPE_ARP.to_be_bytes());
    frame.extend(HARDWARE_AND_PROTOCOL);
    frame.extend(REQUEST.to_be_bytes());
    frame.extend(own.0);
    frame.extend(at.octets());
    frame.extend([0; 6]);
    frame.extend(ip.octets());
    frame
}

/// Who says in an ARP reply that it has which address.
pub(crate) fn answer(frame: &[u8]) -> Option<(Ipv4Addr, MacAddress)> {
    said(frame, |operation| operation == REPLY)
}

/// Who says in a question, an answer or an announcement that it has which address. Who only asks whether it
/// may use one (RFC 5227) says nothing.
pub(crate) fn sender(frame: &[u8]) -> Option<(Ipv4Addr, MacAddress)> {
    let said = said(frame, |operation| operation == REQUEST || operation == REPLY);
    said.filter(|(ip, _)| !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast())
}

fn said(frame: &[u8], counts: impl Fn(u16) -> bool) -> Option<(Ipv4Addr, MacAddress)> {
    let arp = frame.get(14..14 + 28)?;
    let is_meant =
        arp[..6] == HARDWARE_AND_PROTOCOL && counts(u16::from_be_bytes([arp[6], arp[7]]));
    let ip: [u8; 4] = arp[14..18].try_into().ok()?;
    let mac = MacAddress(arp[8..14].try_into().ok()?);
    (is_meant && mac.is_unicast()).then_some((Ipv4Addr::from(ip), mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);

    /// C-08.
    #[test]
    fn a_question_names_its_sender_so_that_no_client_takes_it_for_a_rival() {
        let frame = request((OWN, Ipv4Addr::new(10, 0, 0, 2)), IP);
        assert_eq!(frame.len(), 42);
        assert_eq!(frame[..14], [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6]);
        assert_eq!(frame[14..22], [0, 1, 8, 0, 6, 4, 0, 1]);
        assert_eq!(frame[28..32], [10, 0, 0, 2], "sender protocol address");
        assert_eq!(frame[38..], IP.octets());
        assert_eq!(answer(&frame), None, "a question is no answer");
    }

    #[test]
    fn an_answer_is_read_and_what_is_cut_or_odd_is_none() {
        let mut frame = request((MacAddress([2, 0, 0, 0, 0, 9]), Ipv4Addr::UNSPECIFIED), IP);
        frame[21] = 2;
        frame[28..32].copy_from_slice(&IP.octets());
        assert_eq!(answer(&frame), Some((IP, MacAddress([2, 0, 0, 0, 0, 9]))));
        assert!((0..42).all(|len| answer(&frame[..len]).is_none()));
        frame[22] = 0xff;
        assert_eq!(answer(&frame), None, "nobody has a multicast address");
    }

    #[test]
    fn who_asks_has_the_address_that_it_asks_from() {
        let at = Ipv4Addr::new(10, 0, 0, 2);
        let question = request((OWN, at), IP);
        assert_eq!(sender(&question), Some((at, OWN)));
        let announcement = request((OWN, IP), IP);
        assert_eq!(sender(&announcement), Some((IP, OWN)));
        let probe = request((OWN, Ipv4Addr::UNSPECIFIED), IP);
        assert_eq!(sender(&probe), None, "it does not use it yet");
        let mut odd = question.clone();
        odd[21] = 8;
        assert_eq!(sender(&odd), None);
        assert!((0..42).all(|len| sender(&question[..len]).is_none()));
    }
}
