//! Notices where clients are.

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::sharing::rank;
use crate::v4::engine::Engine;
use crate::v4::output::Arrival;
use crate::v4::sightings::HeardTwice;
use crate::wire::message::{Kind, Message};

impl Engine {
    /// Takes in that a client was heard. Of the racks of a link, the one that answers it first tells what is odd.
    pub(crate) fn notice(&mut self, message: &Message, arrival: &Arrival, now: Moment) {
        if !matches!(message.kind, Kind::Discover | Kind::Request) {
            return;
        }
        let found = self.heard.sightings.hear(message, arrival.vlan, now);
        if let Some(found) = found
            && self.is_first(arrival.vlan, &message.client)
        {
            self.heard.sightings.keep(found);
        }
    }

    fn is_first(&self, vlan: VlanId, client: &ClientId) -> bool {
        rank(&self.leases.own.rack, self.leases.live_racks(vlan), client) == 0
    }

    /// The hardware addresses that were heard at two places at once, since this was asked last.
    pub fn take_heard_twice(&mut self) -> Vec<HeardTwice> {
        self.heard.sightings.take()
    }
}
