//! How often relays may query leases (RFC 4388 §7).

use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::lookup::recent::Recent;

/// A relay is answered this many queries at once: one that was restarted asks for all of its clients.
const BURST: u64 = 200;
/// After that, one in this time.
const INTERVAL_MS: u64 = 5;
/// How many relays are remembered.
const RELAYS_MAX: usize = 1_024;
/// How often relays asked.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    /// When the tokens that a relay has used will have come back.
    relays: Recent<Ipv4Addr, Moment>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { relays: Recent::with_room(RELAYS_MAX) }
    }
}

impl Queries {
    /// Whether a relay may be answered one query more (a token bucket, as the time at which it is full again).
    pub(crate) fn may_ask(&mut self, relay: Ipv4Addr, now: Moment) -> bool {
        let full_at = self.relays.at(relay, || now);
        let used_ms = full_at.since_ms(now);
        let may = used_ms <= (BURST - 1) * INTERVAL_MS;
        if may {
            *full_at = now.plus_ms(used_ms + INTERVAL_MS);
        }
        may
    }

    /// Forgets the relays that may ask as often as any other again.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.relays.forget_while(|full_at| *full_at <= now);
    }
}
