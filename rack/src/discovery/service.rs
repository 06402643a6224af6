//! The task that notes hosts, searches for them when a region asks for that, and tells the region.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dhcp::lookup::allowance::{Allowance, Rate};
use model::id::SystemId;
use model::lease::clock::Moment;
use model::net::neighbour::Sighting;
use model::setting::typed::NETWORK_DISCOVERY;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::LinkAddr;
use proto::convert::{Key, ip_to_bytes, mac_to_bytes};
use proto::rack::{Neighbour, ReportNeighboursRequest};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::arp::socket::{ArpSocket, Heard};
use crate::clock::Boot;
use crate::discovery::links::Links;
use crate::discovery::metrics::DiscoveryMetrics;
use crate::discovery::search::Search;
use crate::discovery::table::{Hosts, Seen};
use crate::generation::{Follower, Generations};
use crate::interfaces::own_interfaces;
use crate::uplink::Uplink;

/// How often the region is told, and allowances are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often interfaces are looked at.
const INTERFACES_EVERY_MS: u64 = 5_000;
/// How often hosts are forgotten.
const FORGET_EVERY_MS: u64 = 600_000;
/// How many hosts one message tells of.
const IN_MESSAGE_MAX: usize = 256;
/// How many hosts a region is told of.
const TOLD: Rate = Rate { a_second: 64, at_once: 1_024 };
/// How many ARP messages are looked at; the kernel drops the others, and hosts say more.
const HEARD: Rate = Rate { a_second: 2_000, at_once: 2_000 };
/// How long a region may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long nothing is told after a region did not take something, at first and at most.
const PAUSE_MS: u64 = 2_000;
const PAUSE_MS_MAX: u64 = 120_000;

/// Network discovery of a rack.
pub struct Discovery {
    rack: SystemId,
    generations: Generations,
    follower: Follower,
    uplink: Uplink,
    metrics: DiscoveryMetrics,
    zero: Boot,
    /// None where discovery is switched off, or the socket cannot be opened.
    listening: Option<Listening>,
    telling: Telling,
    /// The last search that was begun.
    searched: u64,
    /// It was said why there is no socket.
    is_failure_told: bool,
}

/// What there is while it is switched on.
struct Listening {
    socket: ArpSocket,
    links: Links,
    hosts: Hosts,
    heard: Allowance,
    interfaces_seen: Moment,
    forgot: Moment,
    search: Option<Running>,
}

/// A search that goes on.
struct Running {
    search: Search,
    interfaces: BTreeMap<Arc<str>, LinkAddr>,
    steps: Interval,
}

/// What the region is told.
#[derive(Debug)]
struct Telling {
    sending: JoinSet<Answer>,
    told: Allowance,
    finished_scan: u64,
    pause_ms: u64,
    not_before: Moment,
}

/// What happens while it is switched on.
enum Event {
    Heard(Heard),
    /// A search may go on.
    Step,
}

/// What became of a message.
#[derive(Debug)]
struct Answer {
    sightings: Vec<Sighting>,
    finished_scan: u64,
    refused: Option<String>,
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery").field("rack", &self.rack).finish_non_exhaustive()
    }
}

impl Discovery {
    /// That of this rack; it begins once it runs and a generation has come.
    #[must_use]
    pub fn new(
        rack: SystemId,
        generations: Generations,
        uplink: Uplink,
        metrics: DiscoveryMetrics,
    ) -> Self {
        let telling = Telling {
            sending: JoinSet::new(),
            told: Allowance::full(TOLD),
            finished_scan: 0,
            pause_ms: PAUSE_MS,
            not_before: Moment::from_ms(0),
        };
        Self {
            rack,
            follower: generations.follow(),
            generations,
            uplink,
            metrics,
            zero: Boot::now(),
            listening: None,
            telling,
            searched: 0,
            is_failure_told: false,
        }
    }

