//! The interfaces that DHCP is served on: their sockets follow the host's interfaces and the links that the
//! rack serves.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use dhcp::leases::Leases;
use dhcp::leases::family::Family;
use dhcp::v4::engine::Engine;
use model::controller::ControllerInterface;
use model::id::VlanId;
use nix::net::if_::if_nametoindex;
use tracing::error;

use crate::dhcp::metrics::DhcpMetrics;
use crate::dhcp::ports::{Ports, Served};
use crate::dhcp::socket::{InterfaceSocket, Received};
use crate::interfaces::own_interfaces;

/// An interface that lies on a link, whether it is served or not.
#[derive(Debug)]
struct OnLink {
    name: String,
    vlan: VlanId,
}

/// The interfaces of the host, and the packets that come in at those that are served, with their index.
#[derive(Debug)]
pub(super) struct Interfaces {
    ports: Ports<InterfaceSocket>,
    on_links: BTreeMap<u32, OnLink>,
}

impl Interfaces {
    /// None is served yet.
    pub(super) fn new(metrics: DhcpMetrics) -> Self {
        Self { ports: Ports::new(metrics), on_links: BTreeMap::new() }
    }

    /// The next packet.
    pub(super) async fn receive(&mut self) -> Option<(u32, Received)> {
        self.ports.receive().await
    }

    /// A packet that waits already.
    pub(super) fn try_receive(&mut self) -> Option<(u32, Received)> {
        self.ports.try_receive()
    }

    /// How many packets wait.
    pub(super) fn waiting(&self) -> usize {
        self.ports.waiting()
    }

    /// The served interface with that index.
    pub(super) fn by_index(&self, index: u32) -> Option<&Served<InterfaceSocket>> {
        self.ports.by_index(index)
    }

    /// A served interface on a link, and the address of the host there.
    pub(super) fn on_link(&self, vlan: VlanId) -> Option<(&InterfaceSocket, Ipv4Addr)> {
        self.ports.on_link(vlan).map(|served| (&*served.socket, served.address))
    }

    /// The link that an interface lies on, whether it is served or not.
    pub(super) fn link_of(&self, index: u32) -> Option<VlanId> {
        self.on_links.get(&index).map(|on_link| on_link.vlan)
    }

    /// The links that the host has interfaces on, each with one of them.
    pub(super) fn links(&self) -> BTreeMap<VlanId, String> {
        self.on_links.values().map(|on_link| (on_link.vlan, on_link.name.clone())).collect()
    }

    /// Opens sockets on interfaces that lie on a served link, and closes those of others. The engine is told
    /// what the host's addresses are. Returns the host's interfaces, if the kernel says which.
    pub(super) fn follow(&mut self, engine: &mut Engine) -> Option<Vec<ControllerInterface>> {
        let interfaces = match own_interfaces() {
            Ok(interfaces) => interfaces,
            Err(error) => {
                error!("the rack's interfaces cannot be read: {error}");
                return None;
            }
        };
        engine.set_hardware(interfaces.iter().map(|own| own.mac));
        engine.set_addresses(interfaces.iter().flat_map(addresses));
        self.on_links = interfaces.iter().filter_map(|own| on_link(engine, own)).collect();
        self.ports.serve(&to_be_served(&engine.leases, &interfaces));
        Some(interfaces)
    }
}

/// The host's addresses of one family at an interface that mean something beyond its link.
fn addresses<A: Family>(own: &ControllerInterface) -> impl Iterator<Item = A> {
    let beyond = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    };
    own.addresses.iter().map(ipnet::IpNet::addr).filter(beyond).filter_map(A::of)
}

fn on_link(engine: &Engine, own: &ControllerInterface) -> Option<(u32, OnLink)> {
    let vlan = addresses(own).find_map(|ip| Some(engine.view().subnet_of(ip)?.1.vlan))?;
    let index = if_nametoindex(own.name.as_str()).ok()?;
    Some((index, OnLink { name: own.name.clone(), vlan }))
}

/// The interfaces that must be listened to, each with its link and the host's address there.
pub(super) fn to_be_served<A: Family>(
    leases: &Leases<A>,
    interfaces: &[ControllerInterface],
) -> BTreeMap<String, (VlanId, A)> {
    on_links(leases, interfaces, |vlan| {
        let mut relayed = leases.view().vlans().filter(|other| other.relay_vlan == Some(vlan));
        leases.serves(vlan)
            || relayed.any(|other| leases.serves(other.id))
            || leases.relays(vlan)
            || leases.proxies(vlan)
    })
}

/// The interfaces on such links, each with its link and the host's address there.
pub(super) fn on_links<A: Family>(
    leases: &Leases<A>,
    interfaces: &[ControllerInterface],
    is_wanted: impl Fn(VlanId) -> bool,
) -> BTreeMap<String, (VlanId, A)> {
    let link = |ip: A| {
        let (_, subnet) = leases.view().subnet_of(ip)?;
        is_wanted(subnet.vlan).then_some((subnet.vlan, ip))
    };
    let place = |own: &ControllerInterface| addresses(own).find_map(link);
    let named = interfaces.iter().filter_map(|own| Some((own.name.clone(), place(own)?)));
    named.collect()
}
