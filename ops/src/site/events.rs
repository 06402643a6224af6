//! Events: written with what they tell of, in one transaction; read by the event query.

use std::collections::{BTreeSet, VecDeque};

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::event::{Event, EventLevel};
use model::id::{ResourcePoolId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use tokio::task::JoinError;

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::step::Author;
use crate::network::specifiers;
use tables::error::TableError;
use tables::machines::{EVENTS_OF_LEVEL, EVENTS_OF_NODE, MACHINE_BY_HOSTNAME, MACHINE_BY_MAC};
use tables::read::{Reads, View};
use tables::row::row_key;
use tables::tx::Tx;
use tables::update::Tables;
use tables::views::machines::MachineKey;

/// An event before it has an id and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// MAAS's description of the type, such as `Node powered on`.
    pub kind: &'static str,
    /// How much it matters.
    pub level: EventLevel,
    /// What happened in particular.
    pub description: String,
}

/// Records an event of a machine.
///
/// # Errors
/// As [`Tx::put`].
pub fn record(
    tx: &mut Tx,
    machine: &Machine,
    event: NewEvent,
    author: Author<'_>,
) -> Result<(), TableError> {
    let username = match author {
        Author::User(name) => Some(name.to_owned()),
        Author::System => None,
    };
    let node = Some((machine.system_id.clone(), machine.hostname.clone()));
    insert(tx, node, event, username)
}

/// Records an event of a controller, by its id and name.
///
/// # Errors
/// As [`Tx::put`].
pub fn record_of_controller(
    tx: &mut Tx,
    (id, hostname): (&SystemId, String),
    event: NewEvent,
) -> Result<(), TableError> {
    insert(tx, Some((id.clone(), hostname)), event, None)
}

/// Records an event of the site: it is of no machine.
///
/// # Errors
/// As [`Tx::put`].
pub fn record_of_site(tx: &mut Tx, event: NewEvent) -> Result<(), TableError> {
    insert(tx, None, event, None)
}

/// Records an event of the site that somebody caused.
///
/// # Errors
/// As [`Tx::put`].
pub fn record_by(tx: &mut Tx, event: NewEvent, author: Author<'_>) -> Result<(), TableError> {
    let username = match author {
        Author::User(name) => Some(name.to_owned()),
        Author::System => None,
    };
    insert(tx, None, event, username)
}

fn insert(
    tx: &mut Tx,
    node: Option<(SystemId, String)>,
    event: NewEvent,
    username: Option<String>,
) -> Result<(), TableError> {
    let (node, hostname) = node.unzip();
    tx.insert(&Event {
        id: tx.next_event_id(),
        node,
        hostname: hostname.unwrap_or_default(),
        kind: event.kind.to_owned(),
        level: event.level,
        description: event.description,
        username,
        created: tx.now(),
        audit: None,
    })
}

/// An event as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The event.
    pub event: Event,
    /// The revision of the transaction that wrote it, and so of what it tells of.
    pub revision: u64,
}

/// Which events a query wants. Empty lists want all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Names that machines have now, with or without their domain.
    pub hostnames: Vec<String>,
    /// Machines; all when there is none.
    pub system_ids: Option<Vec<SystemId>>,
    /// Hardware addresses of machines.
    pub macs: Option<Vec<MacAddress>>,
    /// The zone that machines are in, by name or id.
    pub zone: Option<String>,
    /// The domain of their names, by name or id.
    pub domain: Option<String>,
    /// What those who allocated them call themselves.
    pub agent_name: Option<String>,
    /// Machines that zone, domain and agent leave; all when there is none.
    pub placed: Option<BTreeSet<SystemId>>,
    /// Who asks, where it does not see the machines of all pools.
    pub asks: Option<Actor>,
    /// The user that caused them.
    pub owner: Option<String>,
    /// The least level.
    pub level: Option<EventLevel>,
    /// Exactly one of these levels, whatever the least one is; empty for what the least level says.
    pub levels: Vec<EventLevel>,
    /// Only events before this id, the newest of them first.
    pub before: Option<u64>,
    /// Only events after this id, the oldest of them chosen.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// Of how many machines the events are read one by one.
const PLACED_MAX: usize = 64;

/// Stands for any pool: what may be done with it may be done on the whole site.
const NO_POOL: Object<'static> = Object::Pool { id: ResourcePoolId(u32::MAX) };

/// How many ids are read at once.
const PAGE: usize = 64;

/// All levels, the least first.
const LEVELS: [EventLevel; 6] = [
    EventLevel::Audit,
    EventLevel::Debug,
    EventLevel::Info,
    EventLevel::Warning,
    EventLevel::Error,
    EventLevel::Critical,
];

/// The events that a query wants, newest first, as [`listed`] has them without their revisions.
///
/// # Errors
/// As [`listed`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    wanted: &EventQuery,
) -> Result<Vec<Event>, Refusal> {
    let found = listed(tables, actor, wanted).await?;
    Ok(found.into_iter().map(|listed| listed.event).collect())
}

