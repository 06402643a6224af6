//! The interfaces that DHCP is served on: their sockets follow the host's interfaces and the links that the
//! rack serves.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use dhcp::v4::engine::Engine;
use model::controller::ControllerInterface;
use model::id::VlanId;
use nix::net::if_::if_nametoindex;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{error, info, warn};

use crate::dhcp::metrics::DhcpMetrics;
use crate::dhcp::socket::{InterfaceSocket, Received};
use crate::interfaces::own_interfaces;

/// Packets that wait for the engine; more are dropped, and their clients ask again.
pub(super) const PACKETS_MAX: usize = 2_048;
/// Why a packet is dropped for which there is no room.
pub(super) const TOO_MANY_WAIT: &str = "too many wait";
/// How long a socket that fails is left alone.
const PAUSE: Duration = Duration::from_millis(250);

/// An interface that is served.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) socket: Arc<InterfaceSocket>,
    pub(super) vlan: VlanId,
    pub(super) address: Ipv4Addr,
    reader: AbortHandle,
    index: u32,
}

/// An interface that lies on a link, whether it is served or not.
#[derive(Debug)]
struct OnLink {
    name: String,
    vlan: VlanId,
}

/// Both ends of the queue from the sockets: interface index and packet.
type Packets = (mpsc::Sender<(u32, Received)>, mpsc::Receiver<(u32, Received)>);

/// The interfaces of the host, and the packets that come in at those that are served, with their index.
#[derive(Debug)]
pub(super) struct Interfaces {
    served: BTreeMap<String, Served>,
    /// Why interfaces are not served, as it was said last: they are tried all the time.
    unserved: BTreeMap<String, String>,
    on_links: BTreeMap<u32, OnLink>,
    packets: Packets,
    readers: JoinSet<()>,
    metrics: DhcpMetrics,
}

impl Interfaces {
    /// None is served yet.
    pub(super) fn new(metrics: DhcpMetrics) -> Self {
        Self {
            served: BTreeMap::new(),
            unserved: BTreeMap::new(),
            on_links: BTreeMap::new(),
            packets: mpsc::channel(PACKETS_MAX),
            readers: JoinSet::new(),
            metrics,
        }
    }

    /// The next packet.
    pub(super) async fn receive(&mut self) -> Option<(u32, Received)> {
        loop {
            tokio::select! {
                packet = self.packets.1.recv() => return packet,
                Some(_) = self.readers.join_next() => {}
            }
        }
    }

    /// A packet that waits already.
    pub(super) fn try_receive(&mut self) -> Option<(u32, Received)> {
        self.packets.1.try_recv().ok()
    }

    /// How many packets wait.
    pub(super) fn waiting(&self) -> usize {
        self.packets.1.len()
    }

    /// The served interface with that index.
    pub(super) fn by_index(&self, index: u32) -> Option<&Served> {
        self.served.values().find(|served| served.index == index)
    }

    /// A served interface on a link, and the address of the host there.
    pub(super) fn on_link(&self, vlan: VlanId) -> Option<(&InterfaceSocket, Ipv4Addr)> {
        let mut on_link = self.served.values().filter(|served| served.vlan == vlan);
        on_link.next().map(|served| (&*served.socket, served.address))
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
    /// what the host's addresses are.
    pub(super) fn follow(&mut self, engine: &mut Engine) {
        let interfaces = match own_interfaces() {
            Ok(interfaces) => interfaces,
            Err(error) => {
                error!("the rack's interfaces cannot be read: {error}");
                return;
            }
        };
        engine.set_hardware(interfaces.iter().map(|own| own.mac));
        engine.set_addresses(interfaces.iter().flat_map(addresses));
        self.on_links = interfaces.iter().filter_map(|own| on_link(engine, own)).collect();
        let wanted = interfaces.iter().filter_map(|own| {
            Some((own.name.clone(), addresses(own).find_map(|ip| to_be_served(engine, ip))?))
        });
        self.serve(&wanted.collect());
    }

    fn serve(&mut self, wanted: &BTreeMap<String, (VlanId, Ipv4Addr)>) {
        self.served.retain(|name, served| {
            let kept = wanted.get(name) == Some(&(served.vlan, served.address))
                && if_nametoindex(name.as_str()).is_ok_and(|index| index == served.index);
            if !kept {
                info!(interface = %name, "DHCP ends on interface {name}");
                served.reader.abort();
            }
            kept
        });
        for (name, (vlan, address)) in wanted {
            if !self.served.contains_key(name) {
                self.open(name, *vlan, *address);
            }
        }
    }

    fn open(&mut self, name: &str, vlan: VlanId, address: Ipv4Addr) {
        let opened = if_nametoindex(name)
            .map_err(io::Error::from)
            .and_then(|index| Ok((index, Arc::new(InterfaceSocket::open(name, index)?))));
        let (index, socket) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let hint = match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        "; the process needs CAP_NET_RAW and CAP_NET_BIND_SERVICE"
                    }
                    _ => "",
                };
                let why = format!("{error}{hint}");
                if self.unserved.get(name) != Some(&why) {
                    error!(interface = %name, "DHCP cannot be served on interface {name}: {why}");
                    self.unserved.insert(name.to_owned(), why);
                }
                return;
            }
        };
        self.unserved.remove(name);
        info!(interface = %name, %address, "DHCP is served on interface {name} at {address}");
        let (packets, metrics) = (self.packets.0.clone(), self.metrics.clone());
        let reader = self.readers.spawn(read_packets(Arc::clone(&socket), index, packets, metrics));
        self.served.insert(name.to_owned(), Served { socket, vlan, address, reader, index });
    }
}

fn addresses(own: &ControllerInterface) -> impl Iterator<Item = Ipv4Addr> {
    own.addresses.iter().filter_map(|net| match net.addr() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
}

fn on_link(engine: &Engine, own: &ControllerInterface) -> Option<(u32, OnLink)> {
    let vlan = addresses(own).find_map(|ip| Some(engine.view().subnet_of(ip)?.1.vlan))?;
    let index = if_nametoindex(own.name.as_str()).ok()?;
    Some((index, OnLink { name: own.name.clone(), vlan }))
}

/// The link of an address of the rack, if its interface must be listened to.
fn to_be_served(engine: &Engine, address: Ipv4Addr) -> Option<(VlanId, Ipv4Addr)> {
    let (_, subnet) = engine.view().subnet_of(address)?;
    let vlan = subnet.vlan;
    let mut relayed = engine.view().vlans().filter(|other| other.relay_vlan == Some(vlan));
    let served = engine.serves(vlan) || relayed.any(|other| engine.serves(other.id));
    served.then_some((vlan, address))
}

/// Reads packets until the socket fails or nobody takes them.
async fn read_packets(
    socket: Arc<InterfaceSocket>,
    index: u32,
    packets: mpsc::Sender<(u32, Received)>,
    metrics: DhcpMetrics,
) {
    let mut dropped = 0;
    loop {
        match socket.receive().await {
            Ok(packet) => {
                metrics.kernel_drops.inc_by(packet.dropped.wrapping_sub(dropped).into());
                dropped = packet.dropped;
                match packets.try_send((index, packet)) {
                    Ok(()) => {}
                    Err(TrySendError::Full(_)) => metrics.drop_for(TOO_MANY_WAIT),
                    Err(TrySendError::Closed(_)) => return,
                }
            }
            Err(error) => {
                warn!("a DHCP packet cannot be read: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
