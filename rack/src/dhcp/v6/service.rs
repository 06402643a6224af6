//! The task that owns the engine of `DHCPv6`.
//!
//! It is built as that of `DHCPv4` is: sockets, the generation, the region clock and outcomes of commits are its
//! events. Its blocks and commits are of IPv6, and so asked for apart.

use std::collections::BTreeSet;
use std::net::SocketAddrV6;
use std::time::{Duration, Instant};

use dhcp::leases::OwnRack;
use dhcp::leases::declines::DeclinedReservation;
use dhcp::lookup::allowance::Allowance;
use dhcp::queue::PacketQueue;
use dhcp::relay::v6::is_returned;
use dhcp::v6::dropped::Dropped;
use dhcp::v6::engine::Engine;
use dhcp::v6::output::{Arrival, Output, Sending};
use model::id::VlanId;
use model::lease::client::ClientId;
use model::lease::clock::{Moment, RegionClock as Bounds};
use model::lease::policy::Policy;
use ntp::standing::Standing;
use proto::convert::Key;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use crate::clock::{Boot, RegionClock};
use crate::dhcp::blocks::Blocks;
use crate::dhcp::commits::Commits;
use crate::dhcp::external_dhcp::ExternalDhcp;
use crate::dhcp::interfaces::{Links, to_be_served};
use crate::dhcp::metrics::{DhcpMetrics, MessageType, reason_v6};
use crate::dhcp::news::{News, Tell};
use crate::dhcp::parked::Parked;
use crate::dhcp::ports::{PACKETS_MAX, Ports, TOO_MANY_WAIT};
use crate::dhcp::service::{FINDINGS_TOLD, HANDLED_AT_ONCE};
use crate::dhcp::time_service::TimeService;
use crate::dhcp::upward::Decided;
use crate::dhcp::v6::relay::Relay;
use crate::dhcp::v6::search::{HeardServer, OfIpv6};
use crate::dhcp::v6::socket::{Received, ServerSocket};
use crate::dhcp::{copy, stock};
use crate::generation::{Follower, Generations};
use crate::interfaces::own_interfaces;
use crate::uplink::Uplink;

/// How often time-outs are looked at and commits repeated.
const TICK: Duration = Duration::from_millis(250);
/// How often interfaces are compared with what must be served.
const INTERFACES_EVERY_MS: u64 = 1_000;

/// The `DHCPv6` service of a rack.
pub struct DhcpV6Service {
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
    ports: Ports<ServerSocket>,
    interfaces_seen: Option<Moment>,
    /// Packets that wait, with the index of their interface.
    queue: PacketQueue<(u32, Received)>,
    parked: Parked<Received>,
    commits: Commits,
    blocks: Blocks,
    relay: Relay,
    links: Links,
    external: ExternalDhcp<OfIpv6>,
    prefix_blocks: Blocks,
    time: TimeService,
    /// The links that metrics tell of.
    shown: BTreeSet<VlanId>,
}

impl std::fmt::Debug for DhcpV6Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DhcpV6Service").field("own", &self.own).finish_non_exhaustive()
    }
}

