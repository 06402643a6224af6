//! Subnets by their prefix: the narrowest one that contains an address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use model::net::prefix::Prefix;

/// An address of one family.
pub trait Address: Copy + Ord {
    /// The address with all bits behind the first `len` cleared.
    #[must_use]
    fn masked(self, len: u8) -> Self;
}

impl Address for Ipv4Addr {
    fn masked(self, len: u8) -> Self {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(len)));
        Self::from_bits(self.to_bits() & mask.unwrap_or_default())
    }
}

impl Address for Ipv6Addr {
    fn masked(self, len: u8) -> Self {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(len)));
        Self::from_bits(self.to_bits() & mask.unwrap_or_default())
    }
}

/// A part of what it was, as long as it is.
impl Address for Prefix {
    fn masked(self, len: u8) -> Self {
        self.network_within(len)
    }
}

/// What lies at prefixes, by their lengths: a question costs one look per length that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefixes<A, I> {
    by_len: BTreeMap<u8, BTreeMap<A, BTreeSet<I>>>,
}

impl<A, I> Default for Prefixes<A, I> {
    fn default() -> Self {
        Self { by_len: BTreeMap::new() }
    }
}

impl<A: Address, I: Copy + Ord> Prefixes<A, I> {
    /// Adds something at a prefix.
    pub fn insert(&mut self, address: A, len: u8, id: I) {
        let at_len = self.by_len.entry(len).or_default();
        at_len.entry(address.masked(len)).or_default().insert(id);
    }

    /// Removes it from there.
    pub fn remove(&mut self, address: A, len: u8, id: I) {
        let Some(at_len) = self.by_len.get_mut(&len) else { return };
        let Some(ids) = at_len.get_mut(&address.masked(len)) else { return };
        ids.remove(&id);
        if ids.is_empty() {
            at_len.remove(&address.masked(len));
        }
        if at_len.is_empty() {
            self.by_len.remove(&len);
        }
    }

    /// What lies at the longest prefix of an address; of several, the greatest.
    #[must_use]
    pub fn longest(&self, address: A) -> Option<I> {
        let lens = self.by_len.iter().rev();
        let found = lens.filter_map(|(len, at_len)| at_len.get(&address.masked(*len))).next();
        found.and_then(|ids| ids.last().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_in_both_families() {
        let mut v4 = Prefixes::default();
        for (net, len, id) in [([0, 0, 0, 0], 0, 1), ([10, 0, 0, 0], 8, 2), ([10, 1, 2, 3], 32, 3)]
        {
            v4.insert(Ipv4Addr::from(net), len, id);
        }
        assert_eq!(v4.longest([11, 0, 0, 1].into()), Some(1));
        assert_eq!(v4.longest([10, 1, 2, 4].into()), Some(2));
        assert_eq!(v4.longest([10, 1, 2, 3].into()), Some(3));
        let mut v6 = Prefixes::default();
        v6.insert("fd00::".parse::<Ipv6Addr>().unwrap(), 8, 1);
        v6.insert("fd00:0:0:7::".parse().unwrap(), 64, 2);
        assert_eq!(v6.longest("fd00:0:0:7::9".parse().unwrap()), Some(2));
        assert_eq!(v6.longest("fd00:0:0:8::9".parse().unwrap()), Some(1));
        assert_eq!(v6.longest("fe80::1".parse().unwrap()), None);
        v6.remove("fd00:0:0:7::".parse().unwrap(), 64, 2);
        v6.remove("fd00::".parse().unwrap(), 8, 1);
        assert_eq!(v6, Prefixes::default());
    }
}
