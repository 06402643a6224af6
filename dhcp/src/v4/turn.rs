//! Whose turn it is to answer what all racks of a link have heard.

use model::id::{SystemId, VlanId};
use model::lease::clock::Moment;

use crate::leases::sharing::{Kinds, rank};
use crate::v4::engine::Engine;
use crate::wire::code;
use crate::wire::message::{Kind, Message};

impl Kinds for Kind {
    const BEGINS: Self = Self::Discover;
}

impl Engine {
    /// Whether it is this rack's turn to answer a message that all racks of the link have seen.
    pub(crate) fn our_turn(&mut self, message: &Message, vlan: VlanId, now: Moment) -> bool {
        let count = self.heard.transmissions.count(&message.client, message.xid, message.kind, now);
        count > self.place(message, vlan, now)
    }

    /// The place of this rack among those that answer a message, 0 for the first.
    fn place(&self, message: &Message, vlan: VlanId, now: Moment) -> usize {
        let (own, client) = (&self.leases.own.rack, &message.client);
        match self.only_giver(message, vlan, now) {
            Some(giver) if giver == own => 0,
            Some(giver) => {
                1 + rank(own, self.leases.live_racks(vlan).filter(|rack| *rack != giver), client)
            }
            None => rank(own, self.leases.live_racks(vlan), client),
        }
    }

    /// The rack that alone can give a new client the address that it asks for (RFC 2131 §4.3.1,
    /// option 50), because it lies in a block of that rack: it answers first.
    pub(crate) fn only_giver(
        &self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Option<&SystemId> {
        if message.kind != Kind::Discover || self.known(vlan, &message.client) {
            return None;
        }
        let requested = message.options.address(code::REQUESTED_ADDRESS)?;
        let block = self.leases.view.block_around(vlan, requested)?;
        let can_be_given = self.leases.gives_from(block, requested, now)
            && self.leases.is_free_by_promises(requested, &message.client, now);
        let giver = block.rack.as_ref().filter(|_| can_be_given)?;
        self.leases.live_racks(vlan).find(|rack| *rack == giver)
    }
}
