//! Router advertisements as bytes (RFC 4861 §4.2 and §4.6, RFC 8106 §5). The kernel puts in the checksum.
//!
//! Hosts pass over advertisements that came in fragments (RFC 6980), so what does not fit into one packet goes into
//! several (RFC 4861 §6.2.3).

use std::net::Ipv6Addr;

use model::mac::MacAddress;

use crate::ndp::content::{Content, Prefix};
use crate::v4::fqdn::labels;

/// What a packet of any link takes (RFC 8200 §5), without its own header.
pub const LENGTH_MAX: usize = 1_280 - 40;

const ROUTER_ADVERTISEMENT: u8 = 134;
/// The hop limit that hosts use.
const HOP_LIMIT: u8 = 64;
const MANAGED: u8 = 0x80;
const OTHER: u8 = 0x40;

const SOURCE_LINK_ADDRESS: u8 = 1;
const PREFIX: u8 = 3;
const MTU: u8 = 5;
const SERVERS: u8 = 25;
const DOMAINS: u8 = 31;

const ON_LINK: u8 = 0x80;
const AUTONOMOUS: u8 = 0x40;
/// How long prefixes hold, and addresses of them are preferred, in seconds: racks that are away for a night take nothing from
/// their hosts.
const VALID_S: u32 = 86_400;
const PREFERRED_S: u32 = 14_400;
/// How long resolvers and domains hold: three times the longest interval (RFC 8106 §5.1).
const DNS_S: u32 = 1_800;
/// So many resolvers are told by one option, which thus fits into any packet.
const SERVERS_MAX: usize = 16;

/// What is not advertised any more: hosts are told so, or would go on with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// What is not on the link, or not for own addresses, any more.
    pub prefixes: Vec<Prefix>,
    /// Who is no resolver any more.
    pub servers: Vec<Ipv6Addr>,
    /// Where hosts need not look for names any more.
    pub domains: Vec<String>,
}

/// The packets that say this, of a router with that hardware address.
#[must_use]
pub fn encode(content: &Content, withdrawn: &Withdrawn, mac: MacAddress) -> Vec<Vec<u8>> {
    let prefixes = content.prefixes.iter().map(|one| prefix(one, VALID_S, PREFERRED_S));
    let mut options: Vec<Vec<u8>> = content.mtu.map(mtu).into_iter().chain(prefixes).collect();
    options.extend(withdrawn.prefixes.iter().map(|one| prefix(one, 0, 0)));
    for (own, seconds) in [(&content.servers, DNS_S), (&withdrawn.servers, 0)] {
        options.extend(own.chunks(SERVERS_MAX).map(|some| servers(some, seconds)));
    }
    for (own, seconds) in [(&content.domains, DNS_S), (&withdrawn.domains, 0)] {
        options.extend(own.iter().map(|one| domain(one, seconds)));
    }
    let head = head(content, mac);
    let mut packets = vec![head.clone()];
    for option in options {
        match packets.last_mut().filter(|last| last.len() + option.len() <= LENGTH_MAX) {
            Some(last) => last.extend(option),
            None => packets.push([head.as_slice(), &option].concat()),
        }
    }
    packets
}

/// The message without what differs between the packets. The router lifetime is 0, and so are the times that hosts
/// choose themselves.
fn head(content: &Content, mac: MacAddress) -> Vec<u8> {
    let flags = flag(content.managed, MANAGED) | flag(content.other, OTHER);
    let mut head = vec![ROUTER_ADVERTISEMENT, 0, 0, 0, HOP_LIMIT, flags];
    head.resize(16, 0);
    head.extend([SOURCE_LINK_ADDRESS, 1]);
    head.extend(mac.0);
    head
}

const fn flag(set: bool, flag: u8) -> u8 {
    if set { flag } else { 0 }
}

fn mtu(mtu: u16) -> Vec<u8> {
    let mut option = vec![MTU, 1, 0, 0];
    option.extend(u32::from(mtu).to_be_bytes());
    option
}

