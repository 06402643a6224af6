//! Frames on the link: UDP over IPv4 and IPv6, and the questions of hosts for each other's hardware addresses (RFC 826,
//! RFC 4861 §7). Checksums are whole, because receivers look at them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::identity::Mac;

/// All hosts of the link.
pub const BROADCAST: Mac = [0xff; 6];

const IPV4: [u8; 2] = [0x08, 0x00];
const ARP: [u8; 2] = [0x08, 0x06];
const IPV6: [u8; 2] = [0x86, 0xdd];
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// Of `ICMPv6`: neighbor solicitation and advertisement.
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
/// Solicited, and it overrides what was known.
const ANSWER_FLAGS: u8 = 0x60;

/// One end of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Its hardware address.
    pub mac: Mac,
    /// Its address, of the family of the other end.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A datagram.
    Datagram {
        /// From whom.
        from: End,
        /// To whom.
        to: End,
        /// What.
        payload: &'a [u8],
    },
    /// Somebody asks who has an address.
    WhoHas {
        /// The hardware address of who asks.
        mac: Mac,
        /// Its address; unspecified of one that has none yet.
        ip: IpAddr,
        /// The address that is asked for.
        target: IpAddr,
    },
    /// Somebody says that it has an address.
    Has {
        /// Its hardware address.
        mac: Mac,
        /// The address.
        ip: IpAddr,
    },
}

/// The frame of a datagram; none when the ends are of two families or it is too long.
#[must_use]
pub fn datagram(from: End, to: End, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len() + 8).ok()?;
    let mut udp = Vec::with_capacity(payload.len() + 8);
    for word in [from.port, to.port, length, 0] {
        udp.extend(word.to_be_bytes());
    }
    udp.extend(payload);
    let sum = pseudo_sum(from.ip, to.ip, UDP, &udp);
    udp[6..8].copy_from_slice(&if sum == 0 { [0xff; 2] } else { sum.to_be_bytes() });
    packet(from, to, UDP, &udp)
}

/// The question who has an address.
#[must_use]
pub fn who_has(mac: Mac, ip: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    arp(1, (mac, ip), (BROADCAST, target))
}

/// The answer to who asked for an address that this host has.
#[must_use]
pub fn has(mac: Mac, ip: IpAddr, asker: (Mac, IpAddr)) -> Option<Vec<u8>> {
    match (ip, asker.1) {
        (IpAddr::V4(ip), IpAddr::V4(to)) => Some(arp(2, (mac, ip), (asker.0, to))),
        (IpAddr::V6(ip), IpAddr::V6(to)) if !to.is_unspecified() => {
            advertisement(mac, ip, (asker.0, to))
        }
        _ => None,
    }
}

fn arp(operation: u8, from: (Mac, Ipv4Addr), to: (Mac, Ipv4Addr)) -> Vec<u8> {
    let target = if operation == 1 { [0; 6] } else { to.0 };
    [
        &to.0[..],
        &from.0,
        &ARP,
        &[0, 1, 8, 0, 6, 4, 0, operation],
        &from.0,
        &from.1.octets(),
        &target,
        &to.1.octets(),
    ]
    .concat()
}

fn advertisement(mac: Mac, ip: Ipv6Addr, to: (Mac, Ipv6Addr)) -> Option<Vec<u8>> {
    let head = [ADVERTISEMENT, 0, 0, 0, ANSWER_FLAGS, 0, 0, 0];
    let mut message = [&head[..], &ip.octets(), &[2, 1], &mac].concat();
    let sum = pseudo_sum(ip.into(), to.1.into(), ICMPV6, &message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let from = End { mac, ip: ip.into(), port: 0 };
    packet(from, End { mac: to.0, ip: to.1.into(), port: 0 }, ICMPV6, &message)
}

/// The frame of what goes over IP.
fn packet(from: End, to: End, protocol: u8, body: &[u8]) -> Option<Vec<u8>> {
    let head = |kind: [u8; 2]| [&to.mac[..], &from.mac, &kind].concat();
    match (from.ip, to.ip) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let length = u16::try_from(body.len() + 20).ok()?.to_be_bytes();
            let mut ip = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0];
            ip.extend(source.octets());
            ip.extend(destination.octets());
            let sum = !folded(sum_of(&ip));
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            Some([head(IPV4), ip, body.to_vec()].concat())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let length = u16::try_from(body.len()).ok()?.to_be_bytes();
            // Neighbor discovery takes nothing that came through a router.
            let ip = [0x60, 0, 0, 0, length[0], length[1], protocol, 255];
            let addresses = [source.octets(), destination.octets()].concat();
            Some([&head(IPV6)[..], &ip, &addresses, body].concat())
        }
        _ => None,
    }
}

/// The checksum of what goes over IP (RFC 768, RFC 8200 §8.1).
fn pseudo_sum(from: IpAddr, to: IpAddr, protocol: u8, body: &[u8]) -> u16 {
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => [from.octets(), to.octets()].concat(),
        (IpAddr::V6(from), IpAddr::V6(to)) => [from.octets(), to.octets()].concat(),
        _ => Vec::new(),
    };
    let length = u32::try_from(body.len()).unwrap_or_default();
    !folded(sum_of(&addresses) + u32::from(protocol) + length + sum_of(body))
}

fn sum_of(bytes: &[u8]) -> u32 {
    let pairs = bytes.chunks(2);
    pairs.map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0))).sum()
}

fn folded(sum: u32) -> u16 {
    let once = (sum >> 16) + (sum & 0xffff);
    u16::try_from((once >> 16) + (once & 0xffff)).unwrap_or(u16::MAX)
}

