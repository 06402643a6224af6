//! The server as a state machine: what arrives goes in, what is to be done comes out.
//!
//! All racks of a site are one server to its clients: they have one server identifier, so that any of them
//! goes on with what another gave. Which of them answers is a matter of turns, as for `DHCPv4`, and
//! whatever it gives follows the same rules of [`model::lease`]: a Reply follows its commit, and without a
//! region nothing is promised that another rack may promise, too. Where nothing is known, nothing is said.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::Arc;

use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::Moment;
use model::lease::policy::Policy;
use model::net::prefix::Prefix;

use crate::leases::sharing::{mixed, rank};
use crate::leases::{Leases, OwnRack};
use crate::v6::asking::Asking;
use crate::v6::dropped::Dropped;
use crate::v6::external_dhcp::is_search;
use crate::v6::heard::Heard;
use crate::v6::output::{Arrival, Output};
use crate::v6::registering::Registering;
use crate::v6::waiting::WaitingMessages;
use crate::wire::v6::duid;
use crate::wire::v6::message::{Kind, Message, Purpose};

/// The server.
#[derive(Debug)]
pub struct Engine {
    /// What it knows and has promised of addresses.
    pub leases: Leases<Ipv6Addr>,
    /// What it knows and has promised of prefixes that are delegated, by the same rules. Racks that answer, and their
    /// turns, are looked up in the view of addresses.
    pub prefixes: Leases<Prefix>,
    /// The server identifier of all racks of the site.
    pub(crate) server_id: Vec<u8>,
    pub(crate) heard: Heard,
    /// The messages that wait for commits.
    pub(crate) waiting: WaitingMessages,
    /// Which of them waits for a commit.
    pub(crate) awaited: BTreeMap<[u8; 16], u64>,
    pub(crate) registering: Registering<Asking>,
}

