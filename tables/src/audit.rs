//! What a request of the API, or an operator at a region, changed, as an event of the same transaction: who, from where, what was and what is.
//!
//! It is made where rows are written, so no operation can forget it, and only for transactions on behalf of a request
//! ([`crate::update::Tables::on_behalf`]): leases, heartbeats and reconcilers pay nothing for it.

mod hiding;

use std::collections::BTreeMap;

use bytes::Bytes;
use model::event::{Audit, AuditedObject, Event, EventLevel};
use model::id::SystemId;
use model::request::Source;
use serde_json::{Map, Value};

use crate::audit::hiding::{marked, unmarked};
use crate::error::TableError;
use crate::row::{Row, row_key};
use crate::tx::Tx;

/// How many objects an event tells of; of more it says how many.
pub(crate) const OBJECTS_MAX: usize = 16;

/// How much of a text is told, in characters.
const TEXT_MAX: usize = 256;

/// How many items of a list are told.
const ITEMS_MAX: usize = 32;

/// How much of an object is told, in bytes, before and after; of a larger one, only what is no list and no map.
const OBJECT_BYTES_MAX: usize = 2048;

/// How long a description is at most, in characters.
const DESCRIPTION_MAX: usize = 512;

/// Tables that are not told of: what follows from other rows, what racks and machines report, contents, and secrets.
const UNTOLD: &[&str] = &[
    "answered",
    "binding",
    "block",
    "certificate",
    "clusterkey",
    "content",
    "dismissal",
    "endedsessions",
    "event",
    "external-dhcp",
    "filecontent",
    "indexfill",
    "login",
    "machinesecrets",
    "pool-level",
    "powerjob",
    "prefix-pool-level",
    "returnedlogin",
    "tag-evaluation",
    "timeservice",
    "tooloutput",
    "zone-serial",
];

/// Tables that plans tell of although events do not.
const FOLLOWING: &[&str] = &["binding", "block", "powerjob"];

/// Tables whose rows mostly go with another one, which says more.
const FOLLOWERS: &[&str] =
    &["externalidentity", "file", "notification", "session", "sshkey", "sslkey", "token"];

/// Whether the rows of a table are told of: they are no contents or secrets, do not just follow from other rows, and are
/// not what racks and machines report.
#[must_use]
pub fn is_told(table: &str) -> bool {
    !UNTOLD.contains(&table)
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The user's name.
    pub username: String,
    /// Where the request comes from.
    pub source: Source,
}

/// What a transaction made of rows, as far as it is told.
#[derive(Debug)]
pub(crate) struct Changes {
    rows: BTreeMap<Bytes, Changed>,
    rows_max: usize,
    more: u32,
    tells_following: bool,
}

/// What became of a row, whole and without its secrets.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) table: &'static str,
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

#[derive(Debug)]
struct Changed {
    table: &'static str,
    before: Option<Value>,
    after: Option<Value>,
    /// Whether both are without their long parts, which are the same in both.
    is_brief: bool,
}

impl Changes {
    /// Nothing yet, of at most so many rows.
    pub(crate) fn of_at_most(rows_max: usize) -> Self {
        Self { rows: BTreeMap::new(), rows_max, more: 0, tells_following: false }
    }

    /// The same, also of what follows for power and leases.
    pub(crate) fn telling_following(self) -> Self {
        Self { tells_following: true, ..self }
    }

    /// The rows that are not as they were, and how many more there are.
    pub(crate) fn told(self) -> (Vec<Told>, u32) {
        let is_news = |changed: &Changed| changed.before != changed.after;
        let rows = self.rows.into_iter().filter(|(_, changed)| is_news(changed));
        let told = rows.filter_map(|(key, changed)| {
            let (id, name) = changed.named(&key)?;
            let Changed { table, before, after, is_brief: _ } = changed;
            let (before, after) = (before.map(unmarked), after.map(unmarked));
            let key = String::from_utf8_lossy(&key).into_owned();
            Some(Told { table, key, id, name, before, after })
        });
        (told.collect(), self.more)
    }

