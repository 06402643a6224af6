//! Events: written with what they tell of, in one transaction; read by the event query.

use model::access::Actor;
use model::event::{Event, EventLevel};
use model::mac::MacAddress;
use model::machine::Machine;

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::step::Author;
use tables::error::TableError;
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
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
    /// Names of machines.
    pub hostnames: Vec<String>,
    /// System ids of machines.
    pub system_ids: Option<Vec<model::id::SystemId>>,
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

/// The events that a query wants, newest first.
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
pub fn query(reads: &impl Reads, query: &EventQuery) -> Result<Vec<Event>, TableError> {
    let mut found: Vec<Event> =
        reads.list::<Event>()?.into_iter().filter(|event| query.wants(event)).collect();
    // Ids ascend. `after` pages forward from an id, everything else backward from the newest.
    if query.after.is_some() {
        found.truncate(query.limit);
    } else {
        found.drain(..found.len().saturating_sub(query.limit));
    }
    found.reverse();
    Ok(found)
}

impl EventQuery {
    fn wants(&self, event: &Event) -> bool {
        let level = match self.level {
            Some(EventLevel::Audit) => event.level == EventLevel::Audit,
            Some(least) => event.level >= least,
            None => event.level >= EventLevel::Info,
        };
        let named = self.hostnames.is_empty() || self.hostnames.contains(&event.hostname);
        let node = self
            .system_ids
            .as_ref()
            .is_none_or(|ids| event.node.as_ref().is_some_and(|node| ids.contains(node)));
        let owner = self.owner.as_ref().is_none_or(|owner| event.username.as_ref() == Some(owner));
        let before = self.before.is_none_or(|id| event.id < id);
        let after = self.after.is_none_or(|id| event.id > id);
        level && named && node && owner && before && after
    }
}
