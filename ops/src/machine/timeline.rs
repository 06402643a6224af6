//! What became of a machine, in one order: who asked for what, which status followed, which rack switched it, which address
//! it got, what it booted, and what its agent said. From the history of the store, as far as that reaches, and from events, which
//! are kept for longer. One transaction is one entry: what it changed happened together.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use bytes::Bytes;
use futures::future::join_all;
use model::access::{Actor, Object, Permission, permits};
use model::event::{Event, EventLevel};
use model::id::SystemId;
use model::lease::binding::{Binding, BindingState};
use model::lease::client::ClientId;
use model::machine::Machine;
use model::machine::power::PowerJob;
use model::machine::status::Status;
use model::machine::status_change::{self, StatusChange, Told};
use model::machine::waiting::{Known, Wait, waits_for};
use model::request::RequestId;
use model::time::Timestamp;
use raft_store::past::records::{Done, KeyPast};
use tables::error::TableError;
use tables::leases::BINDINGS_OF_CLIENT;
use tables::machines::{EVENTS_OF_LEVEL, EVENTS_OF_NODE};
use tables::read::{Reads, View};
use tables::row::{Row, decode_with, part_key, row_key};
use tables::update::Tables;

use crate::error::Refusal;
use crate::machine::{boot_reports, machines};

/// How many entries are told at most.
pub const LIMIT_MAX: usize = 200;

/// How many events of the machine are looked at.
const EVENTS_MAX: usize = 2_000;

/// How many events of all machines are looked at to find what is usual.
const USUAL_EVENTS_MAX: usize = 2_000;

/// How many ids are read at once.
const PAGE: usize = 256;

/// How many statuses the bar has.
const PHASES_MAX: usize = 16;

/// Of how many addresses the leases are told.
const LEASES_MAX: usize = 8;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A user asked for something.
    Call,
    /// Its status changed.
    Phase,
    /// Its power was switched, or asked for.
    Power,
    /// It got, extended or gave back an address.
    Lease,
    /// It was seen to boot.
    Boot,
    /// Its agent or the system on it reported.
    Agent,
    /// Anything else.
    Other,
}

/// What a transaction did with a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its revision.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// Who; none when only an event without an author is left of it.
    pub actor: Option<String>,
    /// The operation; none when only an event is left of it.
    pub reason: Option<String>,
    /// The other end of the user's connection.
    pub from: Option<IpAddr>,
    /// The id of the user's request.
    pub request_id: Option<RequestId>,
    /// What happened, in sentences or less.
    pub happened: Vec<(Kind, String)>,
}

/// A status that the machine was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseSpan {
    /// The status.
    pub status: Status,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; none for the present one.
    pub ended: Option<Timestamp>,
    /// How long machines of this site usually are in it, in milliseconds, as far as that is known.
    pub usual_ms: Option<u64>,
}

/// What became of a machine, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The machine as it is.
    pub machine: Machine,
    /// The revision that was read.
    pub revision: u64,
    /// What happened, newest first.
    pub entries: Vec<Entry>,
    /// The revision before which to ask to go on; none when nothing is known of what was before.
    pub next: Option<u64>,
    /// All changes after this revision are known; of what was before, only events.
    pub known_after: u64,
    /// The statuses that it was in, oldest first.
    pub phases: Vec<PhaseSpan>,
    /// What it waits for.
    pub wait: Wait,
    /// The open order to switch it.
    pub job: Option<PowerJob>,
}

/// What became of a machine before a revision, or until now; at most so many entries.
///
/// # Errors
/// [`Refusal`].
pub async fn timeline(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    before: Option<u64>,
    limit: usize,
) -> Result<Timeline, Refusal> {
    let view = tables.view().await?;
    let machine = machines::readable(&view, actor, id)?;
    let limit = limit.clamp(1, LIMIT_MAX);
    let shows_audit = permits(actor, Permission::ReadAudit, &Object::Site).is_ok();
    let (events, is_cut) = events_of(&view, id)?;
    let (changed, known_after, goes_on) =
        changes_of(tables, &view, &machine, before, limit).await?;
    let mut entries: BTreeMap<Reverse<u64>, Entry> = BTreeMap::new();
    for (done, kind, text) in changed {
        let entry = entries.entry(Reverse(done.revision)).or_insert_with(|| of_done(&done));
        if !entry.happened.iter().any(|(_, known)| *known == text) {
            entry.happened.push((kind, text));
        }
    }
    let is_before = |revision: u64| before.is_none_or(|before| revision < before);
    for (revision, event) in events.iter().filter(|(revision, _)| is_before(*revision)) {
        if event.level == EventLevel::Audit && !shows_audit {
            continue;
        }
        add_event(
            entries.entry(Reverse(*revision)).or_insert_with(|| of_event(*revision, event)),
            event,
        );
    }
    let is_over = goes_on || is_cut || entries.len() > limit;
    let entries: Vec<Entry> = entries.into_values().take(limit).collect();
    let next = entries.last().filter(|_| is_over).map(|last| last.revision);
    let job = view.get::<PowerJob>(id)?;
    let phases = phases(&view, &machine, &events)?;
    let wait = wait(&machine, job.as_ref(), &phases, &events);
    let revision = view.revision();
    Ok(Timeline { machine, revision, entries, next, known_after, phases, wait, job })
}

