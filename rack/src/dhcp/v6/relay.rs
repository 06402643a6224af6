//! Relays what clients say on links that this rack does not serve: the shell around [`dhcp::relay::v6`].

use std::net::Ipv6Addr;

use dhcp::leases::Leases;
use dhcp::relay::dropped::Dropped;
use dhcp::relay::identifiers::Identifiers;
use dhcp::relay::turns::{Heard, Turns};
use dhcp::relay::v6::{self, Agent, Arrived, Returned};
use model::controller::ControllerInterface;
use model::id::{SystemId, VlanId};
use model::lease::clock::Moment;
use tracing::debug;

use crate::dhcp::interfaces::on_links;
use crate::dhcp::metrics::DhcpMetrics;
use crate::dhcp::ports::{Ports, Served};
use crate::dhcp::relay_servers::RelayServers;
use crate::dhcp::v6::hardware::Hardware;
use crate::dhcp::v6::relay_socket::RelaySocket;
use crate::dhcp::v6::socket::{Received, ServerSocket};

/// The relay agents of this rack, one on each interface.
#[derive(Debug)]
pub(super) struct Relay {
    rack: SystemId,
    ports: Ports<RelaySocket>,
    turns: Turns,
    hardware: Hardware,
    servers: RelayServers<Ipv6Addr>,
    identifiers: Identifiers,
}

impl Relay {
    /// None is there yet.
    pub(super) fn new(rack: SystemId, metrics: DhcpMetrics) -> Self {
        Self {
            rack,
            ports: Ports::new(metrics.clone()),
            turns: Turns::default(),
            hardware: Hardware::new(),
            servers: RelayServers::new(metrics),
            identifiers: Identifiers::default(),
        }
    }

    /// The next packet that was sent to an address of an agent, with the index of the agent's interface.
    pub(super) async fn receive(&mut self) -> Option<(u32, Received)> {
        self.ports.receive().await
    }

    /// Opens sockets for the links that this rack relays, and closes those of others.
    pub(super) fn follow(
        &mut self,
        leases: &Leases<Ipv6Addr>,
        interfaces: &[ControllerInterface],
        now: Moment,
    ) {
        self.servers.follow(interfaces);
        let wanted = on_links(leases, interfaces, |vlan| leases.relays(vlan));
        self.hardware.listen(!wanted.is_empty());
        self.ports.serve(&wanted);
        self.turns.forget(now);
        self.identifiers.forget(leases);
    }

    /// Passes on what was heard at an interface to all servers of its link.
    pub(super) fn pass_on(
        &mut self,
        index: u32,
        packet: &Received,
        leases: &Leases<Ipv6Addr>,
        now: Moment,
    ) {
        if let Err(dropped) = self.send_to_servers(index, packet, leases, now) {
            self.count(dropped, packet);
        }
    }

    fn send_to_servers(
        &mut self,
        index: u32,
        packet: &Received,
        leases: &Leases<Ipv6Addr>,
        now: Moment,
    ) -> Result<(), Dropped> {
        let served = self.ports.by_index(index).ok_or(Dropped::NoServer)?;
        let vlan = served.vlan;
        let arrived = Arrived {
            packet: &packet.payload,
            source: *packet.source.ip(),
            source_port: packet.source.port(),
            multicast: packet.destination.is_multicast(),
            hardware: self.hardware.of(index, *packet.source.ip()),
        };
        let relayed = self.agent(index, served).to_servers(&arrived)?;
        if !v6::was_relayed(&packet.payload) {
            let heard = Heard { vlan, interface: index };
            let (sender, live) = (v6::sender(&arrived)?, leases.live_relays(vlan));
            self.turns.take(heard, &sender, &self.rack, live, now)?;
        }
        self.servers.send(leases, vlan, |server| served.socket.send(server, &relayed))
    }

    /// Passes a server's reply on to the client, or the relay before, on the link that it was heard on.
    pub(super) fn pass_back(
        &mut self,
        packet: &Received,
        links: &Ports<ServerSocket>,
        leases: &Leases<Ipv6Addr>,
    ) {
        self.identifiers.learn(leases, *packet.source.ip(), &packet.payload);
        if let Err(dropped) = self.to_peer(packet, links) {
            self.count(dropped, packet);
        }
    }

    /// Whether a server is one that a link is relayed to, as far as it was heard here.
    pub(super) fn is_relayed_to(
        &self,
        leases: &Leases<Ipv6Addr>,
        vlan: VlanId,
        identifier: &[u8],
    ) -> bool {
        self.identifiers.is_relayed_to(leases, vlan, identifier)
    }

    fn to_peer(&self, packet: &Received, links: &Ports<ServerSocket>) -> Result<(), Dropped> {
        let returned = Returned::parse(&packet.payload)?;
        let is_ours = |served: &Served<RelaySocket>| {
            packet.destination == served.address && self.agent(served.index, served).sent(&returned)
        };
        let served = self.ports.iter().map(|(_, served)| served).find(|served| is_ours(served));
        let served = served
            .filter(|_| !self.servers.own().contains(&returned.peer))
            .ok_or(Dropped::NotOurs)?;
        let link = links.by_index(served.index).ok_or(Dropped::NotOurs)?;
        self.servers.sent_back(link.socket.send(returned.peer, returned.port, returned.payload));
        Ok(())
    }

    fn agent(&self, index: u32, served: &Served<RelaySocket>) -> Agent {
        let name = self.ports.name_of(index).unwrap_or_default();
        Agent { link: served.address, interface_id: name.as_bytes().to_vec(), remote: None }
    }

    fn count(&self, dropped: Dropped, packet: &Received) {
        debug!(source = %packet.source, "a DHCPv6 packet is not relayed: {dropped}");
        self.servers.count(dropped);
    }
}
