//! Writes down which racks have a session with this region node, so that all see it.
//!
//! A session never waits for a write: it is entered here in memory, and recorded by the next pass.
//! A rack that goes to another region is recorded there at once, so an ended session is cleared
//! only if no other region has written over it. The leader clears what a dead region left behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::access::Actor;
use model::controller::{ControllerInterface, RackController};
use model::event::EventLevel;
use model::id::SystemId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::vouching::asking::Vouched;
use crate::vouching::ledger::RackProcess;
use ops::authorize::cause;
use ops::site::events::{self, NewEvent};
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Tables, now};

/// How often ended sessions are looked for; those that begin are recorded at once.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long an ended session is kept on record: the rack may come back here.
const GRACE: Duration = Duration::from_secs(2);
/// How often a session that goes on is confirmed.
const CONFIRM_AFTER_MS: u64 = 30_000;
/// After how long without confirmation the leader clears a session of any region.
const STALE_AFTER_MS: u64 = 90_000;
/// How long a node has led before it clears such sessions. Where all regions were gone nobody confirmed any, and racks that
/// come back are in contact before it is written: a rack that hears meanwhile that another one of its link is
/// gone answers that one's clients beside it.
const SETTLED_AFTER: Duration = Duration::from_secs(60);

/// The event of a rack whose first session begins, or one after it was away.
const CONNECTED: &str = "Rack controller connected";
/// The event of a rack that has a session with no region any more.
const DISCONNECTED: &str = "Rack controller disconnected";

/// What a rack says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its host's name.
    pub hostname: String,
    /// Its software version.
    pub version: String,
    /// Its interfaces.
    pub interfaces: Vec<ControllerInterface>,
    /// Whether it can search networks for hosts.
    pub searches_for_hosts: bool,
    /// Whether it can hold service addresses.
    pub holds_service_addresses: bool,
}

/// The sessions that racks have with this node now; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    live: Arc<Mutex<Live>>,
    wake: Arc<Notify>,
    gives_up: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Live {
    last_number: u64,
    sessions: BTreeMap<SystemId, Entry>,
    ended: BTreeMap<SystemId, Instant>,
    /// Processes that ended and gave up what they held, which the leader was not told yet.
    gave_up: Vec<RackProcess>,
}

#[derive(Debug, Clone)]
struct Entry {
    number: u64,
    incarnation: u64,
    described: Described,
    recorded: bool,
    /// The number of the last heartbeat.
    heard: u64,
    /// The number of the last one that the leader vouched for, and the revision by which.
    vouched: (u64, u64),
}

/// A heartbeat of a rack that nobody vouched for yet.
#[derive(Debug, Clone)]
pub(crate) struct HeardRack {
    /// The rack's process.
    pub(crate) process: RackProcess,
    /// Whether it ends, and holds nothing any more.
    pub(crate) gave_up: bool,
    /// Its session.
    number: u64,
    /// The heartbeat.
    sequence: u64,
}

/// A session that goes on until this is dropped.
#[derive(Debug)]
pub struct LiveSession {
    sessions: Sessions,
    rack: SystemId,
    number: u64,
}

impl Sessions {
    /// A session begins; it takes the place of an older one of the same rack.
    pub fn enter(&self, process: RackProcess, described: Described) -> LiveSession {
        let RackProcess { rack, incarnation } = process;
        let mut live = self.lock();
        live.last_number += 1;
        let number = live.last_number;
        live.ended.remove(&rack);
        let (recorded, heard, vouched) = (false, 0, (0, 0));
        let entry = Entry { number, incarnation, described, recorded, heard, vouched };
        live.sessions.insert(rack.clone(), entry);
        self.wake.notify_one();
        LiveSession { sessions: self.clone(), rack, number }
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_recorded(&self, rack: &SystemId, number: u64) {
        if let Some(entry) = self.lock().sessions.get_mut(rack)
            && entry.number == number
        {
            entry.recorded = true;
        }
    }

    /// The last heartbeats of racks that nobody vouched for yet.
    pub(crate) fn heard(&self) -> Vec<HeardRack> {
        let live = self.lock();
        let new = live.sessions.iter().filter(|(_, entry)| entry.heard > entry.vouched.0);
        let new = new.map(|(rack, entry)| HeardRack {
            process: RackProcess { rack: rack.clone(), incarnation: entry.incarnation },
            gave_up: false,
            number: entry.number,
            sequence: entry.heard,
        });
        let gave_up = live.gave_up.iter().map(|process| HeardRack {
            process: process.clone(),
            gave_up: true,
            number: 0,
            sequence: 0,
        });
        gave_up.chain(new).collect()
    }

    /// Waits until a process ends and gives up what it held.
    pub(crate) async fn gives_up(&self) {
        self.gives_up.notified().await;
    }

    /// The leader vouched for some of those that were heard.
    pub(crate) fn vouched(&self, heard: &[HeardRack], by: &Vouched) {
        let mut live = self.lock();
        let told =
            |process: &RackProcess| heard.iter().any(|one| one.gave_up && one.process == *process);
        live.gave_up.retain(|process| !told(process));
        for one in heard.iter().filter(|one| by.racks.contains(&one.process.rack)) {
            if let Some(entry) = live.sessions.get_mut(&one.process.rack)
                && entry.number == one.number
            {
                entry.vouched = (one.sequence, by.revision);
            }
        }
    }

    /// Whether this process saw the rack's session end, so long ago that it is not coming back at once. What a process before
    /// this one has on record may have gone on elsewhere.
    fn is_gone(&self, rack: &SystemId, now: Instant) -> bool {
        let live = self.lock();
        let ended = live.ended.get(rack).filter(|_| !live.sessions.contains_key(rack));
        ended.is_some_and(|ended| now.saturating_duration_since(*ended) >= GRACE)
    }
}

impl LiveSession {
    /// A heartbeat came.
    pub(crate) fn heard(&self, sequence: u64) {
        if let Some(entry) = self.sessions.lock().sessions.get_mut(&self.rack)
            && entry.number == self.number
        {
            entry.heard = sequence;
        }
    }

