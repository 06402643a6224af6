//! How often relays may query leases (RFC 4388).

use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::lookup::allowance::{Allowance, Rate};
use crate::lookup::recent::Recent;

/// How often a relay is answered; one that was restarted asks for all of its clients.
const RATE: Rate = Rate { a_second: 200, at_once: 200 };
/// How many relays are remembered.
const RELAYS_MAX: usize = 1_024;

/// How often relays asked.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    relays: Recent<Ipv4Addr, Allowance>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { relays: Recent::with_room(RELAYS_MAX) }
    }
}

impl Queries {
    /// Whether a relay may be answered one query more.
    pub(crate) fn may_ask(&mut self, relay: Ipv4Addr, now: Moment) -> bool {
        self.relays.at(relay, || Allowance::full(RATE)).take(0, now)
    }

    /// Forgets the relays that may ask as often as any other again.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.relays.forget_while(|allowance| allowance.is_full(now));
    }
}
