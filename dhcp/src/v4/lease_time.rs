//! How long a client may use an address (RFC 2131 §4.3.1).
//!
//! Where few addresses are free, the first lease of a client that nobody knows is short: one that
//! leaves again, or never was, gives its address back soon. Whoever stays shows it by renewing, and
//! gets the whole time from then on, as do machines and clients with reserved addresses. A lease that
//! is shorter than others breaks no promise.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::id::SubnetId;
use model::lease::binding::{Binding, BindingState};
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::pool::first_lease_ms;

use crate::v4::engine::Engine;
use crate::wire::code;
use crate::wire::message::Message;

/// A client that asks for less is not served better by renewing all the time.
const LEASE_MIN_MS: u64 = 60_000;

impl Engine {
    /// How full the pools of subnets are, in thousandths, as a region said last. Those that are not
    /// named have addresses enough.
    pub fn set_pools(&mut self, used_permille: BTreeMap<SubnetId, u32>) {
        self.pools = used_permille;
    }

    /// How long a client may use an address: as long as it asks for (option 51), within bounds. A
    /// lease without an end is none: the policy's time is the longest.
    pub(crate) fn lease_ms(&self, request: &Message, ip: Ipv4Addr) -> u64 {
        let longest = self.longest_ms(&request.client, ip);
        let asked = request.options.number_u32(code::LEASE_TIME);
        let shortest = LEASE_MIN_MS.min(longest);
        asked.map_or(longest, |seconds| (u64::from(seconds) * 1_000).clamp(shortest, longest))
    }

    fn longest_ms(&self, client: &ClientId, ip: Ipv4Addr) -> u64 {
        let renews = self.view.binding(ip).is_some_and(|binding| holds(binding, client));
        if renews || self.view.is_of_site(client) {
            self.policy.lease_ms
        } else {
            self.first_lease_ms(ip)
        }
    }

    /// How long an address is lent to a client that nobody knows.
    fn first_lease_ms(&self, ip: Ipv4Addr) -> u64 {
        let subnet = self.view.subnet_of(ip).map(|(_, subnet)| subnet.id);
        let used = subnet.and_then(|subnet| self.pools.get(&subnet)).copied();
        first_lease_ms(&self.policy, used.unwrap_or_default())
    }

    /// What is left of a lease in its first quarter: nothing needs to be committed for it.
    pub(crate) fn fresh_lease_ms(
        &self,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> Option<u64> {
        let clock = self.clock?;
        let binding = self.view.binding(ip).filter(|binding| holds(binding, client))?;
        let granted_to_another = self.grants.get(ip).is_some_and(|grant| grant.client != *client);
        let in_use = self.is_in_use_by_another(ip, client, now);
        if granted_to_another || in_use || self.view.kept_for_another(ip, client) {
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
