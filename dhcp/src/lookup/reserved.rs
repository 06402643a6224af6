//! Reserved addresses, by address and by the client that they are kept for.

use std::collections::{BTreeMap, BTreeSet};

use model::mac::MacAddress;

/// Addresses that are kept for one client, or for nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved<A> {
    by_address: BTreeMap<A, Option<MacAddress>>,
    by_client: BTreeMap<MacAddress, BTreeSet<A>>,
}

impl<A> Default for Reserved<A> {
    fn default() -> Self {
        Self { by_address: BTreeMap::new(), by_client: BTreeMap::new() }
    }
}

impl<A: Copy + Ord> Reserved<A> {
    /// Adds or replaces a reserved address.
    pub fn put(&mut self, address: A, client: Option<MacAddress>) {
        self.remove(address);
        self.by_address.insert(address, client);
        if let Some(client) = client {
            self.by_client.entry(client).or_default().insert(address);
        }
    }

    /// Removes a reserved address.
    pub fn remove(&mut self, address: A) {
        let Some(Some(client)) = self.by_address.remove(&address) else { return };
        let Some(own) = self.by_client.get_mut(&client) else { return };
        own.remove(&address);
        if own.is_empty() {
            self.by_client.remove(&client);
        }
    }

    /// The addresses that are kept for a client, in order.
    pub fn of(&self, client: MacAddress) -> impl Iterator<Item = A> {
        self.by_client.get(&client).into_iter().flatten().copied()
    }

    /// Whether an address is kept for a client, or for nobody.
    #[must_use]
    pub fn has(&self, address: A) -> bool {
        self.by_address.contains_key(&address)
    }

    /// Whether an address is kept for somebody other than this client, or for nobody.
    #[must_use]
    pub fn for_another(&self, address: A, client: Option<MacAddress>) -> bool {
        self.by_address.get(&address).is_some_and(|own| own.is_none() || *own != client)
    }
}