    /// The rack's process ends, and holds nothing any more.
    pub(crate) fn gave_up(&self) {
        let mut live = self.sessions.lock();
        let entry = live.sessions.get(&self.rack).filter(|entry| entry.number == self.number);
        if let Some(Entry { incarnation, .. }) = entry {
            let process = RackProcess { rack: self.rack.clone(), incarnation: *incarnation };
            live.gave_up.push(process);
            self.sessions.gives_up.notify_one();
        }
    }

    /// The number of the last heartbeat that the leader vouched for, for a rack that knows all up to `told`; 0 if there is none.
    pub(crate) fn vouched_for(&self, told: u64) -> u64 {
        let live = self.sessions.lock();
        let entry = live.sessions.get(&self.rack).filter(|entry| entry.number == self.number);
        let (sequence, revision) = entry.map(|entry| entry.vouched).unwrap_or_default();
        if told >= revision { sequence } else { 0 }
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        let mut live = self.sessions.lock();
        if live.sessions.get(&self.rack).is_some_and(|entry| entry.number == self.number) {
            info!(rack.id = %self.rack, "the session of rack {} ended", self.rack);
            live.sessions.remove(&self.rack);
            live.ended.insert(self.rack.clone(), Instant::now());
        }
    }
}

/// Runs until cancelled, on every region node.
pub async fn run(tables: Tables, node_id: u64, sessions: Sessions, shutdown: CancellationToken) {
    let mut led = Led::default();
    while !shutdown.is_cancelled() {
        let leading = tables.store().leadership().borrow().leading;
        let may_clear = led.is_settled(leading, Instant::now());
        if let Err(error) = pass(&tables, node_id, &sessions, may_clear).await {
            warn!("sessions of racks cannot be recorded: {error}");
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(INTERVAL) => {}
            () = sessions.wake.notified() => {}
        }
    }
}

/// Since when this node leads, as far as it has looked.
#[derive(Debug, Default)]
struct Led {
    since: Option<Instant>,
}

impl Led {
    /// Whether it has led for so long that a session that nobody confirms is none.
    fn is_settled(&mut self, leading: bool, now: Instant) -> bool {
        let since = leading.then(|| self.since.unwrap_or(now));
        self.since = since;
        since.is_some_and(|since| now.saturating_duration_since(since) >= SETTLED_AFTER)
    }
}

/// Brings the rows of all racks in line with the sessions of this node; those of other nodes if it `may_clear` what
/// nobody confirms.
async fn pass(
    tables: &Tables,
    node_id: u64,
    sessions: &Sessions,
    may_clear: bool,
) -> Result<(), TableError> {
    let view = tables.stale_view().await?;
    for rack in view.list::<RackController>()? {
        let entry = sessions.lock().sessions.get(&rack.system_id).cloned();
        match entry {
            Some(entry) if is_due(&rack, &entry, node_id) => {
                record(tables, node_id, &rack.system_id, &entry.described).await?;
                sessions.set_recorded(&rack.system_id, entry.number);
            }
            Some(_) => {}
            None => {
                let own = rack.session == Some(node_id)
                    && sessions.is_gone(&rack.system_id, Instant::now());
                let stale = now().since_ms(rack.last_seen) > STALE_AFTER_MS;
                if own || (may_clear && stale && rack.session.is_some()) {
                    clear(tables, &rack).await?;
                }
            }
        }
    }
    Ok(())
}

/// A session that another region recorded later is left alone: it will end here.
fn is_due(rack: &RackController, entry: &Entry, node_id: u64) -> bool {
    let confirmed = now().since_ms(rack.last_seen) <= CONFIRM_AFTER_MS;
    match rack.session {
        _ if !entry.recorded => true,
        None => true,
        Some(region) => region == node_id && !confirmed,
    }
}

async fn record(
    tables: &Tables,
    node_id: u64,
    rack: &SystemId,
    described: &Described,
) -> Result<(), TableError> {
    let cause = cause(&Actor::Rack(rack.clone()), "rack.session");
    let Described { hostname, version, interfaces, searches_for_hosts, holds_service_addresses } =
        described;
    tables
        .update(&cause, |tx| {
            let Some(row) = tx.get::<RackController>(rack)? else { return Ok(()) };
            if row.session.is_none() {
                let event = NewEvent {
                    kind: CONNECTED,
                    level: EventLevel::Info,
                    description: format!("version {version}, at region node {node_id}"),
                };
                events::record_of_controller(tx, (rack, hostname.clone()), event)?;
            }
            tx.put(&RackController {
                system_id: row.system_id,
                hostname: hostname.clone(),
                version: version.clone(),
                interfaces: interfaces.clone(),
                session: Some(node_id),
                last_seen: tx.now(),
                searches_for_hosts: *searches_for_hosts,
                holds_service_addresses: *holds_service_addresses,
            })
        })
        .await
}

/// Clears the session that was seen; a newer one stays.
async fn clear(tables: &Tables, seen: &RackController) -> Result<(), TableError> {
    let cause = cause(&Actor::Reconciler("racks"), "rack.gone");
    tables
        .update(&cause, |tx| match tx.get::<RackController>(&seen.system_id)? {
            Some(row) if row.session == seen.session && row.last_seen == seen.last_seen => {
                let event = NewEvent {
                    kind: DISCONNECTED,
                    level: EventLevel::Warning,
                    description: "no region has a session with it: it serves from what it knows, \
                                  or not at all"
                        .to_owned(),
                };
                events::record_of_controller(tx, (&row.system_id, row.hostname.clone()), event)?;
                tx.put(&RackController { session: None, ..row })
            }
            Some(_) | None => Ok(()),
        })
        .await
}

#[cfg(test)]
mod tests {
    use model::event::Event;
    use raft_store::Store;