    /// Runs until cancelled.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_on = self.listening.is_some();
            let now = self.now();
            tokio::select! {
                () = shutdown.cancelled() => return,
                true = self.follower.changed() => self.follow(),
                Some(answer) = self.telling.sending.join_next() => self.answered(answer.ok()),
                _ = ticks.tick(), if is_on => self.tick(),
                event = next_event(&mut self.listening, now) => match event {
                    Event::Heard(heard) => self.heard(heard),
                    Event::Step => self.go_on(),
                },
            }
        }
    }

    fn now(&self) -> Moment {
        Moment::from_ms(u64::try_from(Boot::now().since(self.zero).as_millis()).unwrap_or(u64::MAX))
    }

    fn follow(&mut self) {
        let step = self.follower.step();
        let generation = &step.generation;
        let is_wanted = generation.is_loaded() && generation.setting(&NETWORK_DISCOVERY);
        if !is_wanted {
            if self.listening.take().is_some() {
                info!("network discovery is switched off");
                self.metrics.known.set(0);
            }
            return;
        }
        if self.listening.is_none() {
            self.switch_on();
        } else if step.changed().any(|key| matches!(key, Key::Subnet(_))) {
            self.look_at_interfaces();
        }
        if step.changed().any(|key| matches!(key, Key::NetworkScan(_))) {
            self.begin_search();
        }
    }

    fn switch_on(&mut self) {
        match ArpSocket::open() {
            Ok(socket) => {
                let now = self.now();
                self.listening = Some(Listening {
                    socket,
                    links: Links::default(),
                    hosts: Hosts::default(),
                    heard: Allowance::full(HEARD),
                    interfaces_seen: now,
                    forgot: now,
                    search: None,
                });
                self.look_at_interfaces();
                self.begin_search();
            }
            Err(error) if self.is_failure_told => debug!("hosts are not noted: {error}"),
            Err(error) => {
                self.is_failure_told = true;
                warn!("hosts on the rack's links are not noted: {error}; it needs CAP_NET_RAW");
            }
        }
    }

    fn look_at_interfaces(&mut self) {
        let (now, generation) = (self.now(), self.generations.load());
        let Some(listening) = &mut self.listening else { return };
        listening.interfaces_seen = now;
        match own_interfaces() {
            Ok(interfaces) => {
                let index = |name: &str| if_nametoindex(name).ok();
                listening.links = Links::of(&interfaces, index, &generation);
            }
            Err(error) => warn!("the rack's interfaces cannot be read: {error}"),
        }
    }

    fn heard(&mut self, heard: Heard) {
        self.metrics.heard.inc();
        let now = self.now();
        let Some(listening) = &mut self.listening else { return };
        let Heard { interface, ip, mac } = heard;
        let Some(link) = listening.links.around(interface, ip, mac) else { return };
        let search = listening.search.as_ref();
        let seen = Seen {
            place: (link.vlan, ip),
            mac,
            interface: Arc::clone(&link.name),
            is_searched: search.is_some_and(|run| run.search.vlans.contains(&link.vlan)),
        };
        if !listening.hosts.see(seen, now) {
            self.metrics.left_out.inc();
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        let Some(listening) = &mut self.listening else { return };
        let are_interfaces_due = now.since_ms(listening.interfaces_seen) >= INTERFACES_EVERY_MS;
        if now.since_ms(listening.forgot) >= FORGET_EVERY_MS {
            listening.forgot = now;
            listening.hosts.forget(&listening.links.vlans(), now);
        }
        self.metrics.known.set(i64::try_from(listening.hosts.len()).unwrap_or(i64::MAX));
        self.telling.tell(&mut listening.hosts, &self.uplink, now);
        if are_interfaces_due {
            self.look_at_interfaces();
        }
    }

    fn answered(&mut self, answer: Option<Answer>) {
        let now = self.now();
        let Some(answer) = answer else { return };
        self.telling.heard_answer(&answer, now);
        let Some(listening) = &mut self.listening else { return };
        match answer.refused {
            None => {
                self.metrics.told.inc_by(answer.sightings.len() as u64);
                listening.hosts.told(&answer.sightings, now);
            }
            Some(why) => {
                debug!("hosts were not told of: {why}");
                listening.hosts.not_told(&answer.sightings);
            }
        }
    }

    /// Begins the search that a region asks for, unless it was begun.
    fn begin_search(&mut self) {
        let generation = self.generations.load();
        let scan = generation.network_scans.get(&self.rack);
        let Some(scan) = scan.filter(|scan| scan.finished.is_none() && scan.id != self.searched)
        else {
            return;
        };
        let Some(listening) = &mut self.listening else { return };
        self.searched = scan.id;
        let links = &listening.links;
        let search = Search::new(scan, |net| links.reaching(net).map(|(link, _)| link.vlan));
        info!(search = scan.id, "hosts are searched for on {} networks", scan.networks.len());
        let mut steps = interval(Search::STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        listening.search = Some(Running { search, interfaces: BTreeMap::new(), steps });
    }

    fn go_on(&mut self) {
        let Some(listening) = &mut self.listening else { return };
        let Some(Running { search, interfaces, .. }) = &mut listening.search else { return };
        let Some(asked) = search.step() else {
            self.telling.finished_scan = search.id;
            listening.search = None;
            return;
        };
        for (network, ip) in asked {
            let Some((link, own)) = listening.links.reaching(network) else { continue };
            if own.1 == ip {
                continue;
            }
            let interface = match interfaces.get(&link.name) {
                Some(known) => Ok(*known),
                None => ArpSocket::interface(&link.name),
            };
            let sent = interface.and_then(|interface| {
                interfaces.insert(Arc::clone(&link.name), interface);
                listening.socket.ask(&interface, own, ip)
            });
            match sent {
                Ok(()) => drop(self.metrics.asked.inc()),
                Err(error) => debug!("{ip} is not asked for at {}: {error}", link.name),
            }
        }
    }
}

impl Telling {
    /// Tells the region of hosts and of an ended search, if there is anything to tell and it may be told now.
    fn tell(&mut self, hosts: &mut Hosts, uplink: &Uplink, now: Moment) {
        let is_anything = hosts.is_waiting() || self.finished_scan != 0;
        if !is_anything || !self.sending.is_empty() || now < self.not_before {
            return;
        }
        let Some(mut client) = uplink.client() else { return };
        let max = self.told.left(now).min(IN_MESSAGE_MAX);
        let sightings = hosts.take(max);
        for _ in &sightings {
            self.told.take(0, now);
        }
        let finished_scan = self.finished_scan;
        if sightings.is_empty() && finished_scan == 0 {
            return;
        }
        let neighbours = sightings.iter().map(neighbour).collect();
        let request = ReportNeighboursRequest { neighbours, finished_scan };
        self.sending.spawn(async move {
            let refused = match timeout(ANSWER_MAX, client.report_neighbours(request)).await {
                Ok(Ok(_)) => None,
                Ok(Err(status)) => Some(status.message().to_owned()),
                Err(_) => Some("no answer in time".to_owned()),
            };
            Answer { sightings, finished_scan, refused }
        });
    }

    fn heard_answer(&mut self, answer: &Answer, now: Moment) {
        if answer.refused.is_some() {
            self.not_before = now.plus_ms(self.pause_ms);
            self.pause_ms = (self.pause_ms * 2).min(PAUSE_MS_MAX);
            return;
        }
        self.pause_ms = PAUSE_MS;
        if self.finished_scan == answer.finished_scan {
            self.finished_scan = 0;
        }
    }
}

fn neighbour(sighting: &Sighting) -> Neighbour {
    Neighbour {
        vlan: sighting.vlan.0,
        ip: ip_to_bytes(sighting.ip),
        mac: mac_to_bytes(sighting.mac),
        interface: sighting.interface.clone(),
    }
}

/// What happens next while it is switched on.
async fn next_event(listening: &mut Option<Listening>, now: Moment) -> Event {
    let Some(Listening { socket, heard, search, .. }) = listening else {
        return std::future::pending().await;
    };
    tokio::select! {
        heard = hear(socket, heard, now) => Event::Heard(heard),
        () = next_step(search) => Event::Step,
    }
}

/// Who is heard next. When nobody may be heard now, or can be, that is tried again after the next tick.
async fn hear(socket: &ArpSocket, allowance: &mut Allowance, now: Moment) -> Heard {
    while allowance.left(now) > 0 {
        match socket.hear().await {
            Ok(said) => {
                allowance.take(0, now);
                if let Some(said) = said {
                    return said;
                }
            }
            Err(error) => {
                warn!("what was heard on a link cannot be read: {error}");
                break;
            }
        }
    }
    std::future::pending().await
}

async fn next_step(search: &mut Option<Running>) {
    match search {
        Some(running) => drop(running.steps.tick().await),
        None => std::future::pending().await,
    }
}
