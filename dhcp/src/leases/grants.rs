//! What this process gave, or asked to be committed, and its copy does not show yet.

use std::collections::{BTreeMap, BTreeSet};

use model::lease::client::ClientId;
use model::lease::offline::OwnGrant;
use model::mac::MacAddress;

use crate::leases::family::Family;

/// The grants by address, found by client.
#[derive(Debug, Clone)]
pub(crate) struct Grants<A> {
    by_address: BTreeMap<A, OwnGrant>,
    by_client: BTreeSet<(ClientId, A)>,
    /// The hardware addresses of clients that are known by something else.
    hardware: BTreeMap<A, MacAddress>,
}

impl<A> Default for Grants<A> {
    fn default() -> Self {
        Self { by_address: BTreeMap::new(), by_client: BTreeSet::new(), hardware: BTreeMap::new() }
    }
}

impl<A: Family> Grants<A> {
    /// The grant of an address.
    pub(crate) fn get(&self, ip: A) -> Option<&OwnGrant> {
        self.by_address.get(&ip)
    }

    /// The grant of an address, if it is this client's.
    pub(crate) fn get_mut(&mut self, ip: A, client: &ClientId) -> Option<&mut OwnGrant> {
        self.by_address.get_mut(&ip).filter(|grant| grant.client == *client)
    }

    /// The grant of an address to a client; replaces that of another client, which the caller has
    /// found to be over.
    pub(crate) fn to(
        &mut self,
        ip: A,
        client: &ClientId,
        hardware: Option<MacAddress>,
    ) -> &mut OwnGrant {
        match hardware {
            Some(mac) => drop(self.hardware.insert(ip, mac)),
            None => drop(self.hardware.remove(&ip)),
        }
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
    pub(crate) fn of(&self, client: &ClientId) -> impl Iterator<Item = A> {
        let first = (client.clone(), A::FIRST);
        let last = (client.clone(), A::LAST);
        self.by_client.range(first..=last).map(|(_, ip)| *ip)
    }

    /// All of them, in the order of the addresses, with the hardware addresses of clients that are known by
    /// something else.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (A, &OwnGrant, Option<MacAddress>)> {
        let hardware = |ip: &A| self.hardware.get(ip).copied();
        self.by_address.iter().map(move |(ip, grant)| (*ip, grant, hardware(ip)))
    }

    /// Forgets those that are over.
    pub(crate) fn forget(&mut self, over: impl Fn(&OwnGrant) -> bool) {
        let (by_client, hardware) = (&mut self.by_client, &mut self.hardware);
        self.by_address.retain(|ip, grant| {
            let over = over(grant);
            if over {
                by_client.remove(&(grant.client.clone(), *ip));
                hardware.remove(ip);
            }
            !over
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use model::mac::MacAddress;

    use super::*;

    #[test]
    fn a_grant_is_found_by_its_client_until_it_is_over_or_anothers() {
        let (a, b) = (ClientId::from(MacAddress([2; 6])), ClientId::from(MacAddress([4; 6])));
        let [first, second] = [1, 2].map(|last| Ipv4Addr::new(10, 0, 0, last));
        let mut grants = Grants::default();
        grants.to(first, &a, None).asked = true;
        grants.to(second, &a, None);
        assert_eq!(grants.of(&a).collect::<Vec<_>>(), [first, second]);
        assert!(grants.to(first, &a, None).asked, "it is still the same grant");
        assert!(!grants.to(first, &b, None).asked, "it is another client's");
        assert_eq!(grants.of(&a).collect::<Vec<_>>(), [second]);
        assert!(grants.get_mut(first, &a).is_none());
        grants.forget(|grant| grant.client == b);
        assert_eq!(grants.of(&b).next(), None);
        assert_eq!(grants.iter().map(|(ip, ..)| ip).collect::<Vec<_>>(), [second]);
    }
}
