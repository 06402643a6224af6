//! The session with a region: keeps the generation up to date, and goes to another region at once
//! when this one is lost.
//!
//! A region counts as lost when the stream breaks, when nothing was heard for [`LOST_AFTER`], or
//! when it has known no leader for `LEADERLESS_MAX`. The next one is asked to resume from the
//! revision that the rack has, so that a change of region moves no data.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use model::controller::ControllerInterface;
use model::time::Timestamp;
use proto::rack::rack_client::RackClient;
use proto::rack::rack_message::Message as ToRegion;
use proto::rack::region_message::Message as FromRegion;
use proto::rack::{Delta, Heartbeat, Hello, RackMessage, RegionMessage};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tracing::{info, warn};

use crate::clock::{Boot, Observed, RegionClock};
use crate::generation::{Generation, Generations, Intake};
use crate::service_address::links::own_alone;
use crate::service_address::vouched::Vouched;
use crate::uplink::{RegionOffers, Uplink};

/// How often the rack says that it is there.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(250);

/// After how much silence a region counts as lost: three heartbeats were not answered.
pub const LOST_AFTER: Duration = Duration::from_millis(850);

/// How long a region may take to say welcome.
const WELCOME_TIMEOUT: Duration = Duration::from_millis(1_500);

/// How long a region without a leader is kept.
const LEADERLESS_MAX: Duration = Duration::from_millis(1_500);

/// Pause after every region was tried in vain.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// How long a rack that ends may take to say that it gave up what it held.
const GIVES_UP_WITHIN: Duration = Duration::from_millis(1_500);

/// Heartbeats whose answers are still awaited, at most.
const OPEN_MAX: usize = 64;

/// Makes a channel to a region's gRPC address (`host:port`); connects when it is first used.
pub type Dial = Arc<dyn Fn(&str) -> Channel + Send + Sync>;

/// Who the rack says it is.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// The host's name.
    pub hostname: String,
    /// The software's version.
    pub version: String,
    /// Drawn at the start of this process.
    pub incarnation: u64,
    /// Reads the interfaces that the host has now.
    pub interfaces: fn() -> Vec<ControllerInterface>,
}

/// Keeps the rack's generation up to date.
pub struct Session {
    introduction: Introduction,
    dial: Dial,
    seeds: Vec<String>,
    generations: Generations,
    clock: RegionClock,
    uplink: Uplink,
    vouched: Vouched,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("{}", identity::reason::of_status(.0))]
    Refused(#[from] Status),
    #[error("it did not answer in time")]
    NoWelcome,
    #[error("its first message was not a welcome")]
    NotWelcome,
    #[error("it closed the session")]
    Closed,
    #[error("nothing was heard from it for {} ms", .silent.as_millis())]
    Silent { silent: Duration },
    #[error("it knows no leader")]
    Leaderless,
    #[error(
        "its clock is {offset_ms} ms ahead of the time known here; nothing is given by either until a region \
             confirms one"
    )]
    ClockDiffers { offset_ms: i64 },
    #[error("it tells serials of zones that this rack's copy lacks")]
    CopyLacksSerials,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("seeds", &self.seeds).finish_non_exhaustive()
    }
}

impl Session {
    /// A session with any of the regions at `seeds` (`host:port` of gRPC); others become known
    /// from them.
    #[must_use]
    pub fn new(
        introduction: Introduction,
        dial: Dial,
        seeds: Vec<String>,
        generations: Generations,
        clock: RegionClock,
        uplink: Uplink,
        vouched: Vouched,
    ) -> Self {
        Self { introduction, dial, seeds, generations, clock, uplink, vouched }
    }

    /// Runs until cancelled.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut candidates = self.candidates(None);
        let mut failures = 0;
        let mut resumes = true;
        let mut intake = Intake::default();
        while !shutdown.is_cancelled() {
            let Some(address) = candidates.pop_front() else {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(RETRY_PAUSE) => {}
                }
                candidates = self.candidates(None);
                continue;
            };
            let mut attempt = Attempt::new(&self, address, resumes, &mut intake);
            let ended = tokio::select! {
                () = self.stops(&shutdown) => return,
                ended = attempt.run() => ended,
            };
            self.uplink.set_disconnected();
            resumes = !matches!(ended, SessionError::CopyLacksSerials);
            if !resumes {
                info!(region = %attempt.address, "a whole generation is asked for: {ended}");
                candidates.push_front(attempt.address);
            } else if attempt.welcomed {
                warn!(region = %attempt.address, "session with region {} lost: {ended}", attempt.address);
                candidates = self.candidates(Some(&attempt.address));
                failures = 0;
            } else {
                failures += 1;
                if failures == 1 || failures % 100 == 0 {
                    warn!(region = %attempt.address, "no session with region {}: {ended}", attempt.address);
                }
            }
        }
    }

    /// Waits until the session has to end: a moment later when there is something to give up first.
    async fn stops(&self, shutdown: &CancellationToken) {
        shutdown.cancelled().await;
        if !self.vouched.holds_nothing() {
            tokio::time::sleep(GIVES_UP_WITHIN).await;
        }
    }

    /// All regions to try, in order; `lost` comes last.
    fn candidates(&self, lost: Option<&str>) -> VecDeque<String> {
        let mut addresses = self.uplink.grpc_addresses();
        let offset = usize::try_from(self.introduction.incarnation % 64).unwrap_or_default();
        if lost.is_none() && !addresses.is_empty() {
            let middle = offset % addresses.len();
            addresses.rotate_left(middle);
        }
        for seed in &self.seeds {
            if !addresses.contains(seed) {
                addresses.push(seed.clone());
            }
        }
        addresses.sort_by_key(|address| Some(address.as_str()) == lost);
        addresses.into()
    }

    fn hello(&self, resumes: bool) -> Hello {
        let generation = self.generations.load();
        let interfaces = own_alone(&generation, (self.introduction.interfaces)());
        Hello {
            hostname: self.introduction.hostname.clone(),
            version: self.introduction.version.clone(),
            incarnation: self.introduction.incarnation,
            interfaces: interfaces.iter().map(proto::rack::ControllerInterface::from).collect(),
            resume_revision: if resumes { generation.revision } else { 0 },
            searches_for_hosts: true,
            holds_service_addresses: true,
        }
    }
}

