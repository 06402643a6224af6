//! Rapid commit: a DISCOVER that is answered with an acknowledgement (RFC 4039).
//!
//! Every server that takes it up spends an address, and the client uses one. So only the rack that
//! answers a client first does, never the ones that answer its repetitions; and only for a client
//! that is known, because one packet of a made-up client must not cost an address for longer than
//! an offer. All others get an offer, as the RFC allows.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::lookup::recent::Recent;
use crate::v4::engine::{Arrival, Dropped, Engine, Output};
use crate::v4::sharing::rank;
use crate::wire::code;
use crate::wire::message::Message;

/// How long it is remembered what a client was told: it looks for others at the address at once.
const MEMORY_MS: u64 = 60_000;
/// A flood makes the rack forget earlier.
const CLIENTS_MAX: usize = 4_096;

/// The addresses that clients were told without a REQUEST, with their transactions.
///
/// dhcpcd 9 declines such an address without saying which (option 50 must be there by RFC 2131 table
/// 5), begins anew, and would get it again and again.
#[derive(Debug, Clone)]
pub(crate) struct RapidCommits {
    told: Recent<(VlanId, ClientId), (u32, Ipv4Addr, Moment)>,
}

impl Default for RapidCommits {
    fn default() -> Self {
        Self { told: Recent::with_room(CLIENTS_MAX) }
    }
}

impl RapidCommits {
    /// A client was told an address.
    pub(crate) fn remember(&mut self, message: &Message, vlan: VlanId, ip: Ipv4Addr, now: Moment) {
        let told = (message.xid, ip, now);
        *self.told.at((vlan, message.client.clone()), || told) = told;
    }

    /// The address that a client was told in the transaction of this message.
    pub(crate) fn told(&self, message: &Message, vlan: VlanId, now: Moment) -> Option<Ipv4Addr> {
        let (xid, ip, at) = *self.told.get(&(vlan, message.client.clone()))?;
        (xid == message.xid && now.since_ms(at) < MEMORY_MS).then_some(ip)
    }

    /// Forgets what is over.
    pub(crate) fn forget(&mut self, now: Moment) {
        self.told.forget_while(|(_, _, at)| now.since_ms(*at) >= MEMORY_MS);
    }
}

impl Engine {
    /// Whether a DISCOVER is to be answered with an acknowledgement.
    pub(crate) fn commits_rapidly(&self, message: &Message, arrival: &Arrival) -> bool {
        let asks = message.options.get(code::RAPID_COMMIT).is_some_and(<[u8]>::is_empty);
        asks && self.reachable
            && self.known(arrival.vlan, &message.client)
            && rank(&self.own.rack, self.live_racks(arrival.vlan), &message.client) == 0
    }

    /// Binds the address that was chosen for a client, and acknowledges it after the commit.
    pub(crate) fn commit_rapidly(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if self.view.reservations(arrival.vlan, &message.client).contains(&ip) {
            return Ok(self.acknowledge(message, arrival, ip, self.policy.lease_ms, now));
        }
        if let Some(left_ms) = self.fresh_lease_ms(ip, &message.client, now) {
            return Ok(self.acknowledge(message, arrival, ip, left_ms, now));
        }
        self.commit_or_answer(message, arrival, ip, now)
    }
}