/// Reads a frame; none when it is something else.
#[must_use]
pub fn read(frame: &[u8]) -> Option<Heard<'_>> {
    let to: Mac = frame.get(..6)?.try_into().ok()?;
    let from: Mac = frame.get(6..12)?.try_into().ok()?;
    let body = frame.get(14..)?;
    match frame.get(12..14)?.try_into().ok()? {
        IPV4 => read_ipv4(from, to, body),
        IPV6 => read_ipv6(from, to, body),
        ARP => read_arp(body),
        _ => None,
    }
}

fn read_ipv4(from: Mac, to: Mac, packet: &[u8]) -> Option<Heard<'_>> {
    let length = usize::from(u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?));
    let head = usize::from(packet.first()? & 0xf) * 4;
    if packet.get(9)? != &UDP {
        return None;
    }
    let ip = |at: usize| -> Option<IpAddr> {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets).into())
    };
    read_udp((from, ip(12)?), (to, ip(16)?), packet.get(head..length)?)
}

fn read_ipv6(from: Mac, to: Mac, packet: &[u8]) -> Option<Heard<'_>> {
    let length = usize::from(u16::from_be_bytes(packet.get(4..6)?.try_into().ok()?));
    let ip = |at: usize| -> Option<Ipv6Addr> {
        let octets: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(Ipv6Addr::from(octets))
    };
    let (source, destination) = (ip(8)?, ip(24)?);
    let body = packet.get(40..40 + length)?;
    match *packet.get(6)? {
        UDP => read_udp((from, source.into()), (to, destination.into()), body),
        ICMPV6 => {
            let target = IpAddr::from(ip(48)?);
            match *body.first()? {
                SOLICITATION => Some(Heard::WhoHas { mac: from, ip: source.into(), target }),
                ADVERTISEMENT => Some(Heard::Has { mac: from, ip: target }),
                _ => None,
            }
        }
        _ => None,
    }
}

fn read_udp(from: (Mac, IpAddr), to: (Mac, IpAddr), datagram: &[u8]) -> Option<Heard<'_>> {
    let port = |at: usize| Some(u16::from_be_bytes(datagram.get(at..at + 2)?.try_into().ok()?));
    let end = |(mac, ip), port| End { mac, ip, port };
    let payload = datagram.get(8..usize::from(port(4)?))?;
    Some(Heard::Datagram { from: end(from, port(0)?), to: end(to, port(2)?), payload })
}

fn read_arp(packet: &[u8]) -> Option<Heard<'_>> {
    let mac: Mac = packet.get(8..14)?.try_into().ok()?;
    let ip = |at: usize| -> Option<IpAddr> {
        let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets).into())
    };
    let (sender, target) = (ip(14)?, ip(24)?);
    match *packet.get(7)? {
        // An announcement asks for the sender's own address (RFC 5227 §3).
        1 if sender == target => Some(Heard::Has { mac, ip: sender }),
        1 => Some(Heard::WhoHas { mac, ip: sender, target }),
        2 => Some(Heard::Has { mac, ip: sender }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Mac = [6, 4, 0, 0, 0, 1];
    const TWO: Mac = [6, 4, 0, 0, 0, 2];

    fn end(mac: Mac, ip: &str, port: u16) -> End {
        End { mac, ip: ip.parse().unwrap(), port }
    }

    #[test]
    fn what_is_written_is_read_in_both_families() {
        for (one, two) in [("10.0.0.1", "10.0.0.2"), ("fe80::1", "ff02::1:2")] {
            let (from, to) = (end(ONE, one, 68), end(TWO, two, 67));
            let frame = datagram(from, to, b"odd").unwrap();
            assert_eq!(read(&frame), Some(Heard::Datagram { from, to, payload: b"odd" }));
        }
        let mixed = datagram(end(ONE, "10.0.0.1", 1), end(TWO, "fe80::1", 2), b"");
        assert_eq!(mixed, None);
    }

    #[test]
    fn checksums_are_those_of_a_known_packet() {
        // RFC 1071: the sum over what has its checksum in it is all ones.
        let frame = datagram(end(ONE, "10.0.0.1", 68), end(TWO, "10.0.0.2", 67), b"abc").unwrap();
        assert_eq!(folded(sum_of(&frame[14..34])), 0xffff);
        let pseudo = sum_of(&[10, 0, 0, 1, 10, 0, 0, 2, 0, UDP, 0, 11]);
        assert_eq!(folded(pseudo + sum_of(&frame[34..])), 0xffff);
    }

    #[test]
    fn questions_and_answers_for_addresses_are_read() {
        let (one, two) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let asked = who_has(ONE, one, two);
        let heard = Heard::WhoHas { mac: ONE, ip: one.into(), target: two.into() };
        assert_eq!(read(&asked), Some(heard));
        let answer = has(TWO, two.into(), (ONE, one.into())).unwrap();
        assert_eq!(read(&answer), Some(Heard::Has { mac: TWO, ip: two.into() }));
        assert_eq!(read(&who_has(ONE, one, one)), Some(Heard::Has { mac: ONE, ip: one.into() }));
        let [six, asker] = ["fe80::2", "fe80::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let answer = has(TWO, six, (ONE, asker)).unwrap();
        assert_eq!(read(&answer), Some(Heard::Has { mac: TWO, ip: six }));
    }

    #[test]
    fn junk_is_not_read() {
        for length in 0..60 {
            assert_eq!(read(&vec![0x45; length]), None);
        }
    }
}