/// The events that a query wants, newest first.
///
/// Reads from the end that is asked for and stops when it has enough: events of machines through
/// their index, all others through the index of their levels.
///
/// # Errors
/// [`Refusal`]; those of the level audit are for administrators.
pub async fn listed(
    tables: &Tables,
    actor: &Actor,
    wanted: &EventQuery,
) -> Result<Vec<Listed>, Refusal> {
    let audit = EventLevel::Audit;
    if wanted.level == Some(audit) || wanted.levels.contains(&audit) {
        permits(actor, Permission::ReadAudit, &Object::Site)?;
    }
    let details = Details::seen_by(actor, tables).await?;
    let (view, mut wanted) = (details.view().clone(), wanted.clone());
    if let Some(macs) = wanted.macs.take() {
        let system_ids = wanted.system_ids.get_or_insert_default();
        for mac in macs {
            system_ids.extend(view.find(&MACHINE_BY_MAC, &mac)?.map(|machine| machine.system_id));
        }
    }
    wanted.placed = placed(&view, &wanted)?;
    let sees_all = permits(actor, Permission::ReadMachineEvents, &NO_POOL).is_ok();
    wanted.asks = (!sees_all).then(|| actor.clone());
    // What an owner caused, and a level whose index is not complete, may be far between.
    let found = tokio::task::spawn_blocking(move || {
        let listed = |event: Event| {
            let stored = view.value(&row_key::<Event>(&event.id));
            Listed { revision: stored.map_or(0, |stored| stored.revision), event }
        };
        query(&view, &wanted).map(|found| found.into_iter().map(listed).collect())
    })
    .await;
    let stopping = |error: JoinError| Refusal::with_message(Kind::Internal, error.to_string());
    Ok(found.map_err(stopping)??)
}

/// One event.
///
/// # Errors
/// [`Refusal`]; those of the level audit are for administrators, and are not there for others, as those of machines in pools
/// that the actor does not see.
pub async fn get(tables: &Tables, actor: &Actor, id: u64) -> Result<Listed, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let may_read_audit = permits(actor, Permission::ReadAudit, &Object::Site).is_ok();
    let found = details.view().get::<Event>(&id)?;
    let asking = EventQuery { asks: Some(actor.clone()), ..EventQuery::default() };
    let event = found
        .filter(|found| may_read_audit || found.level != EventLevel::Audit)
        .filter(|found| asking.is_seen(details.view(), found));
    let event = event.ok_or(Refusal::NotFound { model: "Event" })?;
    let stored = details.view().value(&row_key::<Event>(&id));
    Ok(Listed { revision: stored.map_or(0, |stored| stored.revision), event })
}

/// The machines that zone, domain and agent leave; none when nothing of that is asked for.
fn placed(view: &View, query: &EventQuery) -> Result<Option<BTreeSet<SystemId>>, Refusal> {
    let unknown = |field: &'static str| {
        move |refusal| match refusal {
            Refusal::NotFound { .. } => Refusal::field(field, format!("No such {field}.")),
            other => other,
        }
    };
    let mut wanted = Vec::new();
    if let Some(zone) = &query.zone {
        let zone = specifiers::zone(view, zone).map_err(unknown("zone"))?;
        wanted.push(MachineKey::Zone(zone.id));
    }
    if let Some(domain) = &query.domain {
        let domain = specifiers::domain(view, domain).map_err(unknown("domain"))?;
        wanted.push(MachineKey::Domain(domain.id));
    }
    let mut placed: Option<BTreeSet<SystemId>> = None;
    for key in &wanted {
        let these: BTreeSet<SystemId> = view.state().ids_with(key).into_iter().collect();
        placed = Some(placed.map_or_else(|| these.clone(), |placed| &placed & &these));
    }
    if let Some(agent) = &query.agent_name {
        let all = view.state().machines();
        let these = all.filter(|machine| machine.placement.agent_name == *agent);
        let these: BTreeSet<SystemId> = these.map(|machine| machine.system_id.clone()).collect();
        placed = Some(placed.map_or_else(|| these.clone(), |placed| &placed & &these));
    }
    Ok(placed)
}

/// The events that a query wants, newest first; hardware addresses are system ids already.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn query(view: &View, query: &EventQuery) -> Result<Vec<Event>, TableError> {
    let mut ids = Ids::of(view, query)?;
    let mut found = Vec::new();
    while found.len() < query.limit {
        let Some(id) = ids.next()? else { break };
        found.extend(
            view.get::<Event>(&id)?
                .filter(|event| query.wants(event) && query.is_seen(view, event)),
        );
    }
    // `after` pages forward from an id, everything else backward from the newest.
    if query.after.is_some() {
        found.reverse();
    }
    Ok(found)
}

impl EventQuery {
    /// Whether who asks sees the machine that an event is of. One that is gone was in a pool that nobody knows.
    fn is_seen(&self, view: &View, event: &Event) -> bool {
        let (Some(actor), Some(node)) = (&self.asks, &event.node) else { return true };
        let machine = view.state().machine(node);
        let object = machine.map_or(NO_POOL, |machine| Object::of(machine));
        permits(actor, Permission::ReadMachineEvents, &object).is_ok()
    }