/// One session with one region.
struct Attempt<'a> {
    session: &'a Session,
    address: String,
    /// Whether it goes on from the copy that is there.
    resumes: bool,
    welcomed: bool,
    /// Whether the region goes on from that copy, too, and sends no whole one.
    goes_on: bool,
    /// Whether the region tells the serials of zones.
    tells_zone_serials: bool,
    /// What else the region can.
    offers: RegionOffers,
    heard: Instant,
    leader_known: Instant,
    /// Heartbeats that were not answered yet: their numbers and when they were sent.
    open: VecDeque<(u64, Boot)>,
    /// The last heartbeats, answered or not, that the leader may vouch for yet.
    sent: VecDeque<(u64, Boot)>,
    sequence: u64,
    /// A generation that is being received; it becomes the present one when it is complete.
    arriving: Option<Generation>,
    intake: &'a mut Intake,
}

impl<'a> Attempt<'a> {
    fn new(session: &'a Session, address: String, resumes: bool, intake: &'a mut Intake) -> Self {
        let now = Instant::now();
        Self {
            session,
            address,
            resumes,
            welcomed: false,
            goes_on: false,
            tells_zone_serials: false,
            offers: RegionOffers::default(),
            heard: now,
            leader_known: now,
            open: VecDeque::new(),
            sent: VecDeque::new(),
            sequence: 0,
            arriving: None,
            intake,
        }
    }

    async fn run(&mut self) -> SessionError {
        match self.follow().await {
            Ok(()) => SessionError::Closed,
            Err(error) => error,
        }
    }

    async fn follow(&mut self) -> Result<(), SessionError> {
        let channel = (self.session.dial)(&self.address);
        let mut client = RackClient::new(channel).max_decoding_message_size(64 << 20);
        let (sender, outgoing) = mpsc::channel(16);
        let hello =
            RackMessage { message: Some(ToRegion::Hello(self.session.hello(self.resumes))) };
        // There is room for the first message.
        let _ = sender.try_send(hello);
        let opening = async {
            let mut incoming = client.session(ReceiverStream::new(outgoing)).await?.into_inner();
            let first = incoming.message().await?.ok_or(SessionError::Closed)?;
            Ok::<_, SessionError>((incoming, first))
        };
        let (incoming, first) =
            timeout(WELCOME_TIMEOUT, opening).await.map_err(|_| SessionError::NoWelcome)??;
        self.welcome(first)?;
        self.session.uplink.set_connected(&self.address, client, self.offers);
        self.session.uplink.set_followed_since(self.goes_on.then(Instant::now));
        self.exchange(incoming, sender).await
    }

    fn welcome(&mut self, first: RegionMessage) -> Result<(), SessionError> {
        let Some(FromRegion::Welcome(welcome)) = first.message else {
            return Err(SessionError::NotWelcome);
        };
        self.tells_zone_serials = welcome.tells_zone_serials;
        self.goes_on = welcome.resumed;
        self.offers = RegionOffers {
            takes_client_identifiers: welcome.takes_client_identifiers,
            serves_ipv6: welcome.serves_ipv6,
            delegates_prefixes: welcome.delegates_prefixes,
            registers_addresses: welcome.registers_addresses,
            takes_dhcpv6_servers: welcome.takes_dhcpv6_servers,
        };
        let copy_lacks_serials = !self.session.generations.load().has_zone_serials;
        if welcome.resumed && welcome.tells_zone_serials && copy_lacks_serials {
            return Err(SessionError::CopyLacksSerials);
        }
        info!(
            region = %self.address,
            revision = self.session.generations.load().revision,
            resumed = welcome.resumed,
            "session with region {} begins",
            self.address
        );
        self.welcomed = true;
        self.heard = Instant::now();
        self.leader_known = self.heard;
        self.session.uplink.set_regions(welcome.regions);
        Ok(())
    }

