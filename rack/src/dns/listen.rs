//! The DNS sockets. Every address of the host has sockets of its own, so that an answer always
//! leaves from the address that was asked; addresses that come and go are followed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use model::dns::projector::Projector;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::dns::message::{Decision, Transport, decide};
use crate::dns::zones::Zones;
use crate::dns::{follow, forward};
use crate::generation::{Generation, Generations, Step};
use crate::interfaces::own_interfaces;
use crate::metrics::Metrics;

/// How often the host's addresses are looked at.
const ADDRESSES_INTERVAL: Duration = Duration::from_secs(2);

/// Queries that wait for upstream servers at one time, for each socket.
const FORWARDS_MAX: usize = 1_000;

/// TCP connections at one time, for each socket.
const CONNECTIONS_MAX: usize = 256;

/// How long a TCP connection may be idle.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// TCP connections that the kernel keeps until they are accepted, for each socket.
const BACKLOG: i32 = 1_024;

/// The DNS service of the rack.
#[derive(Debug, Clone)]
pub struct DnsServer {
    generations: Generations,
    metrics: Arc<Metrics>,
    zones: Arc<ArcSwapOption<Zones>>,
    /// The service addresses that the host has, or may have later: it answers at them from the first moment on.
    held: watch::Receiver<BTreeSet<IpAddr>>,
}

impl DnsServer {
    /// A server of what is in `generations`, at the addresses in `held`, too, whether the host has them or not.
    #[must_use]
    pub fn new(
        generations: Generations,
        metrics: Arc<Metrics>,
        held: watch::Receiver<BTreeSet<IpAddr>>,
    ) -> Self {
        Self { generations, metrics, zones: Arc::default(), held }
    }

