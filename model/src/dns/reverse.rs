//! Names of reverse zones (RFC 1035 §3.5, RFC 3596 §2.5) and which of them a subnet needs.

use std::net::IpAddr;

use ipnet::IpNet;

/// The name that PTR records of an address are kept under, without a trailing dot.
#[must_use]
pub fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => reverse_octets(&ip.octets()),
        IpAddr::V6(ip) => reverse_nibbles(&ip.octets(), 32),
    }
}

/// The origins of the reverse zones of a prefix: cut at the next whole octet or nibble, so a /22
/// has four zones. A prefix longer than /24 (or /124) gets one zone for each address, which claims
/// nothing that belongs to the rest of the octet (the aim of RFC 2317 without its aliases).
#[must_use]
pub fn reverse_origins(prefix: &IpNet) -> Vec<String> {
    let length = prefix.prefix_len();
    match prefix {
        IpNet::V4(net) => {
            let octets = usize::from(length.div_ceil(8)).clamp(1, 4);
            let zones = 1_u32 << (octets * 8 - usize::from(length)).min(8);
            let step = 1_u32 << (32 - octets * 8);
            let first = net.network().to_bits();
            (0..zones)
                .map(|index| (first + index * step).to_be_bytes())
                .map(|bytes| reverse_octets(&bytes[..octets]))
                .collect()
        }
        IpNet::V6(net) => {
            let nibbles = usize::from(length.div_ceil(4)).clamp(1, 32);
            let zones = 1_u128 << (nibbles * 4 - usize::from(length)).min(4);
            let step = 1_u128.checked_shl(u32::from(128 - length.div_ceil(4).max(1) * 4));
            let first = net.network().to_bits();
            (0..zones)
                .map(|index| first.wrapping_add(index.wrapping_mul(step.unwrap_or(0))))
                .map(|bits| reverse_nibbles(&bits.to_be_bytes(), nibbles))
                .collect()
        }
    }
}

fn reverse_octets(octets: &[u8]) -> String {
    let labels = octets.iter().rev().map(ToString::to_string);
    labels.chain(["in-addr.arpa".to_owned()]).collect::<Vec<_>>().join(".")
}

fn reverse_nibbles(octets: &[u8; 16], nibbles: usize) -> String {
    let all = octets.iter().flat_map(|octet| [octet >> 4, octet & 0xf]);
    let mut labels: Vec<String> = all.take(nibbles).map(|nibble| format!("{nibble:x}")).collect();
    labels.reverse();
    labels.push("ip6.arpa".to_owned());
    labels.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, expected: &[&str]) {
        assert_eq!(reverse_origins(&prefix.parse().unwrap()), expected, "{prefix}");
    }

    #[test]
    fn prefixes_are_cut_at_whole_labels() {
        check("10.1.2.0/24", &["2.1.10.in-addr.arpa"]);
        check("10.1.2.0/23", &["2.1.10.in-addr.arpa", "3.1.10.in-addr.arpa"]);
        check("10.1.0.0/16", &["1.10.in-addr.arpa"]);
        check("10.0.0.0/8", &["10.in-addr.arpa"]);
        check("172.16.0.0/15", &["16.172.in-addr.arpa", "17.172.in-addr.arpa"]);
        check("fd00::/8", &["d.f.ip6.arpa"]);
        check("2001:db8::/32", &["8.b.d.0.1.0.0.2.ip6.arpa"]);
        check("2001:db8::/31", &["8.b.d.0.1.0.0.2.ip6.arpa", "9.b.d.0.1.0.0.2.ip6.arpa"]);
    }

    #[test]
    fn small_prefixes_claim_only_their_addresses() {
        check("192.0.2.6/31", &["6.2.0.192.in-addr.arpa", "7.2.0.192.in-addr.arpa"]);
        check("192.0.2.9/32", &["9.2.0.192.in-addr.arpa"]);
        assert_eq!(reverse_origins(&"192.0.2.128/25".parse().unwrap()).len(), 128);
    }

    #[test]
    fn addresses_are_reversed() {
        assert_eq!(reverse_name("10.1.2.3".parse().unwrap()), "3.2.1.10.in-addr.arpa");
        assert_eq!(
            reverse_name("2001:db8::1".parse().unwrap()),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        );
    }
}