impl DhcpV6Service {
    /// A service of this rack process with a server identifier; it serves once it runs and a generation has
    /// come.
    #[must_use]
    pub fn new(
        (own, server_id): (OwnRack, Vec<u8>),
        generations: &Generations,
        clock: RegionClock,
        uplink: Uplink,
        metrics: DhcpMetrics,
        tell: Tell,
    ) -> Self {
        Self {
            engine: Engine::new(own.clone(), Policy::default(), server_id.clone()),
            links: Links::default(),
            external: ExternalDhcp::new(OfIpv6 { server_id }),
            relay: Relay::new(own.rack.clone(), metrics.clone()),
            own,
            generations: generations.follow(),
            clock,
            uplink,
            ports: Ports::new(metrics.clone()),
            metrics,
            tell,
            findings_told: Allowance::full(FINDINGS_TOLD),
            start: Instant::now(),
            zero: Boot::now(),
            interfaces_seen: None,
            queue: PacketQueue::with_room(PACKETS_MAX),
            parked: Parked::default(),
            commits: Commits::new(),
            blocks: Blocks::of_ipv6(),
            prefix_blocks: Blocks::of_prefixes(),
            time: TimeService::default(),
            shown: BTreeSet::new(),
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
                Some((index, packet)) = self.ports.receive() => self.take_in(index, packet),
                Some((index, packet)) = self.relay.receive() => self.heard_as_relay(index, packet),
                () = std::future::ready(()), if !self.queue.is_empty() => self.handle_queued(),
                decided = self.commits.next() => self.decided(decided),
                Some(heard) = self.external.hear() => self.heard_server(heard),
                true = self.generations.changed() => self.follow_generation(),
                Some(pools) = self.blocks.answered() => {
                    if let Some(pools) = pools {
                        self.engine.leases.set_pools(pools);
                    }
                }
                Some(pools) = self.prefix_blocks.answered() => {
                    if let Some(pools) = pools {
                        self.engine.prefixes.set_pools(pools);
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
        if self.queue.is_empty() && self.ports.waiting() == 0 {
            return self.receive(index, packet);
        }
        self.put_into_queue(index, packet);
        while let Some((index, packet)) = self.ports.try_receive() {
            if !self.passes_on(index, &packet) {
                self.put_into_queue(index, packet);
            }
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
        if is_returned(&packet.payload) {
            return self.relay.pass_back(&packet, &self.ports, &self.engine.leases);
        }
        let is_served = self.ports.by_index(packet.interface).is_some();
        self.take_in(if is_served { packet.interface } else { index }, packet);
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

    fn count_dropped(&self, dropped: Dropped, source: SocketAddrV6) {
        self.metrics.drop_for(reason_v6(dropped));
        debug!(%source, "DHCPv6 packet not answered: {dropped}");
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
        let served = self.ports.by_index(index)?;
        Some(Arrival {
            vlan: served.vlan,
            interface: index,
            server: served.address,
            source: *packet.source.ip(),
            source_port: packet.source.port(),
            multicast: packet.destination.is_multicast(),
            received_us: micros(packet.received.saturating_duration_since(self.start)),
        })
    }

    fn handle(&mut self, index: u32, packet: &Received) -> Result<(), Dropped> {
        let Some(arrival) = self.arrival(index, packet) else { return Ok(()) };
        self.set_clock();
        let (kind, outputs) = self.engine.handle(&packet.payload, arrival, self.now())?;
        self.tell_of_reservations();
        self.metrics.received.get_or_create(&MessageType { kind }).inc();
        self.carry_out(outputs);
        Ok(())
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(sending) => self.send(&sending),
                Output::Commit(commit) => self.commits.push(commit.of_any_family()),
                Output::Delegate(commit) => self.commits.push(commit.of_any_family()),
                Output::Report(exchange) => {
                    let (client, ip) = (&exchange.client, exchange.ip);
                    debug!(%client, %ip, "client {client} has address {ip}");
                    (self.tell)(News::Exchange(exchange.of_any_family()));
                }
            }
        }
    }

    fn send(&self, sending: &Sending) {
        if self.now() > sending.send_before {
            warn!("a DHCPv6 reply came too late to be sent");
            self.metrics.drop_for("too late");
            return;
        }
        let Some(served) = self.ports.by_index(sending.interface) else { return };
        match served.socket.send(sending.destination, sending.port, &sending.payload) {
            Ok(()) => {
                let received = Duration::from_micros(sending.received_us);
                let after = self.start.elapsed().saturating_sub(received);
                self.metrics.replied(sending.kind.name(), after);
            }
            Err(error) => {
                warn!("a DHCPv6 reply was not sent: {error}");
                self.metrics.drop_for("not sent");
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

    /// A server said something to a client at this host.
    fn heard_server(&mut self, heard: HeardServer) {
        let HeardServer { interface, server, identifier } = heard;
        let Some(vlan) = self.links.of(interface) else { return };
        let leases = &self.engine.leases;
        let is_relayed_to = leases.is_relayed_to(vlan, server.ip, server.ip)
            || self.relay.is_relayed_to(leases, vlan, &identifier);
        if is_relayed_to || self.engine.is_of_the_site(&identifier) {
            return;
        }
        let now = self.now();
        let new = self.external.heard(vlan, server, now, &self.metrics);
        if let Some(servers) = new.filter(|_| self.findings_told.take(0, now)) {
            let (ip, mac, duid) = (server.ip, server.mac, ClientId::Identifier(identifier.into()));
            warn!(%ip, %mac, %duid, "DHCPv6 server {ip} answers on VLAN {vlan}");
            (self.tell)(News::ExternalDhcpV6(servers));
        }
    }

    /// Looks for other servers on the link that is due.
    fn search(&mut self, now: Moment) {
        for servers in self.external.search(&self.links.all(), now, &self.metrics) {
            (self.tell)(News::ExternalDhcpV6(servers));
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

    /// A region of a version before knows no leases of IPv6, or no prefixes: it is as good as none.
    fn set_clock(&mut self) {
        let (now, offers) = (self.now(), self.uplink.offers());
        let is_current = self.uplink.copy_is_current();
        let Engine { leases, prefixes, .. } = &mut self.engine;
        leases.set_current(is_current);
        prefixes.set_current(is_current);
        leases.set_reachable(offers.is_some_and(|offers| offers.serves_ipv6));
        prefixes.set_reachable(offers.is_some_and(|offers| offers.delegates_prefixes));
        self.engine.set_registers(offers.is_some_and(|offers| offers.registers_addresses));
        let Engine { leases, prefixes, .. } = &mut self.engine;
        match self.clock.now() {
            Some(bounds) => {
                let clock = Bounds::between(now, bounds.earliest, bounds.latest);
                leases.set_clock(clock);
                prefixes.set_clock(clock);
            }
            None => {
                leases.forget_clock();
                prefixes.forget_clock();
            }
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
            self.follow_interfaces();
            self.show_links(now);
            self.search(now);
        }
        self.forget_parked();
        self.ask_for_blocks(now);
    }

    /// Opens sockets on interfaces that lie on a served link, and closes those of others.
    fn follow_interfaces(&mut self) {
        match own_interfaces() {
            Ok(interfaces) => {
                let now = self.now();
                self.links.follow(&self.engine.leases, &interfaces);
                self.ports.serve(&to_be_served(&self.engine.leases, &interfaces));
                self.relay.follow(&self.engine.leases, &interfaces, now);
            }
            Err(error) => error!("the rack's interfaces cannot be read: {error}"),
        }
    }

    fn ask_for_blocks(&mut self, now: Moment) {
        if self.uplink.offers().is_some_and(|offers| offers.serves_ipv6) {
            let (incarnation, waiting) = (self.own.incarnation, self.parked.len());
            self.blocks.ask(&mut self.engine.leases, &self.uplink, incarnation, waiting, now);
        }
        if self.uplink.offers().is_some_and(|offers| offers.delegates_prefixes) {
            let (incarnation, waiting) = (self.own.incarnation, self.parked.len());
            let prefixes = &mut self.engine.prefixes;
            self.prefix_blocks.ask(prefixes, &self.uplink, incarnation, waiting, now);
        }
    }

    fn show_queues(&mut self) {
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.metrics.waiting.set(gauge(self.queue.len() + self.ports.waiting()));
        self.metrics.parked.set(gauge(self.parked.len()));
        let Engine { leases, prefixes, .. } = &mut self.engine;
        self.metrics.open_commits.set(gauge(leases.open_commits() + prefixes.open_commits()));
        let offline = leases.take_answered_offline() + prefixes.take_answered_offline();
        self.metrics.offline_answers.inc_by(offline);
    }

    /// Tells of the links that are served, and of no others.
    fn show_links(&mut self, now: Moment) {
        let leases = &self.engine.leases;
        let has_subnets = |vlan: &VlanId| leases.view().subnets_on(*vlan).next().is_some();
        let served: BTreeSet<VlanId> = leases.served().filter(has_subnets).collect();
        for vlan in &served {
            let free = leases.free_addresses(*vlan, stock::WANTED_MAX, now);
            self.metrics.set_link(*vlan, leases.view().own_blocks(*vlan).count(), free);
            self.show_prefixes(*vlan, now);
        }
        self.shown.difference(&served).for_each(|vlan| self.metrics.forget_link(*vlan));
        self.shown = served;
    }

    /// Tells how many prefixes are left on a link that has any.
    fn show_prefixes(&self, vlan: VlanId, now: Moment) {
        let prefixes = &self.engine.prefixes;
        let has_pools = prefixes.view().pools_on(vlan).next().is_some();
        let free = has_pools.then(|| prefixes.free_addresses(vlan, stock::WANTED_MAX, now));
        self.metrics.set_prefixes(vlan, free);
    }

    fn follow_generation(&mut self) {
        let step = self.generations.step();
        self.engine.leases.update(|view| copy::update(view, &step));
        self.engine.prefixes.update(|view| copy::update(view, &step));
        if step.changed().any(|key| matches!(key, Key::Vlan(_) | Key::Subnet(_))) {
            self.follow_interfaces();
        }
        let mut blocks = false;
        for key in step.changed() {
            self.blocks.follow(&self.own.rack, &step.generation, key);
            self.prefix_blocks.follow(&self.own.rack, &step.generation, key);
            blocks |= matches!(key, Key::Block(_));
        }
        if blocks {
            self.handle_parked();
        }
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
