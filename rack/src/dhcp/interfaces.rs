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
use crate::interfaces::{own_interfaces, running_interfaces};

/// The interfaces that lie on links by their addresses of one family and that packets can be sent on, whether they are served or
/// not, by their index.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_index: BTreeMap<u32, (VlanId, String)>,
}

impl Links {
    /// These are the host's interfaces.
    pub(super) fn follow<A: Family>(
        &mut self,
        leases: &Leases<A>,
        interfaces: &[ControllerInterface],
    ) {
        let running = match running_interfaces() {
            Ok(running) => running,
            Err(error) => return error!("the rack's interfaces cannot be read: {error}"),
        };
        let placed = on_links(leases, interfaces, |_| true).into_iter();
        let placed = placed.filter(|(name, _)| running.contains(name));
        let indexed = placed.filter_map(|(name, (vlan, _))| {
            let index = if_nametoindex(name.as_str()).ok()?;
            Some((index, (vlan, name)))
        });
        self.by_index = indexed.collect();
    }

    /// The link that an interface lies on.
    pub(super) fn of(&self, index: u32) -> Option<VlanId> {
        self.by_index.get(&index).map(|(vlan, _)| *vlan)
    }

    /// All links, each with the name of an interface.
    pub(super) fn all(&self) -> BTreeMap<VlanId, String> {
        self.by_index.values().cloned().collect()
    }
}

/// The interfaces of the host, and the packets that come in at those that are served, with their index.
#[derive(Debug)]
pub(super) struct Interfaces {
    ports: Ports<InterfaceSocket>,
    links: Links,
}

impl Interfaces {
    /// None is served yet.
    pub(super) fn new(metrics: DhcpMetrics) -> Self {
        Self { ports: Ports::new(metrics), links: Links::default() }
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

    /// The links that the host's interfaces lie on, whether they are served or not.
    pub(super) fn links(&self) -> &Links {
        &self.links
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
        self.links.follow(&engine.leases, &interfaces);
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

/// The interfaces on such links, each with its link and the host's address there: one of its own, if it has any, and not the
/// service address, which it holds for a while.
pub(super) fn on_links<A: Family>(
    leases: &Leases<A>,
    interfaces: &[ControllerInterface],
    is_wanted: impl Fn(VlanId) -> bool,
) -> BTreeMap<String, (VlanId, A)> {
    let link = |ip: A| {
        let (_, subnet) = leases.view().subnet_of(ip)?;
        is_wanted(subnet.vlan).then_some((subnet.vlan, ip))
    };
    let is_shared = |(vlan, ip): &(VlanId, A)| leases.view().is_service_address(*vlan, *ip);
    let place = |own: &ControllerInterface| {
        let placed: Vec<(VlanId, A)> = addresses(own).filter_map(&link).collect();
        placed.iter().find(|it| !is_shared(it)).or_else(|| placed.first()).copied()
    };
    let named = interfaces.iter().filter_map(|own| Some((own.name.clone(), place(own)?)));
    named.collect()
}
