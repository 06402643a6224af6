//! The task that advertises: it follows the generation and the host's interfaces, answers solicitations, and says
//! what is over when it ends.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dhcp::ndp::advertiser::{Advertiser, Reason};
use dhcp::ndp::solicitation::{self, Invalid, ROUTER_SOLICITATION};
use model::id::{SystemId, VlanId};
use model::lease::clock::Moment;
use model::mac::MacAddress;
use nix::net::if_::if_nametoindex;
use proto::convert::Key;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::generation::{Follower, Generation, Generations};
use crate::interfaces::own_interfaces;
use crate::ndp::links::{self, Wanted};
use crate::ndp::metrics::NdpMetrics;
use crate::ndp::socket::{Heard, NdpSocket};

/// How often the host's interfaces are looked at.
const INTERFACES_EVERY: Duration = Duration::from_secs(1);
/// How long a socket that fails is left alone.
const PAUSE: Duration = Duration::from_millis(250);

/// An interface that is advertised on.
#[derive(Debug)]
struct Advertised {
    index: u32,
    vlan: VlanId,
    mac: MacAddress,
    from: Ipv6Addr,
    own: Vec<Ipv6Addr>,
    advertiser: Advertiser,
}

/// The router advertisements of a rack.
#[derive(Debug)]
pub struct AdvertisementService {
    rack: SystemId,
    generations: Follower,
    generation: Arc<Generation>,
    metrics: NdpMetrics,
    start: Instant,
    /// It is open while there is something to advertise.
    socket: Option<NdpSocket>,
    advertised: BTreeMap<String, Advertised>,
    /// What was said last of interfaces that cannot be advertised on: they are tried all the time.
    failed: BTreeMap<String, String>,
}

impl AdvertisementService {
    /// The service of this rack; it advertises once it runs and a generation has come.
    #[must_use]
    pub fn new(rack: SystemId, generations: &Generations, metrics: NdpMetrics) -> Self {
        Self {
            rack,
            generations: generations.follow(),
            generation: generations.load(),
            metrics,
            start: Instant::now(),
            socket: None,
            advertised: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Runs until cancelled.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERFACES_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let due = self.due();
            tokio::select! {
                () = shutdown.cancelled() => break,
                heard = hear(self.socket.as_ref()) => self.heard(&heard),
                true = self.generations.changed() => self.follow_generation(),
                _ = ticks.tick() => self.follow_interfaces(),
                () = wait_until(due) => {}
            }
            self.advertise();
        }
        for (name, advertised) in std::mem::take(&mut self.advertised) {
            let last = advertised.advertiser.leave(&advertised.own);
            self.send_last(&name, (advertised.index, advertised.from), &last);
        }
    }

