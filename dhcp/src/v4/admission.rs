//! Who may have an address: clients that are known, and so many of the others as the limits allow.

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;

use crate::leases::offers::OFFER_MS;
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::wire::message::Message;

impl Engine {
    /// Whether a client costs no address more than it has.
    pub(crate) fn known(&self, vlan: VlanId, client: &ClientId) -> bool {
        self.leases.view.is_of_site(client) || self.leases.view.has_binding(vlan, client)
    }

    /// Checks that a client may be answered a DISCOVER, and get an address for as long as an offer.
    pub(crate) fn may_be_offered(
        &mut self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Result<(), Dropped> {
        self.heard.limits.hear(message);
        if !self.known(vlan, &message.client) && !self.heard.limits.may_discover(message, vlan, now)
        {
            return Err(Dropped::AsksTooOften);
        }
        self.admit(message, vlan, OFFER_MS, now)
    }

    /// Checks that a client may get an address for as long as a lease and what is promised after it.
    pub(crate) fn may_be_bound(
        &mut self,
        message: &Message,
        vlan: VlanId,
        now: Moment,
    ) -> Result<(), Dropped> {
        self.admit(message, vlan, self.leases.policy.lease_ms + self.leases.policy.promise_ms, now)
    }

    fn admit(
        &mut self,
        message: &Message,
        vlan: VlanId,
        span_ms: u64,
        now: Moment,
    ) -> Result<(), Dropped> {
        let view = &self.leases.view;
        let holds = |client: &ClientId| view.has_binding(vlan, client) && !view.is_of_site(client);
        let admitted = self.known(vlan, &message.client)
            || self.heard.limits.admit(message, span_ms, now, holds);
        if admitted { Ok(()) } else { Err(Dropped::CircuitFull) }
    }
}
