//! The task that owns the engine, and the tasks that read its sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dhcp::lookup::allowance::{Allowance, Rate};
use dhcp::v4::engine::{
    Arrival, CommitRequest, Dropped, Engine, Exchange, Outcome, Output, OwnRack, Sending,
};
use dhcp::v4::probes::{Answer, Conflict, Finding, Probe};
use dhcp::v4::queue::PacketQueue;
use model::controller::ControllerInterface;
use model::id::{SubnetId, VlanId};
use model::lease::clock::{Moment, RegionClock as Bounds};
use model::lease::policy::Policy;
use nix::net::if_::if_nametoindex;
use proto::convert::Key;
use proto::rack::BlockRequest;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::clock::RegionClock;
use crate::dhcp::metrics::{DhcpMetrics, FindingKind, MessageType};
use crate::dhcp::parked::Parked;
use crate::dhcp::probing::{Heard, Probing};
use crate::dhcp::socket::{InterfaceSocket, Received};
use crate::dhcp::stock::{self, Stock};
use crate::dhcp::upward::Decided;
use crate::dhcp::{copy, upward};
use crate::generation::{Follower, Generations};
use crate::interfaces::own_interfaces;
use crate::uplink::Uplink;

/// How often time-outs are looked at and commits repeated.
const TICK: Duration = Duration::from_millis(250);
/// How often interfaces are compared with what must be served.
const INTERFACES_EVERY_MS: u64 = 1_000;
/// Packets that wait for the engine; more are dropped, and their clients ask again.
const PACKETS_MAX: usize = 2_048;
/// How many packets are handled before something else gets its turn.
const HANDLED_AT_ONCE: usize = 64;
/// Why a packet is dropped for which there is no room.
const TOO_MANY_WAIT: &str = "too many wait";
const BATCH_MAX: usize = 256;
/// One at a time, so that batches grow with the load: what comes while one is on its way shares the next.
const BATCHES_MAX: usize = 1;
/// The least time between two batches: messages to and between regions cost more than what is in them. A
/// client that comes after a quiet moment waits for nothing.
const BATCH_EVERY: Duration = Duration::from_millis(16);

/// How many findings of probes are told; the others are counted only.
const FINDINGS_TOLD: Rate = Rate { a_second: 1, at_once: 32 };

/// Is told of every client that got an address.
pub type OnExchange = Arc<dyn Fn(&Exchange) + Send + Sync>;
/// Is told of addresses that somebody uses without having been given them.
pub type OnFinding = Arc<dyn Fn(&Finding) + Send + Sync>;

/// Both ends of the queue from the sockets: interface index and packet.
type Packets = (mpsc::Sender<(u32, Received)>, mpsc::Receiver<(u32, Received)>);

/// The DHCP service of a rack.
pub struct DhcpService {
    own: OwnRack,
    engine: Engine,
    generations: Follower,
    clock: RegionClock,
    uplink: Uplink,
    metrics: DhcpMetrics,
    on_exchange: OnExchange,
    on_finding: OnFinding,
    findings_told: Allowance,
    start: Instant,
    sockets: BTreeMap<String, Served>,
    /// Why interfaces are not served, as it was said last: they are tried all the time.
    unserved: BTreeMap<String, String>,
    packets: Packets,
    readers: JoinSet<()>,
    commits: Vec<CommitRequest>,
    batches: JoinSet<Vec<Decided>>,
    /// When it was decided to commit what has no outcome yet.
    asked: BTreeMap<[u8; 16], Instant>,
    next_batch: tokio::time::Instant,
    block_requests: JoinSet<Option<BTreeMap<SubnetId, u32>>>,
    stock: Stock,
    parked: Parked,
    probing: Probing,
    queue: PacketQueue<(u32, Received)>,
    interfaces_seen: Option<Moment>,
    /// The links that metrics tell of.
    shown: BTreeSet<VlanId>,
}

impl std::fmt::Debug for DhcpService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DhcpService").field("own", &self.own).finish_non_exhaustive()
    }
}

/// An interface that is served.
struct Served {
    socket: Arc<InterfaceSocket>,
    reader: AbortHandle,
    index: u32,
    vlan: VlanId,
    address: Ipv4Addr,
}