fn of_done(done: &Done) -> Entry {
    Entry {
        revision: done.revision,
        at: Timestamp::from_unix_ms(done.time_ms),
        actor: Some(done.actor.clone()),
        reason: Some(done.reason.clone()),
        from: None,
        request_id: None,
        happened: Vec::new(),
    }
}

fn of_event(revision: u64, event: &Event) -> Entry {
    Entry {
        revision,
        at: event.created,
        actor: event.username.as_ref().map(|name| format!("user:{name}")),
        reason: event.audit.as_ref().map(|audit| audit.operation.clone()),
        from: None,
        request_id: None,
        happened: Vec::new(),
    }
}

/// What an event adds to what is known of its transaction.
fn add_event(entry: &mut Entry, event: &Event) {
    if let Some(audit) = &event.audit {
        entry.from = audit.from;
        entry.request_id.clone_from(&audit.request_id);
        if !entry.happened.iter().any(|(kind, _)| *kind == Kind::Call) {
            entry.happened.insert(0, (Kind::Call, audit.operation.clone()));
        }
        return;
    }
    let kind = kind_of(event);
    let text = match (kind, event.description.as_str()) {
        (_, "") => event.kind.clone(),
        (Kind::Phase | Kind::Boot | Kind::Agent, description) => description.to_owned(),
        (_, description) => format!("{}: {description}", event.kind),
    };
    entry.happened.push((kind, text));
}

fn kind_of(event: &Event) -> Kind {
    match event.kind.as_str() {
        status_change::KIND => Kind::Phase,
        "Performing PXE boot" => Kind::Boot,
        "Node progress" | "Node status event" | "Node enlisted" => Kind::Agent,
        kind if kind.to_lowercase().contains("power") => Kind::Power,
        _ if event.username.is_some() => Kind::Call,
        _ => Kind::Other,
    }
}

/// The newest events of a machine with their revisions, newest first, and whether there are more.
fn events_of(view: &View, id: &SystemId) -> Result<(Vec<(u64, Event)>, bool), TableError> {
    let (mut found, mut last) = (Vec::new(), None);
    while found.len() < EVENTS_MAX {
        let ids = view.ids_by_before(&EVENTS_OF_NODE, id, last.as_ref(), PAGE)?;
        for id in &ids {
            let revision = view.revision_of::<Event>(id).unwrap_or_default();
            found.extend(view.get::<Event>(id)?.map(|event| (revision, event)));
        }
        last = ids.last().copied();
        if ids.len() < PAGE {
            return Ok((found, false));
        }
    }
    Ok((found, true))
}

type Changed = Vec<(Done, Kind, String)>;

/// What the history knows of the machine's rows, of its order to switch it, and of its addresses.
async fn changes_of(
    tables: &Tables,
    view: &View,
    machine: &Machine,
    before: Option<u64>,
    limit: usize,
) -> Result<(Changed, u64, bool), TableError> {
    let id = &machine.system_id;
    let parts = Machine::PARTS.iter().map(|part| part_key::<Machine>(part, id));
    let mut keys: Vec<Bytes> = std::iter::once(row_key::<Machine>(id)).chain(parts).collect();
    let job = row_key::<PowerJob>(id);
    // An order that is done is gone: what it did is in the machine's own history.
    if view.value(&job).is_some() {
        keys.push(job.clone());
    }
    keys.retain(|key| view.value(key).is_some());
    let leases = leases_of(view, machine)?;
    keys.extend(leases.iter().map(row_key::<Binding>));
    let store = tables.store();
    let pasts = join_all(keys.iter().map(|key| store.past_of(key.clone(), before, limit))).await;
    let (mut changed, mut known_after, mut goes_on) = (Vec::new(), 0, false);
    for (key, past) in keys.iter().zip(pasts) {
        let past = past?;
        known_after = known_after.max(past.known_after);
        goes_on |= past.next.is_some();
        for change in past.changes {
            let (kind, text) = if *key == job {
                (Kind::Power, of_job(&change))
            } else if key.starts_with(b"t/binding/") {
                (Kind::Lease, of_lease(key, &change))
            } else {
                of_machine(&change.done)
            };
            changed.push((change.done, kind, text));
        }
    }
    Ok((changed, known_after, goes_on))
}

/// The addresses that the machine's interfaces have by DHCP.
fn leases_of(view: &View, machine: &Machine) -> Result<Vec<IpAddr>, TableError> {
    let mut leases = Vec::new();
    for interface in &machine.interfaces {
        let Some(vlan) = interface.vlan else { continue };
        let client = (vlan, ClientId::Hardware(interface.mac));
        leases
            .extend(view.list_by(&BINDINGS_OF_CLIENT, &client)?.into_iter().map(|lease| lease.ip));
    }
    // What is made of an interface may have its hardware address.
    leases.sort_unstable();
    leases.dedup();
    leases.truncate(LEASES_MAX);
    Ok(leases)
}

