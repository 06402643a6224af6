//! A pool of prefixes that racks delegate to routers on a link (RFC 9915 §6.3), each as a whole.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::id::{PrefixPoolId, SubnetId};
use crate::lease::cut::Span;
use crate::net::prefix::Prefix;
use crate::net::range::AddressRange;

/// How long delegated prefixes may be: hosts need a /64 for a link (RFC 4291 §2.5.1).
pub const DELEGATED_LENGTHS: RangeInclusive<u8> = 48..=64;

/// A pool of prefixes. Its addresses lie in no subnet of the site: behind which router they are is decided when they are
/// delegated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixPool {
    /// Its id.
    pub id: PrefixPoolId,
    /// What is delegated from.
    pub prefix: Ipv6Net,
    /// The length of each prefix that is delegated.
    pub delegated_length: u8,
    /// The subnet on whose link they are delegated.
    pub subnet: SubnetId,
    /// Free text.
    pub comment: String,
}

impl PrefixPool {
    /// The prefixes that are delegated; none when they would be no part of the pool.
    #[must_use]
    pub fn prefixes(&self) -> Option<Span<Prefix>> {
        if self.delegated_length < self.prefix.prefix_len() {
            return None;
        }
        let first = Prefix::around(self.prefix.network(), self.delegated_length)?;
        let last = Prefix::around(self.prefix.broadcast(), self.delegated_length)?;
        Some(Span { first, last })
    }

    /// Whether a prefix is one of those that are delegated from it.
    #[must_use]
    pub fn delegates(&self, prefix: Prefix) -> bool {
        prefix.length() == self.delegated_length
            && self.prefixes().is_some_and(|all| all.contains(prefix))
    }

    /// All addresses of the pool.
    #[must_use]
    pub fn addresses(&self) -> AddressRange {
        AddressRange::of(IpNet::V6(self.prefix))
    }

    /// The first and the last address.
    #[must_use]
    pub fn ends(&self) -> (IpAddr, IpAddr) {
        (self.prefix.network().into(), self.prefix.broadcast().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(prefix: &str, delegated_length: u8) -> PrefixPool {
        PrefixPool {
            id: PrefixPoolId(1),
            prefix: prefix.parse().unwrap(),
            delegated_length,
            subnet: SubnetId(1),
            comment: String::new(),
        }
    }

    #[test]
    fn a_pool_delegates_prefixes_of_its_length_and_no_others() {
        let of = |text: &str, length| Prefix::around(text.parse().unwrap(), length).unwrap();
        let pool_48 = pool("fd00:1::/48", 56);
        assert_eq!(pool_48.prefixes().map(|all| all.len()), Some(256));
        for (prefix, want) in [
            (of("fd00:1::", 56), true),
            (of("fd00:1:0:ff00::", 56), true),
            (of("fd00:1::", 60), false),
            (of("fd00:1:1::", 56), false),
            (of("fd00::", 56), false),
        ] {
            assert_eq!(pool_48.delegates(prefix), want, "{prefix}");
        }
        assert_eq!(pool("fd00:1::/56", 56).prefixes().map(|all| all.len()), Some(1));
        assert_eq!(pool("fd00:1::/60", 56).prefixes(), None);
    }
}
