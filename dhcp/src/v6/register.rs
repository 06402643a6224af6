//! Addresses that clients made themselves, which they register (RFC 9686): what is known of them is committed as leases are, outside
//! of what racks give.
//!
//! Nothing is promised by it, so nothing is answered without a region: the client tells again.

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::commit::Change;
use model::net::reserved_identifier::is_reserved;

use crate::leases::commit::CommitRequest;
use crate::v6::asking::Asking;
use crate::v6::dropped::Dropped;
use crate::v6::engine::Engine;
use crate::v6::fqdn;
use crate::v6::output::{Outcome, Output};
use crate::wire::v6::code;
use crate::wire::v6::message::Registered;
use crate::wire::v6::reply;

/// How long an answer may wait for its sending.
const SEND_WITHIN_MS: u64 = 10_000;

impl Engine {
    /// Whether the region commits registrations: one of a version before does not.
    pub fn set_registers(&mut self, registers: bool) {
        self.registering.is_taken = registers;
    }

    /// A client registers an address. It is one of its link, and what it sent the message from (§4.2.1).
    pub(crate) fn register(&mut self, asking: Asking, now: Moment) -> Result<Vec<Output>, Dropped> {
        let Some(registered) = &asking.message.registered else { return Err(Dropped::Senseless) };
        let ip = registered.ip;
        let relay = asking.message.first_relay();
        if relay.map_or(asking.arrival.source, |relay| relay.peer) != ip {
            return Err(Dropped::Senseless);
        }
        let subnet = self.leases.view.subnet_of(ip);
        let of_link = subnet.filter(|(_, subnet)| subnet.vlan == asking.vlan());
        let Some((net, subnet)) = of_link else { return Err(Dropped::NotServed) };
        if is_reserved(ip, net.prefix_len()) {
            return Err(Dropped::Senseless);
        }
        let subnet = subnet.id;
        let is_reachable = self.registering.is_taken && self.leases.reachable;
        if !is_reachable || self.registering.is_full() {
            return Err(Dropped::NotKnown);
        }
        self.may_solicit(&asking, now)?;
        let Some(duid) = asking.message.client.as_deref() else { return Err(Dropped::Senseless) };
        // By its identifier alone: what it made itself belongs to no association.
        let client = ClientId::registering(duid);
        let commit = CommitRequest {
            request_id: self.leases.commits.id(),
            change: Change::Register,
            vlan: asking.vlan(),
            subnet,
            ip,
            client,
            hardware: asking.hardware,
            prefix_length: None,
            hostname: fqdn::hostname(&asking.message),
            told_ms: u64::from(registered.valid_s) * 1_000,
            block: None,
        };
        self.registering.begin(commit.request_id, asking, now);
        Ok(vec![Output::Commit(commit)])
    }

    /// The outcome of a registration; none of another request.
    pub(crate) fn registered(
        &mut self,
        id: [u8; 16],
        outcome: Outcome,
        now: Moment,
    ) -> Option<Vec<Output>> {
        let asking = self.registering.end(id)?;
        let Outcome::Committed { .. } = outcome else { return Some(Vec::new()) };
        let Some(Registered { option, .. }) = &asking.message.registered else {
            return Some(Vec::new());
        };
        let mut reply = self.begin(reply::Kind::AddrRegReply, &asking);
        reply.put(code::IA_ADDRESS, option);
        Some(vec![self.send(&reply, &asking, now.plus_ms(SEND_WITHIN_MS))])
    }
}
