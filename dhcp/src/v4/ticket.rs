//! How urgent a packet of `DHCPv4` is, before it is handled.

use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::mac::MacAddress;

use crate::queue::{Class, Ticket};
use crate::v4::dropped::Dropped;
use crate::v4::engine::Engine;
use crate::v4::output::Arrival;
use crate::wire::lease_query::LeaseQuery;
use crate::wire::message::{Kind, Message};

impl Engine {
    /// Whose packet this is and how urgent, before it is handled.
    ///
    /// # Errors
    /// [`Dropped`] when it need not wait, because it will not be answered.
    pub fn ticket(&self, packet: &[u8], arrival: &Arrival, now: Moment) -> Result<Ticket, Dropped> {
        let message = match Message::parse(packet) {
            Ok(message) => message,
            Err(error) => {
                let query = LeaseQuery::parse(packet).ok_or(error)?;
                self.check_relay(&query, arrival)?;
                let client = query.client().unwrap_or(ClientId::Hardware(MacAddress([0; 6])));
                return Ok(Ticket { class: Class::New, client });
            }
        };
        let client = &message.client;
        if self.is_proxied(&message, arrival) {
            return Ok(Ticket { class: Class::New, client: client.clone() });
        }
        let vlan = self.link_of(&message, arrival)?;
        let known = self.known(vlan, client);
        let class = match message.kind {
            Kind::Discover if known => Class::Known,
            Kind::Discover => Class::New,
            Kind::Request | Kind::Decline | Kind::Release | Kind::Inform => {
                let offered = self.leases.offers.of(vlan, client, now).is_some();
                if known || offered { Class::Lease } else { Class::New }
            }
        };
        Ok(Ticket { class, client: client.clone() })
    }
}
