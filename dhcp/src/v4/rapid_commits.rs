//! What clients were acknowledged by rapid commit (RFC 4039), for a DECLINE that does not say what it is of.
//!
//! dhcpcd 9 declines such an address without naming it or the server (RFC 2131 table 5 wants both),
//! begins anew, and would get the same address again and again.

use std::net::Ipv4Addr;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::lookup::recent::Recent;
use crate::wire::message::Message;

/// How long it is remembered what a client was told: it looks for others at the address at once.
const MEMORY_MS: u64 = 60_000;
/// A flood makes the rack forget earlier.
const CLIENTS_MAX: usize = 4_096;

/// The addresses that clients were told without a REQUEST, with their transactions.
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
