//! Relays what clients say on links that this rack does not serve: the shell around [`dhcp::relay::v4`].

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use dhcp::leases::Leases;
use dhcp::relay::dropped::Dropped;
use dhcp::relay::information::Information;
use dhcp::relay::turns::{Heard, Turns};
use dhcp::relay::v4::{self, Agent};
use model::controller::ControllerInterface;
use model::id::SystemId;
use model::lease::clock::Moment;
use tracing::debug;

use crate::dhcp::interfaces::{Interfaces, on_links};
use crate::dhcp::metrics::DhcpMetrics;
use crate::dhcp::ports::{Ports, Served};
use crate::dhcp::relay_servers::RelayServers;
use crate::dhcp::relay_socket::RelaySocket;
use crate::dhcp::socket::Received;

/// What is sent with information added is no longer than a packet of Ethernet, without the heads of IP and UDP.
const MTU_MAX: u16 = 1_500;
const HEADS: u16 = 28;

/// The relay agents of this rack, one on each interface.
#[derive(Debug)]
pub(super) struct Relay {
    rack: SystemId,
    ports: Ports<RelaySocket>,
    turns: Turns,
    servers: RelayServers<Ipv4Addr>,
}

impl Relay {
    /// None is there yet.
    pub(super) fn new(rack: SystemId, metrics: DhcpMetrics) -> Self {
        let ports = Ports::new(metrics.clone());
        Self { rack, ports, turns: Turns::default(), servers: RelayServers::new(metrics) }
    }

    /// The next packet that was sent to an address of an agent, with the index of the agent's interface.
    pub(super) async fn receive(&mut self) -> Option<(u32, Received)> {
        self.ports.receive().await
    }

    /// Opens sockets for the links that this rack relays, and closes those of others.
    pub(super) fn follow(
        &mut self,
        leases: &Leases<Ipv4Addr>,
        interfaces: &[ControllerInterface],
        now: Moment,
    ) {
        self.servers.follow(interfaces);
        self.ports.serve(&on_links(leases, interfaces, |vlan| leases.relays(vlan)));
        self.turns.forget(now);
    }

    /// Passes on what was heard at an interface to all servers of its link.
    pub(super) fn pass_on(
        &mut self,
        index: u32,
        packet: &Received,
        leases: &Leases<Ipv4Addr>,
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
        leases: &Leases<Ipv4Addr>,
        now: Moment,
    ) -> Result<(), Dropped> {
        let served = self.ports.by_index(index).ok_or(Dropped::NoServer)?;
        let vlan = served.vlan;
        let agent = self.agent(index, served, leases);
        let unicast = self.servers.own().contains(&packet.destination);
        let relayed = agent.to_servers(&packet.payload, unicast)?;
        if !v4::was_relayed(&packet.payload) {
            let (sender, live) = (v4::sender(&packet.payload)?, leases.live_relays(vlan));
            let heard = Heard { vlan, interface: index };
            self.turns.take(heard, &sender, &self.rack, live, now)?;
        }
        self.servers.send(leases, vlan, |server| served.socket.send(server, &relayed))
    }

    /// Passes a server's reply on to its client, on the link that it was heard on.
    pub(super) fn pass_back(&self, packet: &Received, interfaces: &Interfaces) {
        if let Err(dropped) = self.to_client(packet, interfaces) {
            self.count(dropped, packet);
        }
    }

    fn to_client(&self, packet: &Received, interfaces: &Interfaces) -> Result<(), Dropped> {
        let giaddr = v4::agent_of(&packet.payload).ok_or(Dropped::Malformed)?;
        let is_ours =
            |served: &Served<RelaySocket>| served.address == giaddr && packet.destination == giaddr;
        let served = self.ports.iter().map(|(_, served)| served).find(|served| is_ours(served));
        let served = served.ok_or(Dropped::NotOurs)?;
        let agent = Agent {
            address: giaddr,
            own: BTreeSet::new(),
            payload_max: 0,
            information: Information::default(),
        };
        let reply = agent.to_client(&packet.payload)?;
        let link = interfaces.by_index(served.index).ok_or(Dropped::NotOurs)?;
        self.servers.sent_back(link.socket.send(giaddr, reply.destination, &reply.payload));
        Ok(())
    }

    fn agent(&self, index: u32, served: &Served<RelaySocket>, leases: &Leases<Ipv4Addr>) -> Agent {
        // A copy may not have what this host has since a moment ago.
        let mut own = leases.addresses_of_racks(served.vlan);
        own.extend(self.servers.own());
        let mtu = leases.view().vlan(served.vlan).map_or(MTU_MAX, |vlan| vlan.mtu.min(MTU_MAX));
        Agent {
            address: served.address,
            own,
            payload_max: usize::from(mtu.saturating_sub(HEADS)),
            information: Information {
                circuit: self.ports.name_of(index).map(|name| name.as_bytes().to_vec()),
                remote: Some(self.rack.as_str().as_bytes().to_vec()),
                ..Information::default()
            },
        }
    }

    fn count(&self, dropped: Dropped, packet: &Received) {
        debug!(source = %packet.source, "a DHCP packet is not relayed: {dropped}");
        self.servers.count(dropped);
    }
}
