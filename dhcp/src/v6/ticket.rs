//! How urgent a packet of `DHCPv6` is, before it is handled. One that came through relays is judged by the client's message
//! in it.

use model::lease::clock::Moment;

use crate::queue::{Class, Ticket};
use crate::v6::asking::Asking;
use crate::v6::dropped::Dropped;
use crate::v6::engine::{Engine, asking};
use crate::v6::external_dhcp::is_search;
use crate::v6::output::Arrival;
use crate::wire::v6::message::{Kind, Message, Purpose};

impl Engine {
    /// Whose packet this is and how urgent, before it is handled.
    ///
    /// # Errors
    /// [`Dropped`] when it need not wait, because it will not be answered.
    pub fn ticket(&self, packet: &[u8], arrival: &Arrival, now: Moment) -> Result<Ticket, Dropped> {
        let message = Message::parse(packet)?;
        if is_search(&message, &self.server_id) {
            return Err(Dropped::Search);
        }
        let arrival = Arrival { vlan: self.link_of(&message, arrival)?, ..*arrival };
        let asking = asking(message, arrival);
        let known = self.is_of_site(&asking) || self.has_binding(&asking);
        let class = match asking.message.kind {
            Kind::Solicit | Kind::InformationRequest | Kind::AddrRegInform if known => Class::Known,
            Kind::Solicit | Kind::InformationRequest | Kind::AddrRegInform => Class::New,
            Kind::Request
            | Kind::Renew
            | Kind::Rebind
            | Kind::Release
            | Kind::Decline
            | Kind::Confirm => {
                if known || self.has_offer(&asking, now) {
                    Class::Lease
                } else {
                    Class::New
                }
            }
        };
        Ok(Ticket { class, client: asking.sender })
    }

    /// Whether any association of a message was advertised something, or given something that the copy does not show yet.
    fn has_offer(&self, asking: &Asking, now: Moment) -> bool {
        let vlan = asking.vlan();
        asking.message.associations.iter().any(|association| {
            let Some(client) = asking.client(association) else { return false };
            match association.purpose {
                Purpose::Addresses => {
                    self.leases.offers.of(vlan, &client, now).is_some()
                        || self.leases.grants.of(&client).next().is_some()
                }
                Purpose::Prefixes => {
                    self.prefixes.offers.of(vlan, &client, now).is_some()
                        || self.prefixes.grants.of(&client).next().is_some()
                }
            }
        })
    }
}