    fn now(&self) -> Moment {
        Moment::from_ms(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When the next advertisement is to be sent.
    fn due(&self) -> Option<Instant> {
        let due = self.advertised.values().map(|advertised| advertised.advertiser.due()).min()?;
        self.start.checked_add(Duration::from_millis(due.ms))
    }

    fn heard(&mut self, heard: &Heard) {
        let Heard { interface, source, hop_limit, message } = heard;
        if let Err(invalid) = solicitation::check(message, *hop_limit, *source) {
            self.metrics.drop_for(reason(invalid));
            debug!(%source, "router solicitation not answered: {invalid}");
            return;
        }
        let now = self.now();
        let mut advertised = self.advertised.values_mut();
        match advertised.find(|advertised| advertised.index == *interface) {
            Some(advertised) => {
                self.metrics.solicitations.inc();
                advertised.advertiser.solicited(now, rand::random());
            }
            None => self.metrics.drop_for("not served"),
        }
    }

    fn follow_generation(&mut self) {
        let step = self.generations.step();
        let concerns = |key: &Key| {
            matches!(
                key,
                Key::Vlan(_) | Key::Subnet(_) | Key::IpRange(_) | Key::Rack(_) | Key::Domain(_)
            )
        };
        let follows = step.changed().any(concerns);
        self.generation = step.generation;
        if follows {
            self.follow_interfaces();
        }
    }

    /// Begins on interfaces of VLANs that ask for it, and ends on others.
    fn follow_interfaces(&mut self) {
        let is_asked = links::asking(&self.generation, &self.rack).next().is_some();
        let interfaces = if is_asked { own_interfaces() } else { Ok(Vec::new()) };
        let wanted = match interfaces {
            Ok(interfaces) => links::wanted(&self.generation, &self.rack, &interfaces),
            Err(error) => return error!("the rack's interfaces cannot be read: {error}"),
        };
        self.end_others(&wanted);
        for (name, wanted) in wanted {
            let (now, random) = (self.now(), rand::random());
            match self.advertised.get_mut(&name) {
                Some(advertised) => {
                    advertised.own = wanted.own;
                    advertised.advertiser.set_content(wanted.content, now, random);
                }
                None => self.begin(name, wanted),
            }
        }
        if self.advertised.is_empty() {
            self.socket = None;
        }
        self.metrics.interfaces.set(i64::try_from(self.advertised.len()).unwrap_or(i64::MAX));
    }

    /// Ends on interfaces that are not wanted, or are others by now.
    fn end_others(&mut self, wanted: &BTreeMap<String, Wanted>) {
        let is_same = |name: &String, own: &Advertised| {
            wanted.get(name).is_some_and(|wanted| {
                (wanted.vlan, wanted.mac, wanted.from) == (own.vlan, own.mac, own.from)
            }) && if_nametoindex(name.as_str()).is_ok_and(|index| index == own.index)
        };
        let ended = self.advertised.extract_if(.., |name, own| !is_same(name, own));
        for (name, ended) in ended.collect::<Vec<_>>() {
            let vlan = self.generation.vlans.get(&ended.vlan);
            let last = match vlan.filter(|vlan| vlan.router_advertisements.is_off()) {
                Some(_) => ended.advertiser.withdraw(),
                None => ended.advertiser.leave(&ended.own),
            };
            info!(interface = %name, "router advertisements end on interface {name}");
            self.send_last(&name, (ended.index, ended.from), &last);
            self.listen_no_more(&name, ended.index);
        }
    }

    fn begin(&mut self, name: String, wanted: Wanted) {
        let Wanted { vlan, mac, from, own, content } = wanted;
        let index = match self.listen(&name) {
            Ok(index) => index,
            Err(error) => return self.fail(&name, &error),
        };
        let advertiser = Advertiser::new(mac, content, self.now(), rand::random());
        info!(interface = %name, "router advertisements are sent on interface {name} for VLAN {vlan}");
        self.advertised.insert(name, Advertised { index, vlan, mac, from, own, advertiser });
    }

    /// Has the socket hear solicitations at an interface. Returns its index.
    fn listen(&mut self, name: &str) -> io::Result<u32> {
        let index = if_nametoindex(name)?;
        if self.socket.is_none() {
            self.socket = Some(NdpSocket::open(ROUTER_SOLICITATION)?);
        }
        if let Some(socket) = &self.socket {
            socket.join(index)?;
        }
        Ok(index)
    }

    fn listen_no_more(&self, name: &str, index: u32) {
        if let Some(Err(error)) = self.socket.as_ref().map(|socket| socket.leave(index)) {
            debug!(interface = %name, "interface {name} was gone before: {error}");
        }
    }

    /// Sends what is due. Where that fails all begins anew, because hosts have heard nothing: an address that is not
    /// verified yet can be used soon.
    fn advertise(&mut self) {
        let now = self.now();
        let due = self.advertised.iter().filter(|(_, own)| own.advertiser.due() <= now);
        for name in due.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            match self.advertise_on(&name, now) {
                Ok(()) => {
                    self.failed.remove(&name);
                }
                Err(error) => {
                    if let Some(ended) = self.advertised.remove(&name) {
                        self.listen_no_more(&name, ended.index);
                    }
                    self.fail(&name, &error);
                }
            }
        }
    }

    fn advertise_on(&mut self, name: &str, now: Moment) -> io::Result<()> {
        let Some(own) = self.advertised.get_mut(name) else { return Ok(()) };
        let Some(socket) = &self.socket else { return Ok(()) };
        let Some((reason, packets)) = own.advertiser.advance(now, rand::random()) else {
            return Ok(());
        };
        let reason = match reason {
            Reason::Unsolicited => "unsolicited",
            Reason::Solicited => "solicited",
        };
        for packet in packets {
            socket.send(own.index, own.from, &packet)?;
            self.metrics.sent_for(reason);
        }
        Ok(())
    }

    fn send_last(&self, name: &str, (index, from): (u32, Ipv6Addr), packets: &[Vec<u8>]) {
        let Some(socket) = &self.socket else { return };
        for packet in packets {
            match socket.send(index, from, packet) {
                Ok(()) => self.metrics.sent_for("last"),
                Err(error) => debug!(interface = %name, "hosts are not told the end: {error}"),
            }
        }
    }

    /// Says once why nothing is advertised on an interface.
    fn fail(&mut self, name: &str, error: &io::Error) {
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => "; the process needs CAP_NET_RAW",
            _ => "",
        };
        let why = format!("{error}{hint}");
        if self.failed.get(name) != Some(&why) {
            warn!(interface = %name, "router advertisements cannot be sent on interface {name}: {why}");
            self.failed.insert(name.to_owned(), why);
        }
    }
}

/// The next message; none will come while there is no socket.
async fn hear(socket: Option<&NdpSocket>) -> Heard {
    let Some(socket) = socket else { return std::future::pending().await };
    loop {
        match socket.hear().await {
            Ok(heard) => return heard,
            Err(error) => {
                warn!("a router solicitation cannot be read: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Why a message was not taken, in a few fixed words.
const fn reason(invalid: Invalid) -> &'static str {
    match invalid {
        Invalid::HopLimit(_) => "hop limit",
        Invalid::Other | Invalid::Code(_) => "another message",
        Invalid::Cut | Invalid::EmptyOption | Invalid::LinkAddress => "malformed",
    }
}
