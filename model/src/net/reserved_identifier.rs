//! Addresses of IPv6 that no single host may have, because their interface identifiers are reserved (RFC 4291 §2.6.1, RFC 5453).

use std::net::Ipv6Addr;
use std::ops::RangeInclusive;

/// Those that are made of the hardware addresses of IANA, and those of anycast addresses of a subnet (RFC 2526).
const RESERVED: [RangeInclusive<u64>; 2] =
    [0x0200_5eff_fe00_0000..=0x0200_5eff_feff_ffff, 0xfdff_ffff_ffff_ff80..=0xfdff_ffff_ffff_ffff];

/// The longest prefix of a subnet whose addresses have whole identifiers of 64 bits.
const PREFIX_LEN: u8 = 64;

/// Whether no host of a subnet with a prefix of this length may have an address: it is that of all routers, or its identifier is reserved.
#[must_use]
pub fn is_reserved(ip: Ipv6Addr, prefix_len: u8) -> bool {
    let host = ip.to_bits().checked_shl(prefix_len.into()).unwrap_or_default();
    let is_of_routers = prefix_len < 127 && host == 0;
    let [.., a, b, c, d, e, f, g, h] = ip.octets();
    let identifier = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let is_reserved = RESERVED.iter().any(|reserved| reserved.contains(&identifier));
    is_of_routers || (prefix_len <= PREFIX_LEN && is_reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_routers_and_reserved_identifiers_are_no_hosts() {
        for (ip, prefix_len, want) in [
            ("fd00:10::", 64, true),
            ("fd00:10::1:0:0:0", 48, false),
            ("fd00:10::", 127, false),
            ("fd00:10::1", 64, false),
            ("fd00:10::200:5eff:fe00:5213", 64, true),
            ("fd00:10::200:5eff:ff00:0", 64, false),
            ("fd00:10::fdff:ffff:ffff:ff80", 64, true),
            ("fd00:10::fdff:ffff:ffff:ff7f", 64, false),
            ("fd00:10::fdff:ffff:ffff:ffff", 112, false),
            ("fd00:10::5054:ff:fe00:1", 64, false),
        ] {
            assert_eq!(is_reserved(ip.parse().unwrap(), prefix_len), want, "{ip}/{prefix_len}");
        }
    }
}