    /// Notes that a row is written, or goes.
    pub(crate) fn note<T: Row>(
        &mut self,
        id: &T::Id,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<(), TableError> {
        let follows = self.tells_following && FOLLOWING.contains(&T::TABLE);
        if UNTOLD.contains(&T::TABLE) && !follows {
            return Ok(());
        }
        let key = row_key::<T>(id);
        if let Some(known) = self.rows.get_mut(&key) {
            return known.now_is(before, after);
        }
        if self.rows.len() >= self.rows_max {
            self.more = self.more.saturating_add(1);
            // What only goes with something else gives way to it.
            let mut followers = self.rows.iter().filter(|(_, row)| FOLLOWERS.contains(&row.table));
            let Some(last) = followers.next_back().map(|(key, _)| key.clone()) else {
                return Ok(());
            };
            if FOLLOWERS.contains(&T::TABLE) {
                return Ok(());
            }
            self.rows.remove(&last);
        }
        self.rows.insert(key, Changed::new(before, after)?);
        Ok(())
    }
}

/// Adds the event of a transaction; none when nothing that is told of has changed.
pub(crate) fn record(
    tx: &mut Tx,
    changes: Changes,
    origin: &Origin,
    operation: &str,
) -> Result<(), TableError> {
    let Changes { rows, more, rows_max: _, tells_following: _ } = changes;
    let told = rows.into_iter().filter_map(|(key, changed)| changed.told(&key));
    let (objects, nodes): (Vec<AuditedObject>, Vec<Option<(SystemId, String)>>) = told.unzip();
    let Some(first) = objects.first() else { return Ok(()) };
    let kind = kind_of(&first.kind);
    // An event is of one machine, or of none.
    let mut nodes = nodes.into_iter().flatten();
    let node = nodes.next().filter(|_| nodes.next().is_none() && more == 0);
    let (node, hostname) = node.unzip();
    let description = describe(operation, &objects, more);
    let audit = Audit {
        operation: operation.to_owned(),
        from: origin.source.address,
        request_id: origin.source.request_id.clone(),
        objects,
        more,
    };
    tx.insert(&Event {
        id: tx.next_event_id(),
        node,
        hostname: hostname.unwrap_or_default(),
        kind: kind.to_owned(),
        level: EventLevel::Audit,
        description,
        username: Some(origin.username.clone()),
        created: tx.now(),
        audit: Some(Box::new(audit)),
    })
}

impl Changed {
    fn new<T: Row>(before: Option<&T>, after: Option<&T>) -> Result<Self, TableError> {
        let is_brief = are_long_parts_alike(before, after);
        let before = before.map(|row| shown_briefly(row, is_brief)).transpose()?;
        let after = after.map(|row| shown_briefly(row, is_brief)).transpose()?;
        Ok(Self { table: T::TABLE, before, after, is_brief })
    }

    /// The row is changed once more.
    fn now_is<T: Row>(&mut self, before: Option<&T>, after: Option<&T>) -> Result<(), TableError> {
        if self.is_brief && !are_long_parts_alike(before, after) {
            self.is_brief = false;
            before.map_or(Ok(()), |row| self.tell_long_parts(row))?;
        }
        self.after = after.map(|row| shown_briefly(row, self.is_brief)).transpose()?;
        Ok(())
    }

    /// Tells of the long parts of the row before, too. They were the same until now, so this is how they were at first.
    fn tell_long_parts<T: Row>(&mut self, row: &T) -> Result<(), TableError> {
        let (whole, brief) = (shown(row)?, shown_briefly(row, true)?);
        if let (Some(Value::Object(told)), Value::Object(whole)) = (&mut self.before, whole) {
            told.extend(whole.into_iter().filter(|(name, value)| brief.get(name) != Some(value)));
        }
        Ok(())
    }

