//! What was changed in the site, by revision: when, by whom, why, and which objects.

use std::collections::BTreeMap;

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use model::access::{Object, Permission, permits};
use raft_store::past::records::{PastChange, PastTxn};
use raft_store::read::ReadView;
use serde::Serialize;
use serde_json::Value;
use tables::audit;
use tables::error::TableError;
use utoipa::ToSchema;

use crate::called;
use crate::difference::Difference;
use crate::history::time_of;
use crate::problem::Problem;
use crate::read;
use crate::registry::RESOURCES;
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::revision;
use crate::rows::Rows;

/// How many revisions are told by default, and at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// How many objects of a transaction are told in a list.
const OBJECTS_MAX: usize = 16;

/// Who only reports: told only when asked for.
const REPORTING: &[&str] = &["rack:", "region:", "machine:", "agent:"];

/// The parameters, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("before", "Only changes before this revision: `next` of the page before."),
    ("limit", "How many: 50 by default, 500 at most. All of a revision come together."),
    ("resource", "Only what changed objects of this kind."),
    (
        "actor",
        "Only what this one did: `user:admin`; or all of a kind: `user:`. What racks and machines report is told only then.",
    ),
];

/// What was changed at once.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Revision {
    /// Its revision; some that came at the same moment share one.
    pub revision: u64,
    /// When it was written (RFC 3339).
    pub time: String,
    /// Who made it: `user:admin`, `reconciler:power`.
    pub actor: String,
    /// The operation.
    pub reason: String,
    /// What was changed.
    pub objects: Vec<ChangedObject>,
    /// How many objects more.
    pub more: usize,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangedObject {
    /// The kind of object; null for what is no resource of its own.
    pub resource: Option<String>,
    /// The table that it is stored in.
    pub table: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `create`, `update` or `delete`.
    pub change: String,
    /// What differs, as it is stored, without secrets, and with the names of what it refers to; only where one revision is asked
    /// for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differences: Option<Vec<Difference>>,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Revisions {
    /// What was changed, newest first.
    pub items: Vec<Revision>,
    /// The `before` of the next page; none when all that is known was looked at.
    pub next: Option<u64>,
    /// All changes after this revision, and before the one that was asked for, were looked at.
    pub known_after: u64,
}

/// The changes of the site, newest first.
///
/// # Errors
/// 403 for who may not read the audit.
pub async fn list(request: &Request, input: &Input) -> Result<Response, Problem> {
    admit(request)?;
    let before = revision::number(&input.params, "before")?;
    let limit = revision::number(&input.params, "limit")?.map_or(Ok(LIMIT_DEFAULT), |limit| {
        usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Problem::parameter("limit", format!("It is from 1 to {LIMIT_MAX}.")))
    })?;
    let resource = input.params.get("resource").map(known).transpose()?;
    let actor = input.params.get("actor").map(str::to_owned);
    let is_wanted = move |txn: &PastTxn| {
        let by = &txn.done.actor;
        let is_by = match &actor {
            Some(kind) if kind.ends_with(':') => by.starts_with(kind.as_str()),
            Some(one) => by == one,
            None => !REPORTING.iter().any(|kind| by.starts_with(kind)),
        };
        is_by && txn.changes.iter().any(|change| is_told(&change.key, resource))
    };
    let past = request.live.store().changes_before(before, limit, is_wanted).await;
    let past = past.map_err(TableError::from)?;
    let items = past.txns.iter().map(|txn| told(request, txn, None)).collect();
    let page = Revisions { items, next: past.next, known_after: past.known_after };
    Ok(read::answer(request, StatusCode::OK, serde_json::to_value(page).unwrap_or_default()))
}

/// What was changed at a revision, with what differs.
///
/// # Errors
/// 404 for a revision at which nothing was changed, 410 for one that is not known any more.
pub async fn one(request: &Request, input: &Input) -> Result<Response, Problem> {
    admit(request)?;
    let named = input.value("revision");
    let missing = || Problem::not_found("revision", named);
    let revision: u64 = named.parse().map_err(|_| missing())?;
    if revision > request.view.revision() {
        return Err(missing());
    }
    let store = request.live.store();
    let txns = store.changes_of(revision).await.map_err(TableError::from)?;
    let then = store.read_at(revision).await.map_err(TableError::from)?;
    let items: Vec<Revision> = txns
        .iter()
        .filter(|txn| txn.changes.iter().any(|change| is_told(&change.key, None)))
        .map(|txn| told(request, txn, Some(&then)))
        .collect();
    if items.is_empty() {
        return Err(missing());
    }
    let page = Revisions { items, next: None, known_after: revision.saturating_sub(1) };
    Ok(read::answer(request, StatusCode::OK, serde_json::to_value(page).unwrap_or_default()))
}

fn admit(request: &Request) -> Result<(), Problem> {
    let permitted = permits(&request.actor, Permission::ReadAudit, &Object::Site);
    permitted.map_err(|denied| {
        let mut problem = Problem::from(rest::problem::Problem::from(denied));
        "Only administrators see what others changed.".clone_into(&mut problem.detail);
        problem
    })
}

