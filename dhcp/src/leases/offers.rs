//! Offers that were made and not taken yet: soft state that keeps an address free for its client.

use std::collections::{BTreeMap, BTreeSet};

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

/// How long an offer blocks its address for others (RFC 2131 §3.1 leaves it to the server).
pub(crate) const OFFER_MS: u64 = 60_000;
/// More offers than this in a minute are not remembered: the requests of those clients are judged as if
/// they were new, and two of them may ask for one address, which only one gets.
const OFFERS_MAX: usize = 262_144;

/// The offers, by client and by address.
#[derive(Debug, Clone)]
pub(crate) struct Offers<A> {
    of_client: BTreeMap<(VlanId, ClientId), (A, Moment)>,
    holder: BTreeMap<A, (VlanId, ClientId)>,
    /// Addresses that got a holder, or lost it, since that was asked last.
    changed: Vec<A>,
    /// When each offer ends, in order.
    ends: BTreeSet<(Moment, (VlanId, ClientId))>,
}

impl<A> Default for Offers<A> {
    fn default() -> Self {
        Self {
            of_client: BTreeMap::new(),
            holder: BTreeMap::new(),
            changed: Vec::new(),
            ends: BTreeSet::new(),
        }
    }
}

impl<A: Copy + Ord> Offers<A> {
    /// What the client was offered.
    pub(crate) fn of(&self, vlan: VlanId, client: &ClientId, now: Moment) -> Option<A> {
        let (ip, until) = self.of_client.get(&(vlan, client.clone()))?;
        (*until > now).then_some(*ip)
    }

    /// Whether the address is offered to another client.
    pub(crate) fn to_another(&self, ip: A, client: &ClientId, now: Moment) -> bool {
        self.holder
            .get(&ip)
            .filter(|(_, holder)| holder != client)
            .is_some_and(|(vlan, holder)| self.of(*vlan, holder, now) == Some(ip))
    }

    pub(crate) fn make(&mut self, vlan: VlanId, client: &ClientId, ip: A, now: Moment) {
        self.withdraw(vlan, client);
        self.forget(now);
        if self.ends.len() < OFFERS_MAX {
            let until = now.plus_ms(OFFER_MS);
            self.ends.insert((until, (vlan, client.clone())));
            self.of_client.insert((vlan, client.clone()), (ip, until));
            self.holder.insert(ip, (vlan, client.clone()));
            self.changed.push(ip);
        }
    }

    pub(crate) fn withdraw(&mut self, vlan: VlanId, client: &ClientId) {
        let client = (vlan, client.clone());
        let Some((ip, until)) = self.of_client.remove(&client) else { return };
        if self.holder.get(&ip) == Some(&client) {
            self.holder.remove(&ip);
            self.changed.push(ip);
        }
        self.ends.remove(&(until, client));
    }

    /// The client that an address is offered to, and its link.
    pub(crate) fn holder(&self, ip: A) -> Option<&(VlanId, ClientId)> {
        self.holder.get(&ip)
    }

    /// The addresses that got a holder, or lost it, since this was asked last.
    pub(crate) fn take_changed(&mut self) -> Vec<A> {
        std::mem::take(&mut self.changed)
    }

    /// Forgets the offers that have ended; costs what it forgets.
    pub(crate) fn forget(&mut self, now: Moment) {
        while let Some((_, (vlan, client))) =
            self.ends.first().filter(|(at, _)| *at <= now).cloned()
        {
            self.withdraw(vlan, &client);
        }
    }
}
