//! A prefix of IPv6 that is lent as a whole: what an association for prefixes has (RFC 9915 §6.3).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use crate::lease::cut::Address;

/// The number of bits of an address.
const BITS: u8 = 128;

/// A prefix. Prefixes are in the order of their first addresses; those of one length are counted one after
/// the other, as addresses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    network: Ipv6Addr,
    length: u8,
}

impl Prefix {
    /// The first of all.
    pub const FIRST: Self = Self { network: Ipv6Addr::UNSPECIFIED, length: 0 };
    /// The last of all.
    pub const LAST: Self = Self { network: Ipv6Addr::from_bits(u128::MAX), length: BITS };

    /// The prefix of a length that an address lies in; none when there is no such length.
    #[must_use]
    pub fn around(ip: Ipv6Addr, length: u8) -> Option<Self> {
        if length > BITS {
            return None;
        }
        Some(Self { network: Ipv6Addr::from_bits(ip.to_bits() & mask(length)), length })
    }

    /// The prefix that a row means by an address and a length; none of an address alone, and of one of IPv4.
    #[must_use]
    pub fn of(ip: IpAddr, length: Option<u8>) -> Option<Self> {
        match (ip, length) {
            (IpAddr::V6(ip), Some(length)) => Self::around(ip, length),
            (IpAddr::V6(_), None) | (IpAddr::V4(_), _) => None,
        }
    }

    /// All prefixes whose first address is this one.
    #[must_use]
    pub const fn beginning_at(ip: Ipv6Addr) -> RangeInclusive<Self> {
        RangeInclusive::new(Self { network: ip, length: 0 }, Self { network: ip, length: BITS })
    }

    /// The first prefix of its length in what the first `len` bits say.
    #[must_use]
    pub fn network_within(self, len: u8) -> Self {
        let bits = self.network.to_bits() & mask(len.min(self.length));
        Self { network: Ipv6Addr::from_bits(bits), ..self }
    }

    /// Its first address.
    #[must_use]
    pub const fn network(self) -> Ipv6Addr {
        self.network
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// Its last address.
    #[must_use]
    pub fn last_address(self) -> Ipv6Addr {
        Ipv6Addr::from_bits(self.network.to_bits() | !mask(self.length))
    }

    /// The bits that prefixes of its length are counted by.
    fn shift(self) -> u32 {
        (BITS - self.length).into()
    }
}

/// The bits of a prefix of this length.
fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl((BITS - length).into()).unwrap_or_default()
}

impl Address for Prefix {
    fn number(self) -> u128 {
        self.network.to_bits().checked_shr(self.shift()).unwrap_or_default()
    }

    fn at(self, number: u128) -> Option<Self> {
        let bits = number.checked_shl(self.shift()).unwrap_or_default();
        let network = Ipv6Addr::from_bits(bits);
        let at = Self { network, ..self };
        (at.number() == number).then_some(at)
    }
}

impl From<Prefix> for IpAddr {
    fn from(prefix: Prefix) -> Self {
        Self::V6(prefix.network)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::cut::{Span, cuts};

    fn prefix(text: &str, length: u8) -> Prefix {
        Prefix::around(text.parse().unwrap(), length).unwrap()
    }

    #[test]
    fn prefixes_of_one_length_are_counted_one_after_the_other() {
        let first = prefix("fd00:1::ab", 56);
        assert_eq!(first.to_string(), "fd00:1::/56");
        assert_eq!(
            first.last_address(),
            "fd00:1:0:ff:ffff:ffff:ffff:ffff".parse::<Ipv6Addr>().unwrap()
        );
        let second = first.at(first.number() + 1).unwrap();
        assert_eq!(second.to_string(), "fd00:1:0:100::/56");
        assert!(first < second);
        assert_eq!(first.at(1 << 56), None, "there are no more");
        for length in [0, 1, 64, 128] {
            let some = prefix("ffff:ffff:ffff:ffff::1", length);
            assert_eq!(some.at(some.number()), Some(some), "{length}");
        }
        assert_eq!(Prefix::around(Ipv6Addr::LOCALHOST, 129), None);
    }

    #[test]
    fn prefixes_are_cut_into_blocks_as_addresses_are() {
        let pool = Span { first: prefix("fd00:1::", 56), last: prefix("fd00:1:0:ff00::", 56) };
        assert_eq!(pool.len(), 256);
        let taken = Span { first: pool.first, last: prefix("fd00:1:0:0f00::", 56) };
        let next = cuts(pool, [taken]).next().unwrap();
        assert_eq!(next.first.to_string(), "fd00:1:0:1000::/56");
        assert_eq!(next.last.to_string(), "fd00:1:0:1f00::/56");
    }
}
