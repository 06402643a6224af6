//! How long a client may use an address (RFC 2131 §4.3.1).
//!
//! Where few addresses are free, the first lease of a client that nobody knows is short: one that
//! leaves again, or never was, gives its address back soon. Whoever stays shows it by renewing, and
//! gets the whole time from then on, as do machines and clients with reserved addresses. A lease that
//! is shorter than others breaks no promise.

use std::net::Ipv4Addr;

use model::dhcp::program::{LeaseBound, Settings};
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::policy::LEASE_MS_MIN;

use crate::v4::engine::Engine;
use crate::wire::code;
use crate::wire::message::Message;

impl Engine {
    /// How long a client may use an address: as long as it asks for (option 51), within the bounds
    /// that snippets set. A lease without an end is none: the policy's time is the longest.
    pub(crate) fn lease_ms(&self, request: &Message, ip: Ipv4Addr) -> u64 {
        self.lease_within(request, ip, &self.settings(request, ip))
    }

    /// The same, with what snippets say at hand.
    pub(crate) fn lease_within(
        &self,
        request: &Message,
        ip: Ipv4Addr,
        settings: &Settings<'_>,
    ) -> u64 {
        let ms = |seconds: u32| u64::from(seconds) * 1_000;
        let longest = self.longest_ms(&request.client, ip);
        let longest = settings.lease_max_s.map_or(longest, |seconds| ms(seconds).min(longest));
        let shortest = settings.lease_min_s.map_or(LEASE_MS_MIN, ms).min(longest);
        let asked = request.options.number_u32(code::LEASE_TIME).or(settings.lease_default_s);
        asked.map_or(longest, |seconds| ms(seconds).clamp(shortest, longest))
    }

    /// Which bound that snippets set a client's lease follows, if it follows one.
    pub(crate) fn lease_said(&self, request: &Message, ip: Ipv4Addr) -> Option<LeaseBound> {
        let settings = self.settings(request, ip);
        let ms = |seconds: u32| u64::from(seconds) * 1_000;
        let lease_ms = self.lease_within(request, ip, &settings);
        let is = |seconds: Option<u32>| seconds.is_some_and(|seconds| ms(seconds) == lease_ms);
        let asked = request.options.number_u32(code::LEASE_TIME);
        if asked.is_some_and(|seconds| ms(seconds) == lease_ms) {
            None
        } else if asked.is_none() && is(settings.lease_default_s) {
            Some(LeaseBound::Default)
        } else if is(settings.lease_max_s) {
            Some(LeaseBound::Max)
        } else {
            is(settings.lease_min_s).then_some(LeaseBound::Min)
        }
    }

    fn longest_ms(&self, client: &ClientId, ip: Ipv4Addr) -> u64 {
        self.leases.longest_ms(ip, client, self.leases.view.is_of_site(client))
    }

    /// What is left of a lease in its first quarter: nothing needs to be committed for it.
    pub(crate) fn fresh_lease_ms(
        &self,
        ip: Ipv4Addr,
        client: &ClientId,
        now: Moment,
    ) -> Option<u64> {
        let in_use = self.is_in_use_by_another(ip, client, now);
        self.leases.fresh_lease_ms(ip, client, now).filter(|_| !in_use)
    }
}
