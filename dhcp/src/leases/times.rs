//! How long a lease lasts that needs no commit, and one of a client that nobody knows.

use model::lease::binding::{Binding, BindingState};
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::pool::first_lease_ms;

use crate::leases::Leases;
use crate::leases::family::Family;

impl<A: Family> Leases<A> {
    /// The longest time that a client may be told; whether it is the site's, the caller knows.
    pub(crate) fn longest_ms(&self, ip: A, client: &ClientId, is_of_site: bool) -> u64 {
        let renews = self.view.binding(ip).is_some_and(|binding| holds(binding, client));
        if renews || is_of_site { self.policy.lease_ms } else { self.first_lease_ms(ip) }
    }

    /// How long an address is lent to a client that nobody knows.
    fn first_lease_ms(&self, ip: A) -> u64 {
        let subnet = self.view.subnet_of(ip).map(|(_, subnet)| subnet.id);
        let used = subnet.and_then(|subnet| self.pools.get(&subnet)).copied();
        first_lease_ms(&self.policy, used.unwrap_or_default())
    }

    /// What is left of a lease in its first quarter: nothing needs to be committed for it.
    pub(crate) fn fresh_lease_ms(&self, ip: A, client: &ClientId, now: Moment) -> Option<u64> {
        let clock = self.clock?;
        let binding = self.view.binding(ip).filter(|binding| holds(binding, client))?;
        let granted_to_another = self.grants.get(ip).is_some_and(|grant| grant.client != *client);
        if granted_to_another || self.view.kept_for_another(ip, client) {
            return None;
        }
        let until = binding.told_until.unix_ms.saturating_sub(self.policy.skew_ms);
        let left_ms = until.saturating_sub(clock.latest(now).unix_ms);
        let fresh_of = |lease_ms| left_ms > lease_ms / 4 * 3 && left_ms <= lease_ms;
        let fresh = fresh_of(self.first_lease_ms(ip)) || left_ms > self.policy.lease_ms / 4 * 3;
        fresh.then_some(left_ms)
    }
}

/// Whether a client has the lease of an address.
pub(crate) fn holds(binding: &Binding, client: &ClientId) -> bool {
    binding.client == *client && binding.state == BindingState::Active
}
