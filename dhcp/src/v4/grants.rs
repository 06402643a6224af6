//! What this process gave, or asked to be committed, and its copy does not show yet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use model::lease::client::ClientId;
use model::lease::offline::OwnGrant;

/// The grants by address, found by client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants {
    by_address: BTreeMap<Ipv4Addr, OwnGrant>,
    by_client: BTreeSet<(ClientId, Ipv4Addr)>,
}

impl Grants {
    /// The grant of an address.
    pub(crate) fn get(&self, ip: Ipv4Addr) -> Option<&OwnGrant> {
        self.by_address.get(&ip)
    }

    /// The grant of an address, if it is this client's.
    pub(crate) fn get_mut(&mut self, ip: Ipv4Addr, client: &ClientId) -> Option<&mut OwnGrant> {
        self.by_address.get_mut(&ip).filter(|grant| grant.client == *client)
    }

    /// The grant of an address to a client; replaces that of another client, which the caller has
    /// found to be over.
    pub(crate) fn to(&mut self, ip: Ipv4Addr, client: &ClientId) -> &mut OwnGrant {
        let fresh = || OwnGrant { client: client.clone(), told: None, asked: false, decided: None };
        let grant = self.by_address.entry(ip).or_insert_with(fresh);
        if grant.client != *client {
            self.by_client.remove(&(grant.client.clone(), ip));
            *grant = fresh();
        }
        self.by_client.insert((client.clone(), ip));
        grant
    }

    /// The addresses that were granted to a client, in order.
    pub(crate) fn of(&self, client: &ClientId) -> impl Iterator<Item = Ipv4Addr> {
        let first = (client.clone(), Ipv4Addr::UNSPECIFIED);
        let last = (client.clone(), Ipv4Addr::BROADCAST);
        self.by_client.range(first..=last).map(|(_, ip)| *ip)
    }

    /// All of them, in the order of the addresses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ipv4Addr, &OwnGrant)> {
        self.by_address.iter().map(|(ip, grant)| (*ip, grant))
    }

    /// Forgets those that are over.
    pub(crate) fn forget(&mut self, over: impl Fn(&OwnGrant) -> bool) {
        let by_client = &mut self.by_client;
        self.by_address.retain(|ip, grant| {
            let over = over(grant);
            if over {
                by_client.remove(&(grant.client.clone(), *ip));
            }
            !over
        });
    }
}

#[cfg(test)]
mod tests {
    use model::mac::MacAddress;

    use super::*;

    #[test]
    fn a_grant_is_found_by_its_client_until_it_is_over_or_anothers() {
        let (a, b) = (ClientId::from(MacAddress([2; 6])), ClientId::from(MacAddress([4; 6])));
        let [first, second] = [1, 2].map(|last| Ipv4Addr::new(10, 0, 0, last));
        let mut grants = Grants::default();
        grants.to(first, &a).asked = true;
        grants.to(second, &a);
        assert_eq!(grants.of(&a).collect::<Vec<_>>(), [first, second]);
        assert!(grants.to(first, &a).asked, "it is still the same grant");
        assert!(!grants.to(first, &b).asked, "it is another client's");
        assert_eq!(grants.of(&a).collect::<Vec<_>>(), [second]);
        assert!(grants.get_mut(first, &a).is_none());
        grants.forget(|grant| grant.client == b);
        assert_eq!(grants.of(&b).next(), None);
        assert_eq!(grants.iter().map(|(ip, _)| ip).collect::<Vec<_>>(), [second]);
    }
}