/// The server identifier of the racks of a cluster: a UUID (RFC 6355) that is made of the cluster's id.
#[must_use]
pub fn server_id(cluster_id: &str) -> Vec<u8> {
    let half = |salt: u8| u128::from(mixed([salt].into_iter().chain(cluster_id.bytes())));
    let uuid = (half(1) << 64) | half(2);
    // Version 8 and the variant of RFC 9562: a UUID of the maker's own.
    let fixed = uuid & !((0xf << 76) | (0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    duid::of_uuid(fixed)
}

impl Engine {
    /// A server that knows nothing yet.
    #[must_use]
    pub fn new(own: OwnRack, policy: Policy, server_id: Vec<u8>) -> Self {
        Self {
            leases: Leases::new(own.clone(), policy),
            prefixes: Leases::new(own, policy),
            server_id,
            heard: Heard::default(),
            waiting: WaitingMessages::default(),
            awaited: BTreeMap::new(),
            registering: Registering::default(),
        }
    }

    /// Handles one UDP payload; returns the name of the message, for counters, and what is to be done.
    ///
    /// # Errors
    /// [`Dropped`] when nothing is answered, now or later.
    pub fn handle(
        &mut self,
        packet: &[u8],
        arrival: Arrival,
        now: Moment,
    ) -> Result<(&'static str, Vec<Output>), Dropped> {
        let message = Message::parse(packet)?;
        if is_search(&message, &self.server_id) {
            return Err(Dropped::Search);
        }
        if !message.relayed() && !arrival.multicast {
            return Err(Dropped::Unicast);
        }
        if message.server.as_ref().is_some_and(|server| *server != self.server_id) {
            return Err(Dropped::AnotherServer);
        }
        let arrival = Arrival { vlan: self.link_of(&message, &arrival)?, ..arrival };
        let asking = asking(message, arrival);
        let message = &asking.message;
        let relay = message.relays.first().map(|_| arrival.source);
        let identity = (arrival.vlan, asking.sender.clone(), message.xid, message.kind, relay);
        if self.heard.copies.is_copy(identity, arrival.interface, now) {
            return Err(Dropped::Copy);
        }
        let kind = message.kind;
        if kind == Kind::Request {
            self.heard.transmissions.asked(&asking.sender);
        }
        if kind == Kind::Solicit {
            self.may_solicit(&asking, now)?;
        }
        if !self.our_turn(&asking, now) {
            return Err(Dropped::NotOurTurn);
        }
        let outputs = match kind {
            Kind::Solicit => self.solicit(asking, now)?,
            Kind::Request => self.request(asking, now)?,
            Kind::Renew | Kind::Rebind => self.extend(asking, now)?,
            Kind::Confirm => vec![self.confirm(&asking, now)?],
            Kind::Release | Kind::Decline => self.end(&asking, now),
            Kind::InformationRequest => vec![self.inform(&asking, now)],
            Kind::AddrRegInform => self.register(asking, now)?,
        };
        Ok((kind.name(), outputs))
    }

    /// The link that a client is on: its relay says it, else the interface it came in at. A link without
    /// a subnet of IPv6 may have servers of its own, so it is none of this server's.
    pub(crate) fn link_of(&self, message: &Message, arrival: &Arrival) -> Result<VlanId, Dropped> {
        let view = &self.leases.view;
        let vlan = match message.link_address() {
            Some(link) => view.subnet_of(link).ok_or(Dropped::NotServed)?.1.vlan,
            None => arrival.vlan,
        };
        let served = self.leases.serves(vlan) && view.subnets_on(vlan).next().is_some();
        if served { Ok(vlan) } else { Err(Dropped::NotServed) }
    }

    /// Whether this rack answers a packet, now or at another transmission, or nobody is to answer it. What it does not keep, it
    /// may pass on to other servers.
    #[must_use]
    pub fn keeps(&self, packet: &[u8], arrival: &Arrival) -> bool {
        Message::parse(packet).is_ok_and(|message| {
            is_search(&message, &self.server_id) || self.link_of(&message, arrival).is_ok()
        })
    }

    /// Whether a server is the site's, which all of its racks are together.
    #[must_use]
    pub fn is_of_the_site(&self, server: &[u8]) -> bool {
        server == self.server_id
    }

    /// Whether it is this rack's turn to answer what all racks of the link have heard.
    fn our_turn(&mut self, asking: &Asking, now: Moment) -> bool {
        let Asking { message, sender, .. } = asking;
        let count = self.heard.transmissions.count(sender, message.xid, message.kind, now);
        count > self.place(asking)
    }

    /// The place of this rack among those that answer a client, 0 for the first.
    pub(crate) fn place(&self, asking: &Asking) -> usize {
        let live = self.leases.live_racks(asking.vlan());
        rank(&self.leases.own.rack, live, &asking.sender)
    }

    /// Checks that a client which nobody knows does not ask more often than clients do.
    pub(crate) fn may_solicit(&mut self, asking: &Asking, now: Moment) -> Result<(), Dropped> {
        let known = self.is_of_site(asking) || self.has_binding(asking);
        if known || self.heard.may_solicit(asking.vlan(), &asking.sender, now) {
            Ok(())
        } else {
            Err(Dropped::AsksTooOften)
        }
    }

    /// Whether the sender of a message is a machine of the site's, or has a reserved address.
    pub(crate) fn is_of_site(&self, asking: &Asking) -> bool {
        asking.hardware.is_some_and(|mac| self.leases.view.has_site(mac))
    }

    /// Whether any association of a message has an address or a prefix.
    pub(crate) fn has_binding(&self, asking: &Asking) -> bool {
        let vlan = asking.vlan();
        asking.message.associations.iter().any(|association| {
            let Some(client) = asking.client(association) else { return false };
            match association.purpose {
                Purpose::Addresses => self.leases.view.has_binding(vlan, &client),
                Purpose::Prefixes => self.prefixes.view.has_binding(vlan, &client),
            }
        })
    }

    /// Forgets what is over, answers who has waited long enough, repeats commits without an outcome
    /// and tells what was granted without a region. Call it a few times a second.
    pub fn tick(&mut self, now: Moment) -> Vec<Output> {
        self.leases.forget(now);
        self.prefixes.forget(now);
        self.heard.forget(now);
        self.registering.forget(now);
        let mut outputs = self.answer_late(now);
        outputs.extend(self.leases.due(now).into_iter().map(Output::Commit));
        outputs.extend(self.prefixes.due(now).into_iter().map(Output::Delegate));
        outputs
    }
}

/// A message with who sent it.
pub(crate) fn asking(message: Message, arrival: Arrival) -> Asking {
    let hardware = message.hardware(arrival.source);
    let identifier = message.client.clone().unwrap_or_else(|| Arc::from([]));
    let sender = hardware.map_or(ClientId::Identifier(identifier), ClientId::Hardware);
    Asking { message, arrival, sender, hardware }
}