/// What a change of the machine itself was, by who made it and with which operation.
fn of_machine(done: &Done) -> (Kind, String) {
    let kind = match done.actor.split(':').next().unwrap_or_default() {
        "user" => Kind::Call,
        "agent" | "machine" => Kind::Agent,
        _ if done.reason.starts_with("power.") => Kind::Power,
        _ => Kind::Other,
    };
    (kind, done.reason.clone())
}

fn of_job(change: &KeyPast) -> String {
    let key = Bytes::new();
    let job = |stored: &Bytes| decode_with::<PowerJob>(&key, stored, |_| None).ok();
    match change.after.as_ref().and_then(job) {
        None => "the order to switch it is done".to_owned(),
        Some(PowerJob { action, rack: None, .. }) => format!("ordered: {action:?}"),
        Some(PowerJob { action, rack: Some(rack), attempt, .. }) => {
            format!("{action:?} given to rack {rack}, attempt {attempt}")
        }
    }
}

fn of_lease(key: &Bytes, change: &KeyPast) -> String {
    let lease = |stored: &Bytes| decode_with::<Binding>(key, stored, |_| None).ok();
    let (before, after) = (
        change.before.as_ref().and_then(|before| lease(&before.value)),
        change.after.as_ref().and_then(lease),
    );
    match (before, after) {
        (_, None) => "its address is free again".to_owned(),
        (before, Some(lease)) => {
            let is_same = before.is_some_and(|before| {
                before.client == lease.client && before.state == BindingState::Active
            });
            match lease.state {
                BindingState::Active if is_same => {
                    format!("{} extended by rack {}", lease.ip, lease.rack)
                }
                BindingState::Active => format!("{} granted by rack {}", lease.ip, lease.rack),
                BindingState::Released => format!("{} given back", lease.ip),
                BindingState::Declined => format!("{} found in use by somebody else", lease.ip),
            }
        }
    }
}

/// The statuses that a machine was in last, by its events.
fn phases(
    view: &View,
    machine: &Machine,
    events: &[(u64, Event)],
) -> Result<Vec<PhaseSpan>, TableError> {
    let usual = usual(view)?;
    let changes: Vec<(Timestamp, StatusChange)> = changes(events.iter().map(|(_, event)| event))
        .map(|told| (told.at, told.change))
        .take(PHASES_MAX)
        .collect();
    let mut phases = Vec::with_capacity(changes.len() + 1);
    let mut ended = None;
    for (at, change) in &changes {
        let usual_ms = usual.get(&change.to).copied();
        phases.push(PhaseSpan { status: change.to, began: *at, ended, usual_ms });
        ended = Some(*at);
    }
    let status = Status::of(&machine.lifecycle);
    // What its events do not tell: it was made like this, or they are gone.
    if phases.first().is_none_or(|last| last.status != status) {
        let began = phases.first().map_or(machine.created, |last| last.began);
        let usual_ms = usual.get(&status).copied();
        phases.insert(0, PhaseSpan { status, began, ended: None, usual_ms });
    }
    phases.reverse();
    Ok(phases)
}

/// The changes of status among events, in their order.
fn changes<'a>(events: impl Iterator<Item = &'a Event>) -> impl Iterator<Item = Told> {
    events.filter(|event| event.kind == status_change::KIND).filter_map(|event| {
        let (machine, change) = (event.node.clone()?, event.description.parse().ok()?);
        Some(Told { machine, at: event.created, change })
    })
}

/// How long machines usually are in each status, by the last events of the site; nothing while their index is filled.
fn usual(view: &View) -> Result<BTreeMap<Status, u64>, TableError> {
    if !view.is_complete(&EVENTS_OF_LEVEL)? {
        return Ok(BTreeMap::new());
    }
    let mut events = Vec::new();
    let level = EventLevel::Info;
    for id in view.ids_by_before(&EVENTS_OF_LEVEL, &level, None, USUAL_EVENTS_MAX)? {
        events.extend(view.get::<Event>(&id)?);
    }
    let mut told: Vec<Told> = changes(events.iter()).collect();
    told.reverse();
    Ok(status_change::usual_ms(&told))
}

fn wait(
    machine: &Machine,
    job: Option<&PowerJob>,
    phases: &[PhaseSpan],
    events: &[(u64, Event)],
) -> Wait {
    let last =
        |kind: Kind| events.iter().map(|(_, event)| event).find(|event| kind_of(event) == kind);
    let boot = last(Kind::Boot).and_then(|event| {
        let stage = event.description.split(':').next()?;
        Some((boot_reports::reached(stage)?, event.created))
    });
    let heard = last(Kind::Agent).map(|event| event.created);
    let since = phases.last().map_or(machine.created, |present| present.began);
    waits_for(&Known { lifecycle: &machine.lifecycle, since, job, boot, heard })
}