    use super::*;

    fn described() -> Described {
        Described {
            hostname: "k1".to_owned(),
            version: "1".to_owned(),
            interfaces: Vec::new(),
            searches_for_hosts: true,
            holds_service_addresses: false,
        }
    }

    #[test]
    fn a_session_is_over_for_who_saw_it_end() {
        let (rack, later) = (SystemId::from_number(7), Instant::now() + GRACE * 2);
        let sessions = Sessions::default();
        assert!(!sessions.is_gone(&rack, later), "one of a process before may go on elsewhere");
        let process = RackProcess { rack: rack.clone(), incarnation: 1 };
        let session = sessions.enter(process, described());
        assert!(!sessions.is_gone(&rack, later), "it goes on");
        drop(session);
        assert!(!sessions.is_gone(&rack, Instant::now()), "it may come back");
        assert!(sessions.is_gone(&rack, later + GRACE));
    }

    #[test]
    fn who_begins_to_lead_waits_for_the_racks_to_come_back() {
        let (mut led, begin) = (Led::default(), Instant::now());
        let mut look =
            |leading, seconds| led.is_settled(leading, begin + Duration::from_secs(seconds));
        assert!(!look(false, 0));
        assert!(!look(true, 100) && !look(true, 159));
        assert!(look(true, 160));
        assert!(!look(false, 170));
        assert!(!look(true, 171), "it leads anew");
    }

    #[tokio::test]
    async fn a_rack_that_goes_and_comes_back_is_told_of_once_each() {
        let tables = Tables::new(Store::in_memory());
        let row = RackController {
            system_id: SystemId::from_number(7),
            hostname: "k1".to_owned(),
            version: "1".to_owned(),
            interfaces: Vec::new(),
            session: None,
            last_seen: now(),
            searches_for_hosts: false,
            holds_service_addresses: false,
        };
        let cause = cause(&Actor::Reconciler("racks"), "test");
        tables.update(&cause, |tx| tx.insert(&row)).await.unwrap();
        let described = described();
        let rack = async || {
            let view = tables.view().await.unwrap();
            view.get::<RackController>(&row.system_id).unwrap().unwrap()
        };
        let told = async |kind: &str| {
            let events = tables.view().await.unwrap().list::<Event>().unwrap();
            events.iter().filter(|event| event.hostname == "k1" && event.kind == kind).count()
        };
        // The second region takes it over, and that is no news.
        record(&tables, 1, &row.system_id, &described).await.unwrap();
        record(&tables, 2, &row.system_id, &described).await.unwrap();
        assert_eq!((told(CONNECTED).await, told(DISCONNECTED).await), (1, 0));
        clear(&tables, &rack().await).await.unwrap();
        assert_eq!((told(CONNECTED).await, told(DISCONNECTED).await), (1, 1));
        record(&tables, 1, &row.system_id, &described).await.unwrap();
        assert_eq!((told(CONNECTED).await, told(DISCONNECTED).await), (2, 1));
    }
}
