//! Looks for DHCP servers that are none of the site's: sends a DISCOVER now and then, and hears what others
//! broadcast to clients.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use dhcp::v4::external_dhcp::{ExternalServer, ExternalServers, Searches, search};
use dhcp::wire::server_message::ServerMessage;
use model::id::VlanId;
use model::lease::clock::Moment;
use model::mac::MacAddress;
use nix::sys::socket::{LinkAddr, MsgFlags, recvfrom, sendto};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::warn;

use crate::dhcp::frame;
use crate::dhcp::metrics::DhcpMetrics;
use crate::packet_socket::{bpf, filtered, link_address, read};

/// Messages that wait to be looked at; more are dropped, and others come.
const HEARD_MAX: usize = 64;
/// Longer frames carry no DHCP message.
const FRAME_MAX: usize = 2_048;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERNET_LEN: usize = 14;
const UDP: u8 = 17;

/// A server that was heard, of the site or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeardServer {
    /// The index of the interface it was heard at.
    pub(super) interface: u32,
    pub(super) server: ExternalServer,
    /// The address that it was sent from.
    pub(super) source: Ipv4Addr,
    pub(super) message: ServerMessage,
}

/// The search on the links of this rack.
#[derive(Debug)]
pub(super) struct ExternalDhcp {
    searches: Searches,
    socket: Option<Arc<UdpSocket>>,
    heard: (mpsc::Sender<HeardServer>, mpsc::Receiver<HeardServer>),
    readers: JoinSet<()>,
    /// The links that metrics tell of.
    shown: BTreeSet<VlanId>,
}

impl ExternalDhcp {
    /// No socket is open.
    pub(super) fn new() -> Self {
        Self {
            searches: Searches::default(),
            socket: None,
            heard: mpsc::channel(HEARD_MAX),
            readers: JoinSet::new(),
            shown: BTreeSet::new(),
        }
    }

    /// The next message of a server.
    pub(super) async fn hear(&mut self) -> Option<HeardServer> {
        self.heard.1.recv().await
    }

    /// Searches the link that is due, if any, of those with these interfaces. Returns what the searches
    /// found that ended meanwhile.
    pub(super) fn search(
        &mut self,
        links: &BTreeMap<VlanId, String>,
        now: Moment,
        metrics: &DhcpMetrics,
    ) -> Vec<ExternalServers> {
        let due = self.searches.next(links.keys().copied(), now);
        if let Some((vlan, name)) = due.and_then(|vlan| Some((vlan, links.get(&vlan)?))) {
            match self.send(name) {
                Ok(()) => drop(metrics.searches.inc()),
                Err(error) => {
                    self.searches.failed(vlan);
                    warn!("no DHCP servers are looked for on VLAN {vlan}: {error}");
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
        server: ExternalServer,
        now: Moment,
        metrics: &DhcpMetrics,
    ) -> Option<ExternalServers> {
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
        let mac = mac.ok_or(io::ErrorKind::Unsupported)?;
        let payload = search(mac, rand::random());
        let frame = frame::of_client(mac, &payload).ok_or(io::ErrorKind::Unsupported)?;
        Ok(sendto(socket.as_raw_fd(), &frame, &link, MsgFlags::MSG_DONTWAIT).map(drop)?)
    }

    fn socket(&mut self) -> io::Result<Arc<UdpSocket>> {
        if let Some(socket) = &self.socket {
            return Ok(Arc::clone(socket));
        }
        let socket = Arc::new(open()?);
        let (reading, heard) = (Arc::clone(&socket), self.heard.0.clone());
        self.readers.spawn(async move { read(&reading, read_server, heard).await });
        self.socket = Some(Arc::clone(&socket));
        Ok(socket)
    }
}

/// A packet socket that hears what servers send to clients, at all interfaces: IPv4, UDP, the first fragment,
/// from port 67 to port 68. It does not hear what this host sends.
fn open() -> io::Result<UdpSocket> {
    let protocol = Protocol::from(i32::from(ETHERTYPE_IPV4.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    let filter = [
        SockFilter::new(bpf::LOAD_BYTE, 0, 0, 23),
        SockFilter::new(bpf::IF_EQUAL, 0, 8, u32::from(UDP)),
        SockFilter::new(bpf::LOAD_HALF, 0, 0, 20),
        SockFilter::new(bpf::IF_ANY_BIT, 6, 0, 0x1fff),
        SockFilter::new(bpf::LOAD_HEADER_LENGTH, 0, 0, 14),
        SockFilter::new(bpf::LOAD_HALF_AFTER_HEADER, 0, 0, 14),
        SockFilter::new(bpf::IF_EQUAL, 0, 3, 67),
        SockFilter::new(bpf::LOAD_HALF_AFTER_HEADER, 0, 0, 16),
        SockFilter::new(bpf::IF_EQUAL, 0, 1, 68),
        SockFilter::new(bpf::RETURN, 0, 0, bpf::WHOLE),
        SockFilter::new(bpf::RETURN, 0, 0, 0),
    ];
    filtered(socket, &filter)
}

fn read_server(socket: &UdpSocket) -> io::Result<Option<HeardServer>> {
    let mut buffer = [0; FRAME_MAX];
    let (len, from) = recvfrom::<LinkAddr>(socket.as_raw_fd(), &mut buffer)?;
    let Some(from) = from else { return Ok(None) };
    let interface = u32::try_from(from.ifindex()).ok();
    Ok(buffer.get(..len).zip(interface).and_then(|(frame, interface)| server_of(frame, interface)))
}

/// The server that sent a frame, by its identifier, else by its address.
fn server_of(frame: &[u8], interface: u32) -> Option<HeardServer> {
    let mac = MacAddress(frame.get(6..12)?.try_into().ok()?);
    let packet = frame.get(ETHERNET_LEN..)?;
    let header_len = usize::from(packet.first()? & 0x0f) * 4;
    let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let message = ServerMessage::parse(packet.get(header_len + 8..)?)?;
    let source = Ipv4Addr::from(source);
    let ip = message.server.unwrap_or(source);
    let is_a_hosts = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast();
    let server = ExternalServer { ip, mac };
    is_a_hosts.then_some(HeardServer { interface, server, source, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dhcp::frame::Ends;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 9]);

    fn offer(options: &[u8]) -> Vec<u8> {
        let mut payload = vec![0; 236];
        payload[0] = 2;
        payload.extend([99, 130, 83, 99, 53, 1, 2]);
        payload.extend(options);
        payload.push(255);
        let ends = Ends {
            source_mac: MAC,
            source: Ipv4Addr::new(10, 0, 0, 9),
            client_mac: MacAddress([2, 0, 0, 0, 0, 1]),
            client: Ipv4Addr::BROADCAST,
        };
        frame::build(&ends, &payload).unwrap()
    }

    /// C-14.
    #[test]
    fn a_server_is_known_by_its_identifier_or_by_the_address_it_sends_from() {
        let server = |ip| Some(ExternalServer { ip, mac: MAC });
        let server_of = |frame: &[u8]| server_of(frame, 1).map(|heard| heard.server);
        let told = server_of(&offer(&[54, 4, 192, 0, 2, 1]));
        assert_eq!(told, server(Ipv4Addr::new(192, 0, 2, 1)));
        let silent = offer(&[]);
        assert_eq!(server_of(&silent), server(Ipv4Addr::new(10, 0, 0, 9)));
        assert_eq!(server_of(&offer(&[54, 4, 255, 255, 255, 255])), None);
        assert!((0..14 + 20 + 8 + 240).all(|len| server_of(&silent[..len]).is_none()));
    }
}
