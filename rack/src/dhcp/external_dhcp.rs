//! Looks for DHCP servers that are none of the site's: asks on each link now and then, and hears what others say to
//! clients. What is sent and heard is that of a family: [`crate::dhcp::search`], [`crate::dhcp::v6::search`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use dhcp::external_dhcp::{ExternalServer, ExternalServers, Searches};
use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;
use nix::sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::warn;

use crate::dhcp::metrics::DhcpMetrics;
use crate::packet_socket::{filtered, link_address, read};

/// Messages that wait to be looked at; more are dropped, and others come.
const HEARD_MAX: usize = 64;
/// Longer frames carry no DHCP message.
const FRAME_MAX: usize = 2_048;

/// How servers of one family are asked and heard.
pub(super) trait Search: Debug {
    /// What it is called.
    const PROTOCOL: &'static str;
    /// What its packets have as the type of their frame.
    const ETHERTYPE: u16;
    /// An address of its family.
    type Address: Copy + Debug + Ord;
    /// A message of a server, of the site or not.
    type Heard: Debug + Send + 'static;

    /// What the kernel lets through: messages of servers to clients.
    fn filter() -> Vec<SockFilter>;

    /// Reads a frame that was heard at the interface with an index.
    fn read(frame: &[u8], interface: u32) -> Option<Self::Heard>;

    /// The frame that asks for servers, of a client at an interface with this name and hardware address.
    fn frame(&self, name: &str, mac: MacAddress) -> io::Result<Vec<u8>>;
}

/// The search on the links of this rack.
#[derive(Debug)]
pub(super) struct ExternalDhcp<S: Search> {
    search: S,
    searches: Searches<S::Address>,
    socket: Option<Arc<UdpSocket>>,
    heard: (mpsc::Sender<S::Heard>, mpsc::Receiver<S::Heard>),
    readers: JoinSet<()>,
    /// The links that metrics tell of.
    shown: BTreeSet<VlanId>,
}

impl<S: Search> ExternalDhcp<S> {
    /// No socket is open.
    pub(super) fn new(search: S) -> Self {
        Self {
            search,
            searches: Searches::default(),
            socket: None,
            heard: mpsc::channel(HEARD_MAX),
            readers: JoinSet::new(),
            shown: BTreeSet::new(),
        }
    }

    /// The next message of a server.
    pub(super) async fn hear(&mut self) -> Option<S::Heard> {
        self.heard.1.recv().await
    }

    /// Searches the link that is due, if any, of those with these interfaces. Returns what the searches
    /// found that ended meanwhile.
    pub(super) fn search(
        &mut self,
        links: &BTreeMap<VlanId, String>,
        now: Moment,
        metrics: &DhcpMetrics,
    ) -> Vec<ExternalServers<S::Address>> {
        let due = self.searches.next(links.keys().copied(), now);
        if let Some((vlan, name)) = due.and_then(|vlan| Some((vlan, links.get(&vlan)?))) {
            match self.send(name) {
                Ok(()) => drop(metrics.searches.inc()),
                Err(error) => {
                    self.searches.failed(vlan);
                    let protocol = S::PROTOCOL;
                    warn!("no {protocol} servers are looked for on VLAN {vlan}: {error}");
                }
            }
        }
        self.show(metrics);
        self.searches.take_ended(now)
    }

    /// A server was heard that is none of the site's. Those of its link, if it is new.
    pub(super) fn heard(
        &mut self,
        vlan: VlanId,
        server: ExternalServer<S::Address>,
        now: Moment,
        metrics: &DhcpMetrics,
    ) -> Option<ExternalServers<S::Address>> {
        metrics.external_replies.inc();
        self.searches.heard(vlan, server, now)
    }

    fn show(&mut self, metrics: &DhcpMetrics) {
        let counts: BTreeMap<VlanId, usize> = self.searches.counts().collect();
        counts.iter().for_each(|(vlan, count)| metrics.set_external(*vlan, *count));
        let links: BTreeSet<VlanId> = counts.into_keys().collect();
        self.shown.difference(&links).for_each(|vlan| metrics.forget_external(*vlan));
        self.shown = links;
    }

    fn send(&mut self, name: &str) -> io::Result<()> {
        let socket = self.socket()?;
        let link = link_address(name)?.ok_or(io::ErrorKind::Unsupported)?;
        let mac = link.addr().map(MacAddress).filter(|mac| mac.is_unicast());
        let frame = self.search.frame(name, mac.ok_or(io::ErrorKind::Unsupported)?)?;
        Ok(sendto(socket.as_raw_fd(), &frame, &link, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }

    fn socket(&mut self) -> io::Result<Arc<UdpSocket>> {
        if let Some(socket) = &self.socket {
            return Ok(Arc::clone(socket));
        }
        let socket = Arc::new(open::<S>()?);
        let (reading, heard) = (Arc::clone(&socket), self.heard.0.clone());
        self.readers.spawn(async move { read(&reading, read_server::<S>, heard).await });
        self.socket = Some(Arc::clone(&socket));
        Ok(socket)
    }
}

/// A packet socket that hears what servers send to clients, at all interfaces. It does not hear what this host sends.
fn open<S: Search>() -> io::Result<UdpSocket> {
    let protocol = Protocol::from(i32::from(S::ETHERTYPE.to_be()));
    filtered(Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?, &S::filter())
}

fn read_server<S: Search>(socket: &UdpSocket) -> io::Result<Option<S::Heard>> {
    let mut buffer = [0; FRAME_MAX];
    let (len, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let Some(from) = from else { return Ok(None) };
    let interface = u32::try_from(from.ifindex()).ok();
    Ok(buffer.get(..len).zip(interface).and_then(|(frame, interface)| S::read(frame, interface)))
}
