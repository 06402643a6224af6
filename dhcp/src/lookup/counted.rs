//! Addresses that several owners may have, such as racks that take over a service address.

use std::collections::BTreeMap;

/// A set that an address leaves when its last owner gives it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<A> {
    owners: BTreeMap<A, usize>,
}

impl<A> Default for Counted<A> {
    fn default() -> Self {
        Self { owners: BTreeMap::new() }
    }
}

impl<A: Ord> Counted<A> {
    /// One more owner has the address.
    pub fn add(&mut self, address: A) {
        *self.owners.entry(address).or_default() += 1;
    }

    /// An owner has it no more.
    pub fn remove(&mut self, address: A) {
        let Some(count) = self.owners.get_mut(&address) else { return };
        *count -= 1;
        if *count == 0 {
            self.owners.remove(&address);
        }
    }

    /// Whether anybody has it.
    #[must_use]
    pub fn contains(&self, address: &A) -> bool {
        self.owners.contains_key(address)
    }
}
