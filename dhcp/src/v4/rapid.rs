//! Rapid commit: a DISCOVER that is answered with an acknowledgement (RFC 4039).
//!
//! Every server that takes it up spends an address, and the client uses one. So only the rack that
//! answers a client first does, never the ones that answer its repetitions; and only for a client
//! that is known, because one packet of a made-up client must not cost an address for longer than
//! an offer. All others get an offer, as the RFC allows.

use std::net::Ipv4Addr;

use model::lease::clock::Moment;

use crate::leases::sharing::rank;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::{Arrival, Output};
use crate::wire::code;
use crate::wire::message::Message;

impl Engine {
    /// Whether a DISCOVER is to be answered with an acknowledgement.
    pub(crate) fn commits_rapidly(&self, message: &Message, arrival: &Arrival) -> bool {
        let asks = message.options.get(code::RAPID_COMMIT).is_some_and(<[u8]>::is_empty);
        asks && self.leases.reachable
            && self.known(arrival.vlan, &message.client)
            && rank(&self.leases.own.rack, self.leases.live_racks(arrival.vlan), &message.client)
                == 0
    }

    /// Binds the address that was chosen for a client, and acknowledges it after the commit.
    pub(crate) fn commit_rapidly(
        &mut self,
        message: &Message,
        arrival: &Arrival,
        ip: Ipv4Addr,
        now: Moment,
    ) -> Result<Vec<Output>, Dropped> {
        if self.leases.view.reservations(arrival.vlan, &message.client).contains(&ip) {
            return Ok(self.acknowledge(message, arrival, ip, self.leases.policy.lease_ms, now));
        }
        if let Some(left_ms) = self.fresh_lease_ms(ip, &message.client, now) {
            return Ok(self.acknowledge(message, arrival, ip, left_ms, now));
        }
        self.commit_or_answer(message, arrival, ip, now)
    }
}
