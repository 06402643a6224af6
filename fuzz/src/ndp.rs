//! The target *ndp*: router solicitations that are changed at random, and advertisements of anything. Whatever comes in is
//! taken only if it is what RFC 4861 §6.1.1 allows; whatever goes out can be read and fits into a packet.

use std::net::Ipv6Addr;

use dhcp::ndp::advertisement::{LENGTH_MAX, Withdrawn, encode};
use dhcp::ndp::content::{Content, Prefix};
use dhcp::ndp::solicitation::check;
use ipnet::Ipv6Net;
use model::mac::MacAddress;

use crate::draws::Draws;

/// What each option of an advertisement begins with: its code and its length in eight bytes, if that is fixed.
const OPTIONS: [(u8, Option<u8>); 5] =
    [(1, Some(1)), (3, Some(4)), (5, Some(1)), (25, None), (31, None)];

pub(crate) fn run(draws: &mut Draws) {
    solicit(draws);
    advertise(draws);
}

fn solicit(draws: &mut Draws) {
    let mut message = vec![133, 0, draws.byte(), draws.byte(), 0, 0, 0, 0];
    for _ in 0..draws.below(4) {
        let eights = 1 + draws.below(3);
        message.push(*draws.pick(&[1, 2, 14, 200]));
        message.push(u8::try_from(eights).unwrap_or_default());
        message.extend((2..eights * 8).map(|_| draws.byte()));
    }
    for _ in 0..draws.below(3) {
        let at = draws.below(message.len());
        if let Some(byte) = message.get_mut(at) {
            *byte = if draws.percent(50) { 0 } else { draws.byte() };
        }
    }
    if draws.percent(30) {
        message.truncate(draws.below(message.len() + 1));
    }
    let hop_limit = if draws.percent(90) { 255 } else { draws.byte() };
    let source = *draws.pick(&[Ipv6Addr::UNSPECIFIED, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)]);
    let options = options(message.get(8..).unwrap_or_default());
    let allowed = hop_limit == 255
        && message.len() >= 8
        && message[..2] == [133, 0]
        && options.is_some_and(|options| {
            !source.is_unspecified() || options.iter().all(|option| option[0] != 1)
        });
    let taken = check(&message, hop_limit, source);
    assert_eq!(taken.is_ok(), allowed, "{taken:?} of {message:?} from {source}, {hop_limit}");
}

fn advertise(draws: &mut Draws) {
    let content = content(draws);
    let gone = self::content(draws);
    let withdrawn =
        Withdrawn { prefixes: gone.prefixes, servers: gone.servers, domains: gone.domains };
    let packets = encode(&content, &withdrawn, MacAddress([2, 0, 0, 0, 0, draws.byte()]));
    let mut prefixes = 0;
    for packet in &packets {
        assert!(packet.len() <= LENGTH_MAX, "{} bytes", packet.len());
        assert_eq!(packet[..4], [134, 0, 0, 0], "the kernel puts in the checksum");
        assert_eq!(packet[6..8], [0, 0], "no rack is a default router");
        let options = options(&packet[16..]).expect("whole options");
        for option in &options {
            let known = OPTIONS.iter().find(|(code, _)| *code == option[0]);
            let (_, fixed) = known.expect("an option of an advertisement");
            assert!(fixed.is_none_or(|eights| eights == option[1]), "{option:?}");
        }
        prefixes += options.iter().filter(|option| option[0] == 3).count();
    }
    assert_eq!(prefixes, content.prefixes.len() + withdrawn.prefixes.len());
}

/// The options in these bytes, each with its head; none when they are not whole.
fn options(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(*bytes.get(1)?) * 8;
        let (option, rest) = bytes.split_at_checked(length).filter(|_| length > 0)?;
        found.push(option);
        bytes = rest;
    }
    Some(found)
}

fn content(draws: &mut Draws) -> Content {
    let ip = |draws: &mut Draws| Ipv6Addr::from_bits(u128::from(draws.number()) << 64 | 7);
    let prefixes = (0..draws.below(60)).map(|_| {
        let length = u8::try_from(draws.below(129)).unwrap_or_default();
        Prefix {
            net: Ipv6Net::new_assert(ip(draws), length),
            on_link: draws.percent(50),
            autonomous: draws.percent(50),
        }
    });
    let prefixes = prefixes.collect();
    let servers = (0..draws.below(40)).map(|_| ip(draws)).collect();
    let label = |draws: &mut Draws| "a".repeat(draws.below(64));
    let name = |draws: &mut Draws| (0..=draws.below(3)).map(|_| label(draws)).collect::<Vec<_>>();
    let domains = (0..draws.below(3)).map(|_| name(draws).join(".")).collect();
    let mtu = Some(1_500).filter(|_| draws.percent(50));
    let (managed, other) = (draws.percent(50), draws.percent(50));
    Content { managed, other, mtu, prefixes, servers, domains }
}
