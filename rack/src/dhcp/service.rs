//! The task that owns the engine.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use dhcp::leases::declines::DeclinedReservation;
use dhcp::lookup::allowance::{Allowance, Rate};
use dhcp::queue::PacketQueue;
use dhcp::v4::dropped::Dropped;
use dhcp::v4::engine::{Engine, OwnRack};
use dhcp::v4::output::{Arrival, Output, Sending};
use dhcp::v4::probes::{Answer, Conflict, Finding, Probe};
use dhcp::wire::code;
use model::id::VlanId;
use model::lease::clock::{Moment, RegionClock as Bounds};
use model::lease::policy::Policy;
use ntp::standing::Standing;
use proto::convert::Key;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::clock::{Boot, RegionClock};
use crate::dhcp::blocks::Blocks;
use crate::dhcp::boot_server::BootServerSocket;
use crate::dhcp::commits::Commits;
use crate::dhcp::external_dhcp::ExternalDhcp;
use crate::dhcp::interfaces::{Interfaces, on_links};
use crate::dhcp::metrics::{DhcpMetrics, FindingKind, MessageType, reason};
use crate::dhcp::news::{News, Tell};
use crate::dhcp::parked::Parked;
use crate::dhcp::ports::{PACKETS_MAX, Ports, TOO_MANY_WAIT};
use crate::dhcp::probing::{Heard, Probing};
use crate::dhcp::relay::Relay;
use crate::dhcp::search::{HeardServer, OfIpv4};
use crate::dhcp::socket::Received;
use crate::dhcp::time_service::TimeService;
use crate::dhcp::upward::Decided;
use crate::dhcp::{copy, stock};
use crate::generation::{Follower, Generations};
use crate::uplink::Uplink;

/// How often time-outs are looked at and commits repeated.
const TICK: Duration = Duration::from_millis(250);
/// How often interfaces are compared with what must be served.
const INTERFACES_EVERY_MS: u64 = 1_000;
/// How many packets are handled before something else gets its turn.
pub(super) const HANDLED_AT_ONCE: usize = 64;

/// How much of what is odd on links is told; the rest is counted only.
pub(super) const FINDINGS_TOLD: Rate = Rate { a_second: 1, at_once: 32 };

/// The DHCP service of a rack.
pub struct DhcpService {
    own: OwnRack,
    engine: Engine,
    generations: Follower,
    clock: RegionClock,
    uplink: Uplink,
    metrics: DhcpMetrics,
    tell: Tell,
    findings_told: Allowance,
    start: Instant,
    /// The zero of moments, on the clock that counts suspend.
    zero: Boot,
    interfaces: Interfaces,
    interfaces_seen: Option<Moment>,
    queue: PacketQueue<(u32, Received)>,
    parked: Parked<Received>,
    commits: Commits,
    blocks: Blocks,
    probing: Probing,
    external: ExternalDhcp<OfIpv4>,
    relay: Relay,
    boot_servers: Ports<BootServerSocket>,
    time: TimeService,
    /// The links that metrics tell of.
    shown: BTreeSet<VlanId>,
    /// It was said that routes did not fit into an answer.
    routes_left_out: bool,
}

