//! Events: written with what they tell of, in one transaction; read by the event query.

use std::collections::{BTreeSet, VecDeque};

use model::access::Actor;
use model::event::{Event, EventLevel};
use model::id::SystemId;
use model::mac::MacAddress;
use model::machine::Machine;

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::step::Author;
use tables::error::TableError;
use tables::machines::{EVENTS_OF_NODE, MACHINE_BY_HOSTNAME, MACHINE_BY_MAC};
use tables::read::{Reads, View};
use tables::tx::Tx;
use tables::update::Tables;

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
    tx.insert(&Event {
        id: tx.next_event_id(),
        node: Some(machine.system_id.clone()),
        hostname: machine.hostname.clone(),
        kind: event.kind.to_owned(),
        level: event.level,
        description: event.description,
        username,
        created: tx.now(),
    })
}

/// Which events a query wants. Empty lists want all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Names that machines have now.
    pub hostnames: Vec<String>,
    /// Machines; all when there is none.
    pub system_ids: Option<Vec<SystemId>>,
    /// Hardware addresses of machines.
    pub macs: Option<Vec<MacAddress>>,
    /// The user that caused them.
    pub owner: Option<String>,
    /// The least level.
    pub level: Option<EventLevel>,
    /// Only events before this id, the newest of them first.
    pub before: Option<u64>,
    /// Only events after this id, the oldest of them chosen.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// How many ids are read at once.
const PAGE: usize = 64;

/// The events that a query wants, newest first.
///
/// Reads from the end that is asked for and stops when it has enough: events of machines through
/// their index, all others through the table.
///
/// # Errors
/// [`Refusal`].
pub async fn list(
    tables: &Tables,
    actor: &Actor,
    wanted: &EventQuery,
) -> Result<Vec<Event>, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let view = details.view();
    let Some(macs) = &wanted.macs else { return Ok(query(view, wanted)?) };
    let mut system_ids = wanted.system_ids.clone().unwrap_or_default();
    for mac in macs {
        system_ids.extend(view.find(&MACHINE_BY_MAC, mac)?.map(|machine| machine.system_id));
    }
    let wanted = EventQuery { system_ids: Some(system_ids), macs: None, ..wanted.clone() };
    Ok(query(view, &wanted)?)
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
        found.extend(view.get::<Event>(&id)?.filter(|event| query.wants(event)));
    }
    // `after` pages forward from an id, everything else backward from the newest.
    if query.after.is_some() {
        found.reverse();
    }
    Ok(found)
}

impl EventQuery {
    fn wants(&self, event: &Event) -> bool {
        let level = match self.level {
            Some(EventLevel::Audit) => event.level == EventLevel::Audit,
            Some(least) => event.level >= least,
            None => event.level >= EventLevel::Info,
        };
        let owner = self.owner.as_ref().is_none_or(|owner| event.username.as_ref() == Some(owner));
        let before = self.before.is_none_or(|id| event.id < id);
        let after = self.after.is_none_or(|id| event.id > id);
        level && owner && before && after
    }

    /// The machines that are asked for; none when all are.
    fn nodes(&self, view: &View) -> Result<Option<BTreeSet<SystemId>>, TableError> {
        let mut nodes: Option<BTreeSet<SystemId>> =
            self.system_ids.as_ref().map(|ids| ids.iter().cloned().collect());
        if !self.hostnames.is_empty() {
            let mut named = BTreeSet::new();
            for hostname in &self.hostnames {
                let machine = view.find(&MACHINE_BY_HOSTNAME, &hostname.to_lowercase())?;
                named.extend(machine.map(|machine| machine.system_id));
            }
            nodes = Some(match nodes {
                Some(nodes) => &nodes & &named,
                None => named,
            });
        }
        Ok(nodes)
    }
}

/// The ids of events in the order of a query: those of the table, or of some machines, merged.
struct Ids<'a> {
    view: &'a View,
    /// From older to newer events.
    ascending: bool,
    sources: Vec<Source>,
}

/// Events of one machine, or all.
struct Source {
    node: Option<SystemId>,
    /// What the next page goes on from.
    last: Option<u64>,
    page: VecDeque<u64>,
    ended: bool,
}

impl<'a> Ids<'a> {
    fn of(view: &'a View, query: &EventQuery) -> Result<Self, TableError> {
        let last = query.after.or(query.before);
        let source = |node| Source { node, last, page: VecDeque::new(), ended: false };
        let sources = match query.nodes(view)? {
            Some(nodes) => nodes.into_iter().map(|node| source(Some(node))).collect(),
            None => vec![source(None)],
        };
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
        let ids = match (&self.node, ascending) {
            (None, true) => view.ids_after::<Event>(last, PAGE),
            (None, false) => view.ids_before::<Event>(last, PAGE),
            (Some(node), true) => view.ids_by_after(&EVENTS_OF_NODE, node, last, PAGE)?,
            (Some(node), false) => view.ids_by_before(&EVENTS_OF_NODE, node, last, PAGE)?,
        };
        self.ended = ids.len() < PAGE;
        self.last = ids.last().copied().or(self.last);
        self.page = ids.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