fn prefix(prefix: &Prefix, valid_s: u32, preferred_s: u32) -> Vec<u8> {
    let flags = flag(prefix.on_link, ON_LINK) | flag(prefix.autonomous, AUTONOMOUS);
    let mut option = vec![PREFIX, 4, prefix.net.prefix_len(), flags];
    option.extend(valid_s.to_be_bytes());
    option.extend(preferred_s.to_be_bytes());
    option.extend([0; 4]);
    option.extend(prefix.net.network().octets());
    option
}

fn servers(servers: &[Ipv6Addr], seconds: u32) -> Vec<u8> {
    timed(SERVERS, seconds, servers.iter().flat_map(Ipv6Addr::octets).collect())
}

fn domain(domain: &str, seconds: u32) -> Vec<u8> {
    timed(DOMAINS, seconds, labels(domain))
}

/// An option with a lifetime; its value is filled up with zeros.
fn timed(code: u8, seconds: u32, value: Vec<u8>) -> Vec<u8> {
    let eights = 1 + value.len().div_ceil(8);
    let mut option = vec![code, u8::try_from(eights).unwrap_or(u8::MAX), 0, 0];
    option.extend(seconds.to_be_bytes());
    option.extend(value);
    option.resize(eights * 8, 0);
    option
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);

    fn net(prefix: &str) -> Prefix {
        Prefix { net: prefix.parse().unwrap(), on_link: true, autonomous: false }
    }

    fn content() -> Content {
        Content {
            managed: true,
            other: true,
            mtu: Some(9_000),
            prefixes: vec![Prefix { autonomous: true, ..net("fd00:10::/64") }],
            servers: vec!["fd00:10::2".parse().unwrap()],
            domains: vec!["lab.example".to_owned()],
        }
    }

    #[test]
    fn an_advertisement_has_these_bytes() {
        let packets = encode(&content(), &Withdrawn::default(), MAC);
        #[rustfmt::skip]
        let expected = [
            134, 0, 0, 0, 64, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // no default router
            1, 1, 2, 0, 0, 0, 0, 9,
            5, 1, 0, 0, 0, 0, 0x23, 0x28,
            3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0,
            0xfd, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            25, 3, 0, 0, 0, 0, 7, 8, 0xfd, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
            31, 3, 0, 0, 0, 0, 7, 8, 3, b'l', b'a', b'b', 7, b'e', b'x', b'a', b'm', b'p', b'l', b'e',
            0, 0, 0, 0,
        ];
        assert_eq!(packets, [expected]);
    }

    #[test]
    fn what_is_withdrawn_is_told_with_lifetimes_of_0() {
        let was = content();
        let withdrawn =
            Withdrawn { prefixes: was.prefixes, servers: was.servers, domains: was.domains };
        let packets = encode(&Content::default(), &withdrawn, MAC);
        let [packet] = packets.as_slice() else { panic!("{packets:?}") };
        assert_eq!(packet[5], 0, "no DHCPv6");
        let options = &packet[24..];
        assert_eq!(options[..16], [3, 4, 64, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(options[32..40], [25, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(options[56..64], [31, 3, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_does_not_fit_into_a_packet_goes_into_several() {
        let prefixes = (0..100).map(|number| net(&format!("fd00:{number}::/64")));
        let servers = (0..40).map(|number| Ipv6Addr::from_bits(number + 1));
        let content =
            Content { prefixes: prefixes.collect(), servers: servers.collect(), ..content() };
        let packets = encode(&content, &Withdrawn::default(), MAC);
        let head = &packets[0][..24];
        let lengths: Vec<usize> = packets.iter().map(Vec::len).collect();
        assert!(lengths.iter().all(|length| *length <= LENGTH_MAX), "{lengths:?}");
        assert!(packets.iter().all(|packet| packet[..24] == *head), "each is whole by itself");
        let told = packets.iter().map(|packet| packet.len() - 24).sum::<usize>();
        assert_eq!(told, 8 + 100 * 32 + (2 * (8 + 16 * 16) + 8 + 8 * 16) + 24);
        assert_eq!(packets.len(), 4);
    }
}
