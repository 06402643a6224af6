//! The sockets of one service on the host's interfaces: they are opened and closed as interfaces come and go,
//! and what comes in at them waits in one queue.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::id::VlanId;
use nix::net::if_::if_nametoindex;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{error, info, warn};

use crate::dhcp::metrics::DhcpMetrics;

/// Packets that wait for the engine; more are dropped, and their clients ask again.
pub(super) const PACKETS_MAX: usize = 2_048;
/// Why a packet is dropped for which there is no room.
pub(super) const TOO_MANY_WAIT: &str = "too many wait";
/// How long a socket that fails is left alone.
const PAUSE: Duration = Duration::from_millis(250);

/// A service's socket on one interface.
pub(super) trait Port: Debug + Send + Sync + Sized + 'static {
    /// What the service is called.
    const SERVICE: &'static str;
    /// An address of its family.
    type Address: Copy + Debug + Display + PartialEq;
    /// What comes in.
    type Packet: Debug + Send + 'static;

    /// Opens it on an interface where the host has this address.
    fn open(name: &str, index: u32, address: Self::Address) -> io::Result<Self>;

    /// Waits for the next packet.
    fn receive(&self) -> impl Future<Output = io::Result<Self::Packet>> + Send;

    /// How many packets the kernel had dropped before one since the socket was opened; it wraps around.
    fn dropped_before(packet: &Self::Packet) -> u32;
}

/// An interface that is served.
#[derive(Debug)]
pub(super) struct Served<P: Port> {
    pub(super) socket: Arc<P>,
    pub(super) vlan: VlanId,
    pub(super) address: P::Address,
    pub(super) index: u32,
    reader: AbortHandle,
}

/// Both ends of the queue from the sockets: interface index and packet.
type Packets<T> = (mpsc::Sender<(u32, T)>, mpsc::Receiver<(u32, T)>);

/// The interfaces that are served, and the packets that come in at them, with their index.
#[derive(Debug)]
pub(super) struct Ports<P: Port> {
    served: BTreeMap<String, Served<P>>,
    /// Why interfaces are not served, as it was said last: they are tried all the time.
    unserved: BTreeMap<String, String>,
    packets: Packets<P::Packet>,
    readers: JoinSet<()>,
    metrics: DhcpMetrics,
}

impl<P: Port> Ports<P> {
    /// None is served yet.
    pub(super) fn new(metrics: DhcpMetrics) -> Self {
        Self {
            served: BTreeMap::new(),
            unserved: BTreeMap::new(),
            packets: mpsc::channel(PACKETS_MAX),
            readers: JoinSet::new(),
            metrics,
        }
    }

    /// The next packet.
    pub(super) async fn receive(&mut self) -> Option<(u32, P::Packet)> {
        loop {
            tokio::select! {
                packet = self.packets.1.recv() => return packet,
                Some(_) = self.readers.join_next() => {}
            }
        }
    }

    /// A packet that waits already.
    pub(super) fn try_receive(&mut self) -> Option<(u32, P::Packet)> {
        self.packets.1.try_recv().ok()
    }

    /// How many packets wait.
    pub(super) fn waiting(&self) -> usize {
        self.packets.1.len()
    }

    /// The served interface with that index.
    pub(super) fn by_index(&self, index: u32) -> Option<&Served<P>> {
        self.served.values().find(|served| served.index == index)
    }

    /// The name of the served interface with that index.
    pub(super) fn name_of(&self, index: u32) -> Option<&str> {
        self.served.iter().find(|(_, served)| served.index == index).map(|(name, _)| name.as_str())
    }

    /// The served interfaces with their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Served<P>)> {
        self.served.iter().map(|(name, served)| (name.as_str(), served))
    }

    /// A served interface on a link.
    pub(super) fn on_link(&self, vlan: VlanId) -> Option<&Served<P>> {
        self.served.values().find(|served| served.vlan == vlan)
    }

    /// Opens sockets on these interfaces, by their names, and closes those of others.
    pub(super) fn serve(&mut self, wanted: &BTreeMap<String, (VlanId, P::Address)>) {
        self.served.retain(|name, served| {
            let kept = wanted.get(name) == Some(&(served.vlan, served.address))
                && if_nametoindex(name.as_str()).is_ok_and(|index| index == served.index);
            if !kept {
                info!(interface = %name, "{} ends on interface {name}", P::SERVICE);
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

    fn open(&mut self, name: &str, vlan: VlanId, address: P::Address) {
        let opened = if_nametoindex(name)
            .map_err(io::Error::from)
            .and_then(|index| Ok((index, Arc::new(P::open(name, index, address)?))));
        let (index, socket) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let hint = match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        "; the process needs CAP_NET_RAW and CAP_NET_BIND_SERVICE"
                    }
                    _ => "",
                };
                let (service, why) = (P::SERVICE, format!("{error}{hint}"));
                if self.unserved.get(name) != Some(&why) {
                    error!(interface = %name, "{service} cannot be served on interface {name}: {why}");
                    self.unserved.insert(name.to_owned(), why);
                }
                return;
            }
        };
        self.unserved.remove(name);
        let service = P::SERVICE;
        info!(interface = %name, %address, "{service} is served on interface {name} at {address}");
        let (packets, metrics) = (self.packets.0.clone(), self.metrics.clone());
        let reader = self.readers.spawn(read_packets(Arc::clone(&socket), index, packets, metrics));
        self.served.insert(name.to_owned(), Served { socket, vlan, address, reader, index });
    }
}

/// Reads packets until the socket fails or nobody takes them.
async fn read_packets<P: Port>(
    socket: Arc<P>,
    index: u32,
    packets: mpsc::Sender<(u32, P::Packet)>,
    metrics: DhcpMetrics,
) {
    let mut dropped = 0;
    loop {
        match socket.receive().await {
            Ok(packet) => {
                let before = P::dropped_before(&packet);
                metrics.kernel_drops.inc_by(before.wrapping_sub(dropped).into());
                dropped = before;
                match packets.try_send((index, packet)) {
                    Ok(()) => {}
                    Err(TrySendError::Full(_)) => metrics.drop_for(TOO_MANY_WAIT),
                    Err(TrySendError::Closed(_)) => return,
                }
            }
            Err(error) => {
                warn!("a packet for {} cannot be read: {error}", P::SERVICE);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