    async fn exchange(
        &mut self,
        mut incoming: Streaming<RegionMessage>,
        sender: mpsc::Sender<RackMessage>,
    ) -> Result<(), SessionError> {
        let mut ticks = interval(HEARTBEAT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let vouched = self.session.vouched.clone();
        let mut given_up = pin!(vouched.given_up().fuse());
        loop {
            tokio::select! {
                biased;
                // The region ends the session then.
                () = &mut given_up => Self::give_up(&sender),
                message = incoming.message() => match message? {
                    Some(message) => self.receive(message)?,
                    None => return Ok(()),
                },
                _ = ticks.tick() => self.tick(&sender)?,
            }
        }
    }

    fn give_up(sender: &mpsc::Sender<RackMessage>) {
        let last = Heartbeat { gave_up: true, ..Heartbeat::default() };
        let _ = sender.try_send(RackMessage { message: Some(ToRegion::Heartbeat(last)) });
    }

    /// Sends a heartbeat, unless the region is lost.
    fn tick(&mut self, sender: &mpsc::Sender<RackMessage>) -> Result<(), SessionError> {
        let silent = self.heard.elapsed();
        if silent > LOST_AFTER {
            return Err(SessionError::Silent { silent });
        }
        if self.leader_known.elapsed() > LEADERLESS_MAX {
            return Err(SessionError::Leaderless);
        }
        self.sequence += 1;
        let revision = self.session.generations.load().revision;
        let heartbeat = Heartbeat { revision, sequence: self.sequence, ..Heartbeat::default() };
        let before = Boot::now();
        let message = RackMessage { message: Some(ToRegion::Heartbeat(heartbeat)) };
        // A full queue means that the region does not read; then silence will end the session.
        if sender.try_send(message).is_ok() {
            let one = (self.sequence, before);
            for kept in [&mut self.open, &mut self.sent] {
                kept.push_back(one);
                if kept.len() > OPEN_MAX {
                    kept.pop_front();
                }
            }
        }
        Ok(())
    }

    fn receive(&mut self, message: RegionMessage) -> Result<(), SessionError> {
        let received = Boot::now();
        self.heard = Instant::now();
        match message.message {
            Some(FromRegion::Welcome(welcome)) => self.session.uplink.set_regions(welcome.regions),
            Some(FromRegion::Heartbeat(heartbeat)) => {
                let sent = self.answered(heartbeat.sequence);
                if let Some(sent) = self.when_sent(heartbeat.vouched) {
                    self.session.vouched.for_one_sent(sent);
                }
                // One that is cut off from the others may be wrong without knowing.
                if heartbeat.has_leader {
                    self.leader_known = self.heard;
                    if let Some(sent) = sent {
                        self.tell_time(Timestamp::from_unix_ms(message.now_ms), sent, received)?;
                    }
                }
            }
            Some(FromRegion::Delta(delta)) => self.apply(delta),
            None => {}
        }
        Ok(())
    }

    /// When one of the last heartbeats was sent.
    fn when_sent(&self, sequence: u64) -> Option<Boot> {
        let mut sent = self.sent.iter();
        sent.find(|(number, _)| *number == sequence).map(|(_, sent)| *sent)
    }

    /// When the heartbeat was sent that is answered.
    fn answered(&mut self, sequence: u64) -> Option<Boot> {
        while let Some((number, sent)) = self.open.pop_front() {
            if number >= sequence {
                return (number == sequence).then_some(sent);
            }
        }
        None
    }

    fn tell_time(&self, region: Timestamp, sent: Boot, received: Boot) -> Result<(), SessionError> {
        match self.session.clock.observe(region, sent, received) {
            Observed::Accepted | Observed::Waiting => Ok(()),
            Observed::Doubted { offset_ms } => Err(SessionError::ClockDiffers { offset_ms }),
            Observed::Followed { offset_ms } => {
                warn!(
                    "region time is {offset_ms} ms ahead of what was known here, and all regions that are \
                     reached say so: it is followed"
                );
                Ok(())
            }
        }
    }

    fn apply(&mut self, delta: Delta) {
        let part_of_generation = delta.part_of_generation;
        let (revision, is_last) = (delta.revision, delta.generation_end);
        if !part_of_generation {
            let mut generation = Generation::clone(&self.session.generations.load());
            // A region that was behind may send what the copy shows already.
            if revision <= generation.revision {
                return;
            }
            let changed = self.intake.apply(&mut generation, delta);
            generation.revision = revision;
            generation.has_zone_serials &= self.tells_zone_serials;
            return self.session.generations.publish_changed(generation, changed);
        }
        if self.arriving.is_none() {
            self.session.uplink.set_followed_since(None);
        }
        let arriving = self.arriving.get_or_insert_default();
        self.intake.apply(arriving, delta);
        if is_last && let Some(mut complete) = self.arriving.take() {
            complete.revision = revision;
            complete.has_zone_serials = self.tells_zone_serials;
            info!(revision, "generation at revision {revision} is complete");
            self.session.generations.publish(complete);
            self.session.uplink.set_followed_since(Some(Instant::now()));
        }
    }
}