    /// Serves at `listen` until `shutdown`; at all addresses of the host when it names none.
    pub async fn run(self, listen: SocketAddr, shutdown: CancellationToken) {
        let mut sockets =
            Sockets { tasks: JoinSet::new(), open: BTreeMap::new(), failed: BTreeMap::new() };
        let mut follower = self.generations.follow();
        let mut projector = Projector::default();
        let mut looks = interval(ADDRESSES_INTERVAL);
        let mut held = self.held.clone();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                more = follower.changed() => {
                    if !more {
                        return;
                    }
                    self.follow(&mut projector, &follower.step());
                }
                _ = looks.tick() => sockets.follow(&self, &self.addresses(listen)),
                Ok(()) = held.changed() => sockets.follow(&self, &self.addresses(listen)),
                Some(_) = sockets.tasks.join_next(), if !sockets.tasks.is_empty() => {}
            }
        }
    }

    fn follow(&self, projector: &mut Projector, step: &Step) {
        if step.generation.is_loaded() {
            self.zones.store(Some(Arc::new(follow::update(projector, step))));
        }
    }

    fn decide(
        &self,
        generation: &Generation,
        query: &[u8],
        client: SocketAddr,
        transport: Transport,
    ) -> Decision {
        let zones = self.zones.load();
        let may_forward = forward::is_trusted(generation, client.ip())
            && !forward::upstreams(generation).is_empty();
        let decision = decide(query, zones.as_deref(), transport, may_forward);
        match &decision {
            Decision::Answer(_) => self.metrics.dns_answers.inc(),
            Decision::Refuse(_) => self.metrics.dns_refusals.inc(),
            Decision::Forward { .. } => self.metrics.dns_forwards.inc(),
            Decision::Ignore => 0,
        };
        decision
    }

    async fn serve_udp(self, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut forwards = JoinSet::new();
        let mut buffer = vec![0; 4_096];
        loop {
            while forwards.try_join_next().is_some() {}
            let (bytes, client) = match socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                Err(error) => {
                    debug!("a DNS socket cannot be read: {error}");
                    continue;
                }
            };
            let query = &buffer[..bytes];
            let generation = self.generations.load();
            match self.decide(&generation, query, client, Transport::Udp) {
                Decision::Answer(answer) | Decision::Refuse(answer) => {
                    send(&socket, &answer, client).await;
                }
                Decision::Forward { failure } if forwards.len() >= FORWARDS_MAX => {
                    send(&socket, &failure, client).await;
                }
                Decision::Forward { failure } => {
                    let (query, socket) = (query.to_vec(), Arc::clone(&socket));
                    let upstreams = forward::upstreams(&generation);
                    forwards.spawn(async move {
                        let answer = forward::forward(&query, &upstreams, Transport::Udp).await;
                        send(&socket, &answer.unwrap_or(failure), client).await;
                    });
                }
                Decision::Ignore => {}
            }
        }
    }

    async fn serve_tcp(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, client)) => {
                    let server = self.clone();
                    connections.spawn(async move {
                        if let Err(error) = server.serve_connection(stream, client).await {
                            debug!(%client, "a DNS connection ended: {error}");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    debug!("a DNS connection was not accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn serve_connection(&self, mut stream: TcpStream, client: SocketAddr) -> io::Result<()> {
        loop {
            let Ok(length) = timeout(IDLE_MAX, stream.read_u16()).await else { return Ok(()) };
            let Ok(length) = length else { return Ok(()) };
            let mut query = vec![0; usize::from(length)];
            timeout(IDLE_MAX, stream.read_exact(&mut query)).await??;
            let generation = self.generations.load();
            let answer = match self.decide(&generation, &query, client, Transport::Tcp) {
                Decision::Answer(answer) | Decision::Refuse(answer) => answer,
                Decision::Forward { failure } => {
                    let upstreams = forward::upstreams(&generation);
                    let answer = forward::forward(&query, &upstreams, Transport::Tcp).await;
                    answer.unwrap_or(failure)
                }
                Decision::Ignore => return Ok(()),
            };
            let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
            let framed = [&length.to_be_bytes(), answer.as_slice()].concat();
            timeout(IDLE_MAX, stream.write_all(&framed)).await??;
        }
    }
}

async fn send(socket: &UdpSocket, answer: &[u8], client: SocketAddr) {
    if let Err(error) = socket.send_to(answer, client).await {
        debug!(%client, "a DNS answer was not sent: {error}");
    }
}

/// The open sockets by address.
struct Sockets {
    tasks: JoinSet<()>,
    open: BTreeMap<SocketAddr, Vec<AbortHandle>>,
    /// Why addresses are not served, as it was said last.
    failed: BTreeMap<SocketAddr, String>,
}

impl Sockets {
    fn follow(&mut self, server: &DnsServer, wanted: &[SocketAddr]) {
        self.open.retain(|address, tasks| {
            let stays = wanted.contains(address);
            if !stays {
                info!("DNS is no longer served at {address}");
                tasks.iter().for_each(AbortHandle::abort);
            }
            stays
        });
        for &address in wanted {
            if self.open.contains_key(&address) {
                continue;
            }
            match udp(address).and_then(|udp| Ok((udp, tcp(address)?))) {
                Ok((udp, tcp)) => {
                    info!("DNS is served at {address}");
                    let tasks = vec![
                        self.tasks.spawn(server.clone().serve_udp(udp)),
                        self.tasks.spawn(server.clone().serve_tcp(tcp)),
                    ];
                    self.open.insert(address, tasks);
                    self.failed.remove(&address);
                }
                Err(error) => {
                    // It is tried again all the time, and said once.
                    let error = error.to_string();
                    if self.failed.get(&address) != Some(&error) {
                        warn!("DNS cannot be served at {address}: {error}");
                        self.failed.insert(address, error);
                    }
                }
            }
        }
    }
}

fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(bound(Type::DGRAM, Protocol::UDP, address)?.into())
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(Type::STREAM, Protocol::TCP, address)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A socket at an address that the host need not have yet.
fn bound(kind: Type, protocol: Protocol, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(kind == Type::STREAM)?;
    match address {
        SocketAddr::V4(_) => socket.set_freebind_v4(true)?,
        SocketAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.set_freebind_v6(true)?;
        }
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

impl DnsServer {
    /// The addresses to listen on: the given one, or all of the host and those that it may hold.
    fn addresses(&self, listen: SocketAddr) -> Vec<SocketAddr> {
        let mut all = addresses(listen);
        if listen.ip().is_unspecified() {
            let held = self.held.borrow();
            all.extend(held.iter().map(|ip| SocketAddr::new(*ip, listen.port())));
            all.sort_unstable();
            all.dedup();
        }
        all
    }
}

/// The given address, or all of the host.
fn addresses(listen: SocketAddr) -> Vec<SocketAddr> {
    if !listen.ip().is_unspecified() {
        return vec![listen];
    }
    let interfaces = own_interfaces().unwrap_or_default();
    let own = interfaces.iter().flat_map(|interface| &interface.addresses).map(|net| net.addr());
    let usable = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => true,
        // Link-local addresses need a scope; clients use the others.
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    };
    let mut all: Vec<SocketAddr> = [IpAddr::from(Ipv4Addr::LOCALHOST)]
        .into_iter()
        .chain(own.filter(usable))
        .map(|ip| SocketAddr::new(ip, listen.port()))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