    fn wants(&self, event: &Event) -> bool {
        let level = self.wants_level(event.level);
        let owner = self.owner.as_ref().is_none_or(|owner| event.username.as_ref() == Some(owner));
        let before = self.before.is_none_or(|id| event.id < id);
        let after = self.after.is_none_or(|id| event.id > id);
        let placed = self
            .placed
            .as_ref()
            .is_none_or(|placed| event.node.as_ref().is_some_and(|node| placed.contains(node)));
        level && owner && before && after && placed
    }

    fn wants_level(&self, level: EventLevel) -> bool {
        if !self.levels.is_empty() {
            return self.levels.contains(&level);
        }
        match self.level {
            Some(EventLevel::Audit) => level == EventLevel::Audit,
            Some(least) => level >= least,
            None => level >= EventLevel::Info,
        }
    }

    /// The machines that are asked for; none when all are.
    fn nodes(&self, view: &View) -> Result<Option<BTreeSet<SystemId>>, TableError> {
        let mut nodes: Option<BTreeSet<SystemId>> =
            self.system_ids.as_ref().map(|ids| ids.iter().cloned().collect());
        if !self.hostnames.is_empty() {
            let mut named = BTreeSet::new();
            for hostname in &self.hostnames {
                // Lists of machines show names with their domain.
                let hostname = hostname.split('.').next().unwrap_or_default().to_lowercase();
                let machine = view.find(&MACHINE_BY_HOSTNAME, &hostname)?;
                named.extend(machine.map(|machine| machine.system_id));
            }
            nodes = Some(match nodes {
                Some(nodes) => &nodes & &named,
                None => named,
            });
        }
        // Of a few machines, their own events are read; of many, all events are.
        let few = self.placed.as_ref().filter(|placed| placed.len() <= PLACED_MAX);
        Ok(nodes.or_else(|| few.cloned()))
    }
}

/// The ids of events in the order of a query: those of the table, of some machines or of some levels, merged.
struct Ids<'a> {
    view: &'a View,
    /// From older to newer events.
    ascending: bool,
    sources: Vec<Source>,
}

/// Where ids come from.
enum Origin {
    Table,
    Node(SystemId),
    Level(EventLevel),
}

/// The ids of one origin, a page at a time.
struct Source {
    origin: Origin,
    /// What the next page goes on from.
    last: Option<u64>,
    page: VecDeque<u64>,
    ended: bool,
}

impl<'a> Ids<'a> {
    fn of(view: &'a View, query: &EventQuery) -> Result<Self, TableError> {
        let last = query.after.or(query.before);
        let source = |origin| Source { origin, last, page: VecDeque::new(), ended: false };
        let origins: Vec<Origin> = match query.nodes(view)? {
            Some(nodes) => nodes.into_iter().map(Origin::Node).collect(),
            None if view.is_complete(&EVENTS_OF_LEVEL)? => {
                let wanted = LEVELS.into_iter().filter(|level| query.wants_level(*level));
                wanted.map(Origin::Level).collect()
            }
            // Read once for all levels.
            None => vec![Origin::Table],
        };
        let sources = origins.into_iter().map(source).collect();
        Ok(Self { view, ascending: query.after.is_some(), sources })
    }

    fn next(&mut self) -> Result<Option<u64>, TableError> {
        for source in &mut self.sources {
            source.fill(self.view, self.ascending)?;
        }
        let sources = self.sources.iter_mut();
        let first = if self.ascending {
            sources.min_by_key(|source| source.page.front().map_or(u64::MAX, |id| *id))
        } else {
            sources.max_by_key(|source| source.page.front().map_or(0, |id| *id))
        };
        Ok(first.and_then(|source| source.page.pop_front()))
    }
}

impl Source {
    fn fill(&mut self, view: &View, ascending: bool) -> Result<(), TableError> {
        if self.ended || !self.page.is_empty() {
            return Ok(());
        }
        let last = self.last.as_ref();
        let ids = match (&self.origin, ascending) {
            (Origin::Table, true) => view.ids_after::<Event>(last, PAGE),
            (Origin::Table, false) => view.ids_before::<Event>(last, PAGE),
            (Origin::Node(node), true) => view.ids_by_after(&EVENTS_OF_NODE, node, last, PAGE)?,
            (Origin::Node(node), false) => view.ids_by_before(&EVENTS_OF_NODE, node, last, PAGE)?,
            (Origin::Level(of), true) => view.ids_by_after(&EVENTS_OF_LEVEL, of, last, PAGE)?,
            (Origin::Level(of), false) => view.ids_by_before(&EVENTS_OF_LEVEL, of, last, PAGE)?,
        };
        self.ended = ids.len() < PAGE;
        self.last = ids.last().copied().or(self.last);
        self.page = ids.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