impl DhcpService {
    /// A service of this rack process; it serves once it runs and a generation has come.
    #[must_use]
    pub fn new(
        own: OwnRack,
        generations: &Generations,
        clock: RegionClock,
        uplink: Uplink,
        metrics: DhcpMetrics,
        on_exchange: OnExchange,
        on_finding: OnFinding,
    ) -> Self {
        Self {
            engine: Engine::new(own.clone(), Policy::default()),
            own,
            generations: generations.follow(),
            clock,
            uplink,
            metrics,
            on_exchange,
            on_finding,
            findings_told: Allowance::full(FINDINGS_TOLD),
            start: Instant::now(),
            sockets: BTreeMap::new(),
            unserved: BTreeMap::new(),
            packets: mpsc::channel(PACKETS_MAX),
            readers: JoinSet::new(),
            commits: Vec::new(),
            batches: JoinSet::new(),
            asked: BTreeMap::new(),
            next_batch: tokio::time::Instant::now(),
            block_requests: JoinSet::new(),
            stock: Stock::default(),
            parked: Parked::default(),
            probing: Probing::new(rand::random()),
            queue: PacketQueue::with_room(PACKETS_MAX),
            interfaces_seen: None,
            shown: BTreeSet::new(),
        }
    }

    /// Runs until cancelled.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some((index, packet)) = self.packets.1.recv() => self.take_in(index, packet),
                () = std::future::ready(()), if !self.queue.is_empty() => self.handle_queued(),
                Some(ended) = self.batches.join_next() => match ended {
                    Ok(outcomes) => self.decided(outcomes),
                    Err(failed) => error!("a commit of bindings failed: {failed}"),
                },
                Some(heard) = self.probing.hear() => self.heard(heard),
                true = self.generations.changed() => self.follow_generation(),
                () = tokio::time::sleep_until(self.next_batch), if self.may_send_commits() => {}
                Some(answered) = self.block_requests.join_next() => {
                    if let Ok(Some(pools)) = answered {
                        self.engine.set_pools(pools);
                    }
                }
                Some(_) = self.readers.join_next() => {}
                _ = ticks.tick() => self.tick(),
            }
            self.send_commits();
            self.show_queues();
        }
    }

    fn now(&self) -> Moment {
        Moment::from_ms(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Handles a packet at once, if no other waits; else those that are urgent come first.
    fn take_in(&mut self, index: u32, packet: Received) {
        if self.queue.is_empty() && self.packets.1.is_empty() {
            return self.receive(index, packet);
        }
        self.put_into_queue(index, packet);
        while let Ok((index, packet)) = self.packets.1.try_recv() {
            self.put_into_queue(index, packet);
        }
        self.handle_queued();
    }

    fn put_into_queue(&mut self, index: u32, packet: Received) {
        let Some(arrival) = self.arrival(index, &packet) else { return };
        match self.engine.ticket(&packet.payload, &arrival, self.now()) {
            Ok(ticket) => {
                if self.queue.push(ticket, (index, packet)).is_some() {
                    self.metrics.drop_for(TOO_MANY_WAIT);
                }
            }
            Err(dropped) => self.count_dropped(dropped, packet.source),
        }
    }

    /// Handles some of what waits, so that sockets and answers of regions get their turn.
    fn handle_queued(&mut self) {
        for _ in 0..HANDLED_AT_ONCE {
            let Some((index, packet)) = self.queue.pop() else { return };
            self.receive(index, packet);
        }
    }

    fn receive(&mut self, index: u32, packet: Received) {
        match self.handle(index, &packet) {
            Err(Dropped::NoAddress) if self.uplink.client().is_some() => {
                let now = self.now();
                if let Err(waiting) = self.parked.park(index, packet, now) {
                    self.count_dropped(Dropped::NoAddress, waiting.packet.source);
                }
                self.stock.went(self.engine.take_went(), now);
                self.ask_for_blocks(now);
            }
            Err(dropped) => self.count_dropped(dropped, packet.source),
            Ok(()) => {}
        }
    }

    fn count_dropped(&self, dropped: Dropped, source: SocketAddrV4) {
        self.metrics.drop_for(reason(dropped));
        debug!(%source, "DHCP packet not answered: {dropped}");
    }

    /// Handles packets that waited for addresses.
    fn handle_parked(&mut self) {
        self.forget_parked();
        for waiting in self.parked.take() {
            let dropped = match self.handle(waiting.interface, &waiting.packet) {
                Err(Dropped::NoAddress) => match self.parked.park_again(waiting) {
                    Ok(()) => continue,
                    Err(waiting) => (Dropped::NoAddress, waiting.packet.source),
                },
                Err(dropped) => (dropped, waiting.packet.source),
                Ok(()) => continue,
            };
            self.count_dropped(dropped.0, dropped.1);
        }
    }

    /// Gives up packets that waited too long for an address.
    fn forget_parked(&mut self) {
        for waiting in self.parked.expired(self.now()) {
            self.count_dropped(Dropped::NoAddress, waiting.packet.source);
        }
    }

    /// Where a packet came in; none when that is not served any more.
    fn arrival(&self, index: u32, packet: &Received) -> Option<Arrival> {
        let served = self.sockets.values().find(|served| served.index == index)?;
        Some(Arrival {
            vlan: served.vlan,
            interface: index,
            server: served.address,
            source_port: packet.source.port(),
            destination: packet.destination,
            received_us: micros(packet.received.saturating_duration_since(self.start)),
        })
    }

    fn handle(&mut self, index: u32, packet: &Received) -> Result<(), Dropped> {
        let Some(arrival) = self.arrival(index, packet) else { return Ok(()) };
        self.set_clock();
        let (kind, outputs) = self.engine.handle(&packet.payload, arrival, self.now())?;
        self.metrics.received.get_or_create(&MessageType { kind }).inc();
        self.carry_out(outputs);
        let probes = self.engine.take_probes();
        self.send_probes(&probes);
        Ok(())
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(sending) => self.send(&sending),
                Output::Commit(commit) => {
                    self.asked.entry(commit.request_id).or_insert_with(Instant::now);
                    self.commits.push(commit);
                }
                Output::Report(exchange) => {
                    let Exchange { client, ip, .. } = &exchange;
                    debug!(%client, %ip, "client {client} has address {ip}");
                    (self.on_exchange)(&exchange);
                }
            }
        }
    }

    fn send(&self, sending: &Sending) {
        if self.now() > sending.send_before {
            warn!("a DHCP reply came too late to be sent");
            self.metrics.drop_for("too late");
            return;
        }
        let served = self.sockets.values().find(|served| served.index == sending.interface);
        let Some(served) = served else { return };
        match served.socket.send(sending.source, sending.destination, &sending.payload) {
            Ok(()) => {
                let received = Duration::from_micros(sending.received_us);
                let after = self.start.elapsed().saturating_sub(received);
                self.metrics.replied(sending.kind.name(), after);
            }
            Err(error) => {
                warn!("a DHCP reply was not sent: {error}");
                self.metrics.drop_for("not sent");
            }
        }
    }

    /// Asks whether anybody uses addresses; where that is not possible, it is tried again later.
    fn send_probes(&mut self, probes: &[Probe]) {
        self.metrics.unprobed.inc_by(self.engine.take_unprobed());
        let sockets = &self.sockets;
        let on_link = |vlan| {
            let mut on_link = sockets.values().filter(|served| served.vlan == vlan);
            on_link.next().map(|served| &*served.socket)
        };
        let now = self.now();
        for (vlan, error) in self.probing.send(probes, on_link, &self.metrics) {
            if self.engine.cannot_probe(vlan, now) {
                warn!("addresses of VLAN {vlan} are offered without a probe: {error}");
            }
        }
    }

    fn heard(&mut self, heard: Heard) {
        let answer = match heard {
            Heard::Arp { interface, ip, mac } => {
                let served = self.sockets.values().find(|served| served.index == interface);
                let Some(served) = served else { return };
                Answer::Arp { vlan: served.vlan, ip, mac }
            }
            Heard::Echo { ip } => Answer::Echo { ip },
        };
        self.set_clock();
        let now = self.now();
        let Some(finding) = self.engine.answered(answer, now) else { return };
        let (kind, Conflict { ip, by, .. }) = match finding {
            Finding::InUse(conflict) => ("in use", conflict),
            Finding::AnswersForMany(conflict) => ("answers for many", conflict),
        };
        self.metrics.findings.get_or_create(&FindingKind { finding: kind }).inc();
        if self.findings_told.take(0, now) {
            let by = by.map_or_else(|| "a host".to_owned(), |mac| mac.to_string());
            warn!(%ip, "{by} answers for address {ip}, which was given to nobody: {kind}");
            (self.on_finding)(&finding);
        }
    }

    fn decided(&mut self, outcomes: Vec<Decided>) {
        let now = self.now();
        for Decided { id, outcome, word } in outcomes {
            self.metrics.decided(word);
            if outcome != Outcome::Unknown
                && let Some(asked) = self.asked.remove(&id)
            {
                self.metrics.commit_seconds.observe(asked.elapsed().as_secs_f64());
            }
            let outputs = self.engine.committed(id, outcome, now);
            self.carry_out(outputs);
        }
    }

    fn may_send_commits(&self) -> bool {
        !self.commits.is_empty() && self.batches.len() < BATCHES_MAX
    }

    /// Sends what has gathered, if not too many batches are on their way, or were a moment ago.
    fn send_commits(&mut self) {
        let now = tokio::time::Instant::now();
        if self.may_send_commits() && now >= self.next_batch {
            self.next_batch = now + BATCH_EVERY;
            let rest = self.commits.split_off(self.commits.len().min(BATCH_MAX));
            let batch = std::mem::replace(&mut self.commits, rest);
            self.batches.spawn(upward::commit(self.uplink.clone(), self.own.incarnation, batch));
        }
    }

    fn set_clock(&mut self) {
        let takes = self.uplink.takes_client_identifiers();
        self.engine.set_reachable(takes.is_some());
        if let Some(takes) = takes {
            self.engine.set_takes_identifiers(takes);
        }
        if let Some(bounds) = self.clock.now() {
            let clock = Bounds::between(self.now(), bounds.earliest, bounds.latest);
            self.engine.set_clock(clock);
        }
    }

    fn tick(&mut self) {
        self.set_clock();
        let now = self.now();
        let outputs = self.engine.tick(now);
        self.carry_out(outputs);
        if self.interfaces_seen.is_none_or(|seen| now.since_ms(seen) >= INTERFACES_EVERY_MS) {
            self.interfaces_seen = Some(now);
            self.follow_interfaces();
            self.show_links(now);
        }
        self.forget_parked();
        self.stock.went(self.engine.take_went(), now);
        self.ask_for_blocks(now);
        let probes = self.engine.probe(now);
        self.send_probes(&probes);
    }

    fn show_queues(&mut self) {
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.waiting.set(gauge(self.queue.len() + self.packets.1.len()));
        self.metrics.parked.set(gauge(self.parked.len()));
        self.metrics.open_commits.set(gauge(self.engine.open_commits()));
        self.metrics.offline_answers.inc_by(self.engine.take_answered_offline());
    }

    /// Tells of the links that are served, and of no others.
    fn show_links(&mut self, now: Moment) {
        let served: BTreeSet<VlanId> = self.served().collect();
        for vlan in &served {
            let free = self.engine.free_addresses(*vlan, stock::WANTED_MAX, now);
            let blocks = self.engine.view().own_blocks(*vlan).count();
            self.metrics.set_link(*vlan, blocks, free);
        }
        self.shown.difference(&served).for_each(|vlan| self.metrics.forget_link(*vlan));
        self.shown = served;
    }

    /// The links that this rack answers on.
    fn served(&self) -> impl Iterator<Item = VlanId> {
        let vlans = self.engine.view().vlans().map(|vlan| vlan.id);
        vlans.filter(|vlan| self.engine.serves(*vlan))
    }

    fn follow_generation(&mut self) {
        let step = self.generations.step();
        self.engine.update(|view| copy::update(view, &step));
        if step.changed().any(|key| matches!(key, Key::Vlan(_) | Key::Subnet(_))) {
            self.follow_interfaces();
        }
        if step.changed().any(|key| matches!(key, Key::Block(_))) {
            self.stock.granted();
            self.handle_parked();
        }
    }

    /// Opens sockets on interfaces that lie on a served link, and closes those of others.
    fn follow_interfaces(&mut self) {
        let interfaces = match own_interfaces() {
            Ok(interfaces) => interfaces,
            Err(error) => {
                error!("the rack's interfaces cannot be read: {error}");
                return;
            }
        };
        self.engine.set_hardware(interfaces.iter().map(|own| own.mac));
        let addresses = interfaces.iter().flat_map(|own| &own.addresses);
        self.engine.set_addresses(addresses.filter_map(|net| match net.addr() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }));
        let wanted: BTreeMap<String, (VlanId, Ipv4Addr)> = interfaces
            .into_iter()
            .filter_map(|interface| Some((interface.name.clone(), self.link_of(&interface)?)))
            .collect();
        self.sockets.retain(|name, served| {
            let kept = wanted.get(name) == Some(&(served.vlan, served.address))
                && if_nametoindex(name.as_str()).is_ok_and(|index| index == served.index);
            if !kept {
                info!(interface = %name, "DHCP ends on interface {name}");
                served.reader.abort();
            }
            kept
        });
        for (name, (vlan, address)) in wanted {
            if !self.sockets.contains_key(&name) {
                self.open(name, vlan, address);
            }
        }
    }

    /// The link an interface lies on and the rack's address there, if it must be listened to.
    fn link_of(&self, interface: &ControllerInterface) -> Option<(VlanId, Ipv4Addr)> {
        interface.addresses.iter().find_map(|net| {
            let IpAddr::V4(address) = net.addr() else { return None };
            let (_, subnet) = self.engine.view().subnet_of(address)?;
            let vlan = subnet.vlan;
            let relayed = self
                .engine
                .view()
                .vlans()
                .any(|other| other.relay_vlan == Some(vlan) && self.engine.serves(other.id));
            (self.engine.serves(vlan) || relayed).then_some((vlan, address))
        })
    }

    fn open(&mut self, name: String, vlan: VlanId, address: Ipv4Addr) {
        let opened = if_nametoindex(name.as_str())
            .map_err(std::io::Error::from)
            .and_then(|index| Ok((index, Arc::new(InterfaceSocket::open(&name, index)?))));
        let (index, socket) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let hint = match error.kind() {
                    std::io::ErrorKind::PermissionDenied => {
                        "; the process needs CAP_NET_RAW and CAP_NET_BIND_SERVICE"
                    }
                    _ => "",
                };
                let why = format!("{error}{hint}");
                if self.unserved.get(&name) != Some(&why) {
                    error!(interface = %name, "DHCP cannot be served on interface {name}: {why}");
                    self.unserved.insert(name, why);
                }
                return;
            }
        };
        self.unserved.remove(&name);
        info!(interface = %name, %address, "DHCP is served on interface {name} at {address}");
        let (packets, metrics) = (self.packets.0.clone(), self.metrics.clone());
        let reader = self.readers.spawn(read_packets(Arc::clone(&socket), index, packets, metrics));
        self.sockets.insert(name, Served { socket, reader, index, vlan, address });
    }

    /// Renews this rack's blocks, and asks for more where addresses run out.
    fn ask_for_blocks(&mut self, now: Moment) {
        if !self.block_requests.is_empty() || self.engine.view().revision == 0 {
            return;
        }
        let Some(client) = self.uplink.client() else { return };
        let free: BTreeMap<VlanId, usize> = self
            .served()
            .map(|vlan| (vlan, self.engine.free_addresses(vlan, stock::WANTED_MAX, now)))
            .collect();
        if free.is_empty() || !self.stock.asks(&free, now) {
            return;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let request = |(vlan, free): (VlanId, usize)| BlockRequest {
            vlan: vlan.0,
            free: number(free),
            wanted: number(self.stock.wanted(vlan) + self.parked.len()),
        };
        let blocks = free.into_iter().map(request).collect();
        self.block_requests.spawn(upward::request_blocks(client, self.own.incarnation, blocks));
    }
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
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

fn reason(dropped: Dropped) -> &'static str {
    match dropped {
        Dropped::Malformed(_) => "malformed",
        Dropped::NotServed => "not served",
        Dropped::NotOurTurn => "another rack's turn",
        Dropped::AnotherServer => "another server",
        Dropped::Senseless => "senseless",
        Dropped::NoAddress => "no free address",
        Dropped::NotKnown => "not known",
        Dropped::DeclinesTooOften => "declines too often",
        Dropped::Copy => "copy",
        Dropped::AsksTooOften => "asks too often",
        Dropped::CircuitFull => "circuit full",
        Dropped::UntrustedRelay => "untrusted relay",
        Dropped::QueriesTooOften => "queries too often",
        Dropped::NoIdentifiersYet => "no hardware address",
        Dropped::Repeated => "repeated",
    }
}

#[cfg(test)]
mod tests;
