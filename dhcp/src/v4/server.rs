//! Which of a rack's addresses a client is told.
//!
//! An interface may have several subnets, and a relayed client's may have none of the rack's
//! addresses. A client is told one that it reaches without a router if there is any; else the one
//! that its relay reaches the rack at. Where the racks of a link have a service address, clients are told that: each
//! of the racks answers to it.

use std::net::Ipv4Addr;

use model::id::SystemId;

use crate::v4::engine::Engine;
use crate::v4::output::Arrival;
use crate::wire::code;
use crate::wire::message::Message;
use crate::wire::server_message::ServerMessage;

impl Engine {
    /// Whether a server is one of the site's racks.
    #[must_use]
    pub fn is_of_the_site(&self, server: Ipv4Addr) -> bool {
        self.addresses.contains(server) || self.leases.view.is_of_a_rack(server)
    }

    /// Whether a server that answered somebody may be one of the site's racks. Of an answer that a relay passed on in its own name
    /// nothing but the address in it tells: of the site is what racks give, and a refusal, which has none, accuses nobody.
    #[must_use]
    pub fn may_be_of_the_site(
        &self,
        server: Ipv4Addr,
        source: Ipv4Addr,
        message: &ServerMessage,
    ) -> bool {
        let gives = |ip| self.leases.view.may_give(ip, message.client);
        self.is_of_the_site(server)
            || (message.is_in_the_name_of_a_relay(source) && message.given.is_none_or(gives))
    }

    /// Whether a packet was sent to this rack alone.
    pub(crate) fn unicast(&self, arrival: &Arrival) -> bool {
        self.is_own(arrival.destination, arrival)
    }

    fn is_own(&self, ip: Ipv4Addr, arrival: &Arrival) -> bool {
        let holds = |(service, holder): (Ipv4Addr, &SystemId)| {
            service == ip && *holder == self.leases.own.rack
        };
        ip == arrival.server
            || self.addresses.contains(ip)
            || self.leases.view.service_address(arrival.vlan).is_some_and(holds)
    }

    /// Whether a server is all racks of the link at once.
    pub(crate) fn is_of_all_racks(&self, server: Ipv4Addr, arrival: &Arrival) -> bool {
        self.leases.view.service_address(arrival.vlan).is_some_and(|(ip, _)| ip == server)
    }

    /// The address that a client is told, which has, or gets, this address.
    pub(crate) fn server_address(&self, arrival: &Arrival, client: Option<Ipv4Addr>) -> Ipv4Addr {
        let near = self.near_address(arrival, client);
        let service = self.leases.service_address(arrival.vlan, client, near);
        service.unwrap_or_else(|| self.own_address(arrival, client))
    }

    /// The address of this rack itself for such a client.
    pub(crate) fn own_address(&self, arrival: &Arrival, client: Option<Ipv4Addr>) -> Ipv4Addr {
        let asked = self.unicast(arrival).then_some(arrival.destination);
        self.near_address(arrival, client).or(asked).unwrap_or(arrival.server)
    }

    /// An address of this rack that such a client reaches without a router.
    fn near_address(&self, arrival: &Arrival, client: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let asked = self.unicast(arrival).then_some(arrival.destination);
        let (net, _) = self.leases.view.subnet_of(client?)?;
        let mut known = asked.into_iter().chain([arrival.server]);
        known.find(|own| net.contains(own)).or_else(|| self.addresses.within(net))
    }

    /// The server identifier of a reply: what the relay wants (RFC 5107), else the one that the
    /// client chose, because it drops replies with another; else the address for this client.
    pub(crate) fn server_identifier(
        &self,
        request: &Message,
        arrival: &Arrival,
        client: Option<Ipv4Addr>,
    ) -> Ipv4Addr {
        let chosen = request.options.address(code::SERVER_IDENTIFIER).filter(|server| {
            self.is_own(*server, arrival) || self.is_of_all_racks(*server, arrival)
        });
        request.server_override().or(chosen).unwrap_or_else(|| self.server_address(arrival, client))
    }

    /// Whether a client's server identifier names this rack.
    pub(crate) fn names_this_rack(
        &self,
        server: Ipv4Addr,
        message: &Message,
        arrival: &Arrival,
    ) -> bool {
        self.is_own(server, arrival)
            || self.is_of_all_racks(server, arrival)
            || message.server_override() == Some(server)
    }
}