    /// What is told of it, and the machine or controller that it is; none when it is as it was.
    fn told(self, key: &Bytes) -> Option<(AuditedObject, Option<(SystemId, String)>)> {
        let (id, name) = self.named(key)?;
        let whole = self.after.as_ref().or(self.before.as_ref())?;
        let node = named(whole, "system_id").and_then(|id| {
            let hostname = named(whole, "hostname").unwrap_or_default();
            Some((id.parse::<SystemId>().ok()?, hostname))
        });
        let (before, after) = match (self.before, self.after) {
            (Some(before), Some(after)) => {
                let (before, after) = difference(&before, &after)?;
                (Some(before), Some(after))
            }
            other => other,
        };
        let (before, after) = (before.map(fitted), after.map(fitted));
        let told = |value: Value| bounded(unmarked(value));
        let (before, after) = (before.map(told), after.map(told));
        let kind = self.table.to_owned();
        Some((AuditedObject { kind, id, name, before, after }, node))
    }

    /// Its id and its name; an empty one when that is its id.
    fn named(&self, key: &Bytes) -> Option<(String, String)> {
        let whole = self.after.as_ref().or(self.before.as_ref())?;
        let text = String::from_utf8_lossy(key).into_owned();
        let in_key = text.splitn(3, '/').nth(2).unwrap_or_default();
        // What a row calls its id may be another one than that of what it is of.
        let is_id = |id: &String| {
            let number = || u64::from_str_radix(in_key, 16).ok();
            id == in_key || id.parse().ok().is_some_and(|id| number() == Some(id))
        };
        let id = ["system_id", "id"].iter().find_map(|name| named(whole, name).filter(is_id));
        let id = id.unwrap_or_else(|| {
            // Its parts are told apart by bytes that nobody can read.
            let parts = in_key.split(char::is_control).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join("/")
        });
        let name = name_of(whole).filter(|name| *name != id);
        Some((id, name.unwrap_or_default()))
    }
}

/// What people call a row: its name, or what it is about; none where it has nothing of that.
#[must_use]
pub fn name_of(row: &Value) -> Option<String> {
    let names = ["hostname", "username", "name", "cidr", "prefix", "ip"];
    let of = |name: &&str| named(row, name).filter(|text| !text.is_empty());
    names.iter().find_map(of).or_else(|| {
        let (first, last) = (named(row, "start_ip")?, named(row, "end_ip")?);
        Some(format!("{first}-{last}"))
    })
}

fn named(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a row that was there and stays has the same in its long parts, if it has such parts.
fn are_long_parts_alike<T: Row>(before: Option<&T>, after: Option<&T>) -> bool {
    let mut long = T::PARTS.iter().filter(|part| part.is_long).peekable();
    let Some((before, after)) = before.zip(after).filter(|_| long.peek().is_some()) else {
        return false;
    };
    long.all(|part| (part.same)(before, after))
}

/// A row as it is told, or that without its long parts.
fn shown_briefly<T: Row>(row: &T, is_brief: bool) -> Result<Value, TableError> {
    if !is_brief {
        return shown(row);
    }
    let mut row = row.clone();
    T::PARTS.iter().filter(|part| part.is_long).for_each(|part| (part.clear)(&mut row));
    shown(&row)
}

/// A row as it is told: without secrets, and without the rest of what is long.
fn shown<T: Row>(row: &T) -> Result<Value, TableError> {
    let shown = hiding::value_of(row).map_err(|error| TableError::Corrupt {
        key: String::from_utf8_lossy(&row_key::<T>(&row.id())).into_owned(),
        reason: error.to_string(),
    });
    let mut shown = shown?;
    hide_passwords(&mut shown);
    for name in row.secret_fields() {
        if let Some(field) = shown.get_mut(*name) {
            *field = marked(&*field).unwrap_or_default().into();
        }
    }
    Ok(shown)
}

/// A row as JSON in which each secret is hidden.
///
/// # Errors
/// [`TableError::Corrupt`] when it has no JSON form.
pub fn shown_without_secrets<T: Row>(row: &T) -> Result<Value, TableError> {
    shown(row).map(unmarked)
}

fn hide_passwords(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("://") => {
            *text = without_password(std::mem::take(text));
        }
        Value::Array(items) => items.iter_mut().for_each(hide_passwords),
        Value::Object(fields) => fields.values_mut().for_each(hide_passwords),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A value as it is told: what is long is cut.
fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(shortened(&text, TEXT_MAX)),
        Value::Array(items) if items.len() > ITEMS_MAX => {
            Value::String(format!("{} items", items.len()))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(bounded).collect()),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, bounded(value))).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// An object that an event has room for.
fn fitted(object: Value) -> Value {
    let bytes = object.to_string().len();
    if bytes <= OBJECT_BYTES_MAX {
        return object;
    }
    let size = |bytes: usize| Value::String(format!("{bytes} bytes"));
    let Value::Object(fields) = object else { return size(bytes) };
    let plain = |value: Value| match value {
        nested @ (Value::Array(_) | Value::Object(_)) => size(nested.to_string().len()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    };
    let less: Value = fields.into_iter().map(|(name, value)| (name, plain(value))).collect();
    if less.to_string().len() <= OBJECT_BYTES_MAX { less } else { size(bytes) }
}

/// A URL may have a password before its host.
fn without_password(text: String) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let host_ends = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    // A password that should have been encoded may have a `/` in it.
    let hidden_ends = if rest[..host_ends].contains(':') { rest.len() } else { host_ends };
    match rest[..hidden_ends].rfind('@') {
        None => text,
        Some(at) => {
            let password = marked(&rest[..at]).unwrap_or_default();
            format!("{scheme}://{password}{}", &rest[at..])
        }
    }
}

fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The fields that differ, as they were and as they are; none when there is no such field.
fn difference(before: &Value, after: &Value) -> Option<(Value, Value)> {
    if before == after {
        return None;
    }
    let (Value::Object(was), Value::Object(is)) = (before, after) else {
        return Some((before.clone(), after.clone()));
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, value) in is {
        match was.get(name) {
            Some(earlier) => {
                if let Some((earlier, value)) = difference(earlier, value) {
                    old.insert(name.clone(), earlier);
                    new.insert(name.clone(), value);
                }
            }
            None => {
                new.insert(name.clone(), value.clone());
            }
        }
    }
    let gone = was.iter().filter(|(name, _)| !is.contains_key(*name));
    old.extend(gone.map(|(name, value)| (name.clone(), value.clone())));
    Some((Value::Object(old), Value::Object(new)))
}

/// MAAS's type of the event of an object.
fn kind_of(table: &str) -> &'static str {
    match table {
        "user" | "token" | "sshkey" | "sslkey" | "session" | "jointoken" | "authority"
        | "usergroup" | "membership" | "externalidentity" | "oidcprovider" => "Authorisation",
        "machine" | "device" | "rack" | "region" | "controllernote" => "Node",
        "zone" => "Zones",
        "pool" => "Resource Pool",
        "tag" => "Tag",
        "bootresource" | "bootsource" | "bootsourceselection" | "bootfiles" => "Images",
        "fabric" | "vlan" | "space" | "subnet" | "iprange" | "prefixpool" | "reserved"
        | "reservedip" | "staticroute" | "domain" | "dnsresource" | "dhcpsnippet" => "Networking",
        _ => "Settings",
    }
}

/// What happened, in a line.
fn describe(operation: &str, objects: &[AuditedObject], more: u32) -> String {
    match operation {
        "session.begin" => return "Logged in.".to_owned(),
        "session.begin-oidc" => return "Logged in by the OIDC provider.".to_owned(),
        "session.end" => return "Logged out.".to_owned(),
        _ => {}
    }
    let told: Vec<String> = objects.iter().map(AuditedObject::to_string).collect();
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    shortened(&format!("{operation}: {}{more}", told.join(", ")), DESCRIPTION_MAX)
}

#[cfg(test)]
mod tests;
