//! The last addresses of a pool, which are for machines.
//!
//! What a pool is for is that machines boot: a new one can be enlisted although laptops, guests and
//! whoever makes up hardware addresses have taken nearly all. So where few addresses are left, clients that
//! nobody knows get new ones only if they boot from the network. Whoever has an address keeps it.

use std::net::Ipv4Addr;

use model::id::{SubnetId, VlanId};
use model::lease::pool::keeps_the_rest_for_machines;

use crate::v4::boot::boots;
use crate::v4::choice::Asker;
use crate::v4::engine::Engine;
use crate::wire::code;
use crate::wire::message::Message;

impl Engine {
    /// Who asks for an address with a message.
    pub(crate) fn asker<'a>(&self, message: &'a Message, vlan: VlanId) -> Asker<'a> {
        let client = &message.client;
        Asker {
            vlan,
            client,
            requested: message.options.address(code::REQUESTED_ADDRESS),
            may_have_the_last: boots(message) || self.known(vlan, client),
        }
    }

    /// Whether a new address is one of the last of its pool, and the client none of those that they are
    /// kept for.
    pub(crate) fn is_withheld(&self, ip: Ipv4Addr, asker: &Asker<'_>) -> bool {
        !asker.may_have_the_last
            && !self.leases.pools.is_empty()
            && self
                .leases
                .view
                .subnet_of(ip)
                .is_some_and(|(_, subnet)| self.has_few_left(subnet.id))
    }

    /// Whether every new address of the link is withheld, so that none need be looked for.
    pub(crate) fn withholds_all(&self, asker: &Asker<'_>) -> bool {
        !asker.may_have_the_last
            && !self.leases.pools.is_empty()
            && self
                .leases
                .view
                .subnets_on(asker.vlan)
                .all(|(_, subnet)| self.has_few_left(subnet.id))
    }

    fn has_few_left(&self, subnet: SubnetId) -> bool {
        self.leases.pools.get(&subnet).is_some_and(|level| keeps_the_rest_for_machines(*level))
    }
}