fn known(name: &str) -> Result<&'static Resource, Problem> {
    let found = crate::registry::find(name).filter(|resource| resource.rows.is_some());
    found.ok_or_else(|| {
        Problem::parameter("resource", format!("Nothing is known of changes of {name:?}."))
    })
}

/// The table and the id in a key of the store.
fn table_and_id(key: &[u8]) -> Option<(&str, String)> {
    let rest = key.strip_prefix(b"t/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    let table = std::str::from_utf8(&rest[..slash]).ok()?;
    let id = String::from_utf8_lossy(&rest[slash + 1..]);
    // Its parts are told apart by bytes that nobody can read.
    let parts: Vec<&str> = id.split(char::is_control).filter(|part| !part.is_empty()).collect();
    Some((table, parts.join("/")))
}

fn is_told(key: &Bytes, resource: Option<&'static Resource>) -> bool {
    match resource.and_then(|resource| resource.rows) {
        Some(rows) => rows.id_of(key).is_some(),
        None => table_and_id(key).is_some_and(|(table, _)| audit::is_told(table)),
    }
}

/// A transaction; with the store as it was then, what differs of each object.
fn told(request: &Request, txn: &PastTxn, then: Option<&ReadView>) -> Revision {
    let changes: BTreeMap<&Bytes, &PastChange> =
        txn.changes.iter().map(|change| (&change.key, change)).collect();
    // Parts of an object are told with it.
    let mut of_resources: BTreeMap<(&'static str, String), (Rows, &Bytes)> = BTreeMap::new();
    let mut objects = Vec::new();
    for (key, change) in &changes {
        let Some((table, id)) = table_and_id(key).filter(|(table, _)| audit::is_told(table)) else {
            continue;
        };
        let of = RESOURCES.iter().find_map(|resource| {
            let rows = resource.rows?;
            rows.id_of(key).map(|id| (resource, rows, id))
        });
        match of {
            Some((resource, rows, id)) => {
                of_resources.insert((resource.name, id), (rows, key));
            }
            None => objects.push(ChangedObject {
                resource: None,
                table: table.to_owned(),
                name: called::of_machine(&request.view, &id).unwrap_or_else(|| id.clone()),
                id,
                change: kind(change.before.is_some(), change.after.is_some()).to_owned(),
                differences: then.map(|_| Vec::new()),
            }),
        }
    }
    let kept = if then.is_some() { usize::MAX } else { OBJECTS_MAX };
    let more = (objects.len() + of_resources.len()).saturating_sub(kept);
    objects.truncate(kept);
    let room = kept - objects.len();
    for ((resource, id), (rows, key)) in of_resources.into_iter().take(room) {
        let keys = rows.keys_at(key).unwrap_or_default();
        objects.push(object(request, (resource, rows), (id, &keys), &changes, then));
    }
    let done = &txn.done;
    Revision {
        revision: done.revision,
        time: time_of(done),
        actor: done.actor.clone(),
        reason: done.reason.clone(),
        objects,
        more,
    }
}

fn object(
    request: &Request,
    (resource, rows): (&'static str, Rows),
    (id, keys): (String, &[Bytes]),
    changes: &BTreeMap<&Bytes, &PastChange>,
    then: Option<&ReadView>,
) -> ChangedObject {
    let unchanged = |key: &Bytes| match then {
        Some(then) => then.get(key).map(|found| found.value),
        None => request.view_value(key),
    };
    let of = |side: fn(&PastChange) -> Option<Bytes>| -> Vec<Option<Bytes>> {
        let value =
            |key: &Bytes| changes.get(key).map_or_else(|| unchanged(key), |change| side(change));
        keys.iter().map(value).collect()
    };
    let before =
        rows.shown(keys, &of(|change| change.before.as_ref().map(|was| was.value.clone())));
    let after = rows.shown(keys, &of(|change| change.after.clone()));
    let mut sides = [&after, &before].into_iter().flatten();
    let name = sides.find_map(|row| called::row(&request.view, rows.table, row));
    let row = keys.first().and_then(|key| changes.get(key));
    let change = match row {
        Some(change) => kind(change.before.is_some(), change.after.is_some()),
        None => "update",
    };
    let none = Value::Null;
    let differing = then.map(|_| {
        let (before, after) = (before.as_ref().unwrap_or(&none), after.as_ref().unwrap_or(&none));
        called::differing(&request.view, before, after)
    });
    ChangedObject {
        resource: Some(resource.to_owned()),
        table: rows.table.to_owned(),
        name: name.unwrap_or_else(|| id.clone()),
        id,
        change: change.to_owned(),
        differences: differing,
    }
}

fn kind(was: bool, is: bool) -> &'static str {
    match (was, is) {
        (false, _) => "create",
        (true, false) => "delete",
        (true, true) => "update",
    }
}