impl std::fmt::Debug for DhcpService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DhcpService").field("own", &self.own).finish_non_exhaustive()
    }
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
        tell: Tell,
    ) -> Self {
        Self {
            engine: Engine::new(own.clone(), Policy::default()),
            relay: Relay::new(own.rack.clone(), metrics.clone()),
            boot_servers: Ports::new(metrics.clone()),
            own,
            generations: generations.follow(),
            clock,
            uplink,
            interfaces: Interfaces::new(metrics.clone()),
            metrics,
            tell,
            findings_told: Allowance::full(FINDINGS_TOLD),
            start: Instant::now(),
            zero: Boot::now(),
            interfaces_seen: None,
            queue: PacketQueue::with_room(PACKETS_MAX),
            parked: Parked::default(),
            commits: Commits::new(),
            blocks: Blocks::of_ipv4(),
            probing: Probing::new(rand::random()),
            external: ExternalDhcp::new(OfIpv4),
            time: TimeService::default(),
            shown: BTreeSet::new(),
            routes_left_out: false,
        }
    }

    /// The same, told of how this rack's time service stands.
    #[must_use]
    pub fn with_time(mut self, standing: watch::Receiver<Standing>) -> Self {
        self.time = TimeService::that_stands(standing);
        self
    }

    /// Runs until cancelled.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some((index, packet)) = self.interfaces.receive() => self.take_in(index, packet),
                Some((index, packet)) = self.relay.receive() => self.heard_as_relay(index, packet),
                Some((index, packet)) = self.boot_servers.receive() => self.asked_for_boot(index, &packet),
                () = std::future::ready(()), if !self.queue.is_empty() => self.handle_queued(),
                decided = self.commits.next() => self.decided(decided),
                Some(heard) = self.probing.hear() => self.heard(heard),
                Some(heard) = self.external.hear() => self.heard_server(heard),
                true = self.generations.changed() => self.follow_generation(),
                Some(pools) = self.blocks.answered() => {
                    if let Some(pools) = pools {
                        self.engine.set_pools(pools);
                    }
                }
                _ = ticks.tick() => self.tick(),
            }
            self.commits.send(&self.uplink, self.own.incarnation);
            self.show_queues();
        }
    }

    fn now(&self) -> Moment {
        Moment::from_ms(u64::try_from(Boot::now().since(self.zero).as_millis()).unwrap_or(u64::MAX))
    }

    /// Handles a packet at once, if no other waits; else those that are urgent come first.
    fn take_in(&mut self, index: u32, packet: Received) {
        if self.passes_on(index, &packet) {
            return;
        }
        if self.queue.is_empty() && self.interfaces.waiting() == 0 {
            return self.receive(index, packet);
        }
        self.put_into_queue(index, packet);
        while let Some((index, packet)) = self.interfaces.try_receive() {
            if !self.passes_on(index, &packet) {
                self.put_into_queue(index, packet);
            }
        }
        self.handle_queued();
    }

    /// Relays a packet that this rack does not answer, if the VLAN asks for that.
    fn passes_on(&mut self, index: u32, packet: &Received) -> bool {
        let Some(arrival) = self.arrival(index, packet) else { return false };
        let leases = &self.engine.leases;
        if !leases.relays(arrival.vlan) || self.engine.keeps(&packet.payload, &arrival) {
            return false;
        }
        let now = self.now();
        self.relay.pass_on(index, packet, &self.engine.leases, now);
        true
    }

    /// A packet was sent to an address that this rack relays from: by a server, or by whoever sends to a rack alone.
    fn heard_as_relay(&mut self, index: u32, packet: Received) {
        if is_reply(&packet) {
            return self.relay.pass_back(&packet, &self.interfaces);
        }
        let is_served = self.interfaces.by_index(packet.interface).is_some();
        self.take_in(if is_served { packet.interface } else { index }, packet);
    }

    /// A client that was told what to load asks for it once more.
    fn asked_for_boot(&mut self, index: u32, packet: &Received) {
        let Some(served) = self.boot_servers.by_index(index) else { return };
        let arrival = self.arrival_at(index, packet, (served.vlan, served.address));
        match self.engine.boot_server_reply(&packet.payload, &arrival) {
            Ok(reply) => match served.socket.send(packet.source, &reply) {
                Ok(()) => self.metrics.replied("ack", packet.received.elapsed()),
                Err(error) => {
                    warn!("a DHCP reply was not sent: {error}");
                    self.metrics.drop_for("not sent");
                }
            },
            Err(dropped) => self.count_dropped(dropped, packet.source),
        }
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
        let served = self.interfaces.by_index(index)?;
        Some(self.arrival_at(index, packet, (served.vlan, served.address)))
    }

    fn arrival_at(
        &self,
        index: u32,
        packet: &Received,
        (vlan, server): (VlanId, Ipv4Addr),
    ) -> Arrival {
        Arrival {
            vlan,
            interface: index,
            server,
            source_port: packet.source.port(),
            destination: packet.destination,
            received_us: micros(packet.received.saturating_duration_since(self.start)),
        }
    }

    fn handle(&mut self, index: u32, packet: &Received) -> Result<(), Dropped> {
        let Some(arrival) = self.arrival(index, packet) else { return Ok(()) };
        self.set_clock();
        let handled = self.engine.handle(&packet.payload, arrival, self.now());
        self.tell_of_twice();
        self.tell_of_reservations();
        let (kind, outputs) = handled?;
        self.metrics.received.get_or_create(&MessageType { kind }).inc();
        self.carry_out(outputs);
        let probes = self.engine.take_probes();
        self.send_probes(&probes);
        Ok(())
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(sending) => {
                    self.tell_left_out(&sending);
                    self.send(&sending);
                }
                Output::Commit(commit) => self.commits.push(commit.of_any_family()),
                Output::Report(exchange) => {
                    let (client, ip) = (&exchange.client, exchange.ip);
                    debug!(%client, %ip, "client {client} has address {ip}");
                    (self.tell)(News::Exchange(exchange.of_any_family()));
                }
            }
        }
    }

    /// Says once that routes do not fit: clients are without them, and nobody else sees that.
    fn tell_left_out(&mut self, sending: &Sending) {
        let routes = [code::CLASSLESS_ROUTES, code::CLASSLESS_ROUTES_WINDOWS];
        if !self.routes_left_out && sending.left_out.iter().any(|code| routes.contains(code)) {
            self.routes_left_out = true;
            warn!("the static routes of a subnet have no room in an answer: its clients get none");
        }
    }

    fn send(&self, sending: &Sending) {
        if self.now() > sending.send_before {
            warn!("a DHCP reply came too late to be sent");
            self.metrics.drop_for("too late");
            return;
        }
        let Some(served) = self.interfaces.by_index(sending.interface) else { return };
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
        let interfaces = &self.interfaces;
        let now = self.now();
        let on_link = |vlan| interfaces.on_link(vlan);
        for (vlan, error) in self.probing.send(probes, on_link, &self.metrics) {
            if self.engine.cannot_probe(vlan, now) {
                warn!("addresses of VLAN {vlan} are offered without a probe: {error}");
            }
        }
    }

    fn heard(&mut self, heard: Heard) {
        let answer = match heard {
            Heard::Arp { interface, ip, mac } => {
                let Some(served) = self.interfaces.by_index(interface) else { return };
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
            (self.tell)(News::Conflict(finding));
        }
    }

    /// Tells of hardware addresses that two clients use.
    fn tell_of_twice(&mut self) {
        for found in self.engine.take_heard_twice() {
            self.metrics.heard_twice.inc();
            if self.findings_told.take(0, self.now()) {
                let (mac, [one, other]) = (found.mac, &found.places);
                warn!(%mac, "hardware address {mac} is heard at {one} and at {other} at once");
                (self.tell)(News::HeardTwice(found));
            }
        }
    }

    /// Tells of reserved addresses that their clients found in use.
    fn tell_of_reservations(&mut self) {
        for DeclinedReservation { vlan, ip, mac } in self.engine.leases.take_declined_reservations()
        {
            if self.findings_told.take(0, self.now()) {
                warn!(%ip, %mac, "{mac} declined {ip} on VLAN {vlan}, which is reserved for it");
                let found = DeclinedReservation { vlan, ip: ip.into(), mac };
                (self.tell)(News::DeclinedReservation(found));
            }
        }
    }

    /// A DHCP server said something to a client.
    fn heard_server(&mut self, heard: HeardServer) {
        let HeardServer { interface, server, source, message } = heard;
        let Some(vlan) = self.interfaces.links().of(interface) else { return };
        let is_relayed_to = self.engine.leases.is_relayed_to(vlan, server.ip, source);
        if is_relayed_to || self.engine.may_be_of_the_site(server.ip, source, &message) {
            return;
        }
        let now = self.now();
        let new = self.external.heard(vlan, server, now, &self.metrics);
        if let Some(servers) = new.filter(|_| self.findings_told.take(0, now)) {
            warn!(ip = %server.ip, mac = %server.mac, "DHCP server {} answers on VLAN {vlan}", server.ip);
            (self.tell)(News::ExternalDhcp(servers));
        }
    }

    /// Looks for other servers on the link that is due.
    fn search(&mut self, now: Moment) {
        let links = self.interfaces.links().all();
        for servers in self.external.search(&links, now, &self.metrics) {
            (self.tell)(News::ExternalDhcp(servers));
        }
    }

    fn decided(&mut self, outcomes: Vec<Decided>) {
        self.set_clock();
        let now = self.now();
        for decided in outcomes {
            self.commits.count(&decided, &self.metrics);
            let outputs = self.engine.committed(decided.id, decided.outcome, now);
            self.carry_out(outputs);
        }
    }

    fn set_clock(&mut self) {
        let offers = self.uplink.offers();
        self.engine.set_reachable(offers.is_some());
        if let Some(offers) = offers {
            self.engine.set_takes_identifiers(offers.takes_client_identifiers);
        }
        match self.clock.now() {
            Some(bounds) => {
                let clock = Bounds::between(self.now(), bounds.earliest, bounds.latest);
                self.engine.set_clock(clock);
            }
            None => self.engine.forget_clock(),
        }
    }

    fn tick(&mut self) {
        self.set_clock();
        let now = self.now();
        self.engine.leases.set_time_down(self.time.is_down(now));
        let outputs = self.engine.tick(now);
        self.carry_out(outputs);
        if self.interfaces_seen.is_none_or(|seen| now.since_ms(seen) >= INTERFACES_EVERY_MS) {
            self.interfaces_seen = Some(now);
            self.follow_interfaces(now);
            self.show_links(now);
            self.search(now);
        }
        self.forget_parked();
        self.ask_for_blocks(now);
        let probes = self.engine.probe(now);
        self.send_probes(&probes);
    }

    /// Opens sockets on interfaces that lie on links where there is something to do, and closes those of others.
    fn follow_interfaces(&mut self, now: Moment) {
        let Some(interfaces) = self.interfaces.follow(&mut self.engine) else { return };
        let leases = &self.engine.leases;
        self.relay.follow(leases, &interfaces, now);
        self.boot_servers.serve(&on_links(leases, &interfaces, |vlan| leases.proxies(vlan)));
    }

    fn ask_for_blocks(&mut self, now: Moment) {
        let (incarnation, waiting) = (self.own.incarnation, self.parked.len());
        self.blocks.ask(&mut self.engine.leases, &self.uplink, incarnation, waiting, now);
    }

    fn show_queues(&mut self) {
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.waiting.set(gauge(self.queue.len() + self.interfaces.waiting()));
        self.metrics.parked.set(gauge(self.parked.len()));
        self.metrics.open_commits.set(gauge(self.engine.open_commits()));
        self.metrics.offline_answers.inc_by(self.engine.leases.take_answered_offline());
    }

    /// Tells of the links that are served, and of no others.
    fn show_links(&mut self, now: Moment) {
        let served: BTreeSet<VlanId> = self.engine.leases.served().collect();
        for vlan in &served {
            let free = self.engine.free_addresses(*vlan, stock::WANTED_MAX, now);
            let blocks = self.engine.view().own_blocks(*vlan).count();
            self.metrics.set_link(*vlan, blocks, free);
        }
        self.shown.difference(&served).for_each(|vlan| self.metrics.forget_link(*vlan));
        self.shown = served;
    }

    fn follow_generation(&mut self) {
        let step = self.generations.step();
        self.engine.update(|view| copy::update(view, &step));
        if step.changed().any(|key| matches!(key, Key::Vlan(_) | Key::Subnet(_))) {
            self.follow_interfaces(self.now());
        }
        let mut blocks = false;
        for key in step.changed() {
            self.blocks.follow(&self.own.rack, &step.generation, key);
            blocks |= matches!(key, Key::Block(_));
        }
        if blocks {
            self.handle_parked();
        }
    }
}

/// Whether a packet is of a server (RFC 2131 §2: `op`).
fn is_reply(packet: &Received) -> bool {
    packet.payload.first() == Some(&2)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
