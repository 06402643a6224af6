//! What became of an object, when, by whom and why: from the history of the store.

use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use raft_store::past::records::{Done, KeyPast};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::called;
use crate::difference::Difference;
use crate::problem::Problem;
use crate::read;
use crate::request::{Input, Request};
use crate::resource::Resource;
use crate::revision;

/// How many changes are told by default, and at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// The parameters, with what they mean.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("before", "Only changes before this revision: `next` of the page before."),
    ("limit", "How many changes: 50 by default, 500 at most."),
];

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Change {
    /// Its revision.
    pub revision: u64,
    /// When it was written (RFC 3339).
    pub time: String,
    /// Who made it: `user:admin`, `machine:abc123`, `reconciler:power`.
    pub actor: String,
    /// The operation.
    pub reason: String,
    /// `create`, `update` or `delete`.
    pub change: String,
    /// What differs, as the row is stored, without secrets, and with the names of what it refers to.
    pub differences: Vec<Difference>,
}

/// Changes of an object.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct History {
    /// The changes, newest first.
    pub changes: Vec<Change>,
    /// The `before` of the next page; none when this is the last one.
    pub next: Option<u64>,
    /// All changes after this revision are known; of earlier ones not all may be.
    pub known_after: u64,
}

/// The history of an object.
///
/// # Errors
/// 404 when there is no such object, and nothing is known of one.
pub async fn answer(
    request: Request,
    resource: &'static Resource,
    input: &Input,
) -> Result<Response, Problem> {
    let rows = resource.rows.ok_or_else(|| Problem::new(404, "Nothing is kept of these."))?;
    let before = revision::number(&input.params, "before")?;
    let limit = revision::number(&input.params, "limit")?.map_or(Ok(LIMIT_DEFAULT), |limit| {
        usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Problem::parameter("limit", format!("It is from 1 to {LIMIT_MAX}.")))
    })?;
    let object = read::find(&request, resource, input.value(resource.singular)).await?;
    let keys = rows.keys(&object).unwrap_or_default();
    let store = request.live.store();
    let (mut pasts, mut known_after, mut goes_on) = (Vec::new(), 0, false);
    for key in &keys {
        let past = store.past_of(key.clone(), before, limit).await;
        let past = past.map_err(tables::error::TableError::from)?;
        known_after = known_after.max(past.known_after);
        goes_on |= past.next.is_some();
        pasts.push(Past { now: request.view_value(key), changes: past.changes });
    }
    let mut revisions: Vec<&Done> =
        pasts.iter().flat_map(|past| past.changes.iter().map(|change| &change.done)).collect();
    revisions.sort_by_key(|done| std::cmp::Reverse(done.revision));
    revisions.dedup_by_key(|done| done.revision);
    let is_cut = goes_on || revisions.len() > limit;
    revisions.truncate(limit);
    let next = revisions.last().filter(|_| is_cut).map(|last| last.revision);
    let changes = revisions.iter().filter_map(|done| {
        let side = |revision| {
            let row = rows.shown(&keys, &values(&pasts, revision));
            let was_there = row.is_some();
            Side { was_there, seen: row.and_then(|row| resource.row_seen_by(&request.actor, row)) }
        };
        change(&request, done, side(done.revision.saturating_sub(1)), side(done.revision))
    });
    let changes: Vec<Change> = changes.collect();
    let history = History { changes, next, known_after };
    let body = serde_json::to_value(history).unwrap_or_default();
    Ok(read::answer(&request, StatusCode::OK, body))
}

/// What is known of a key.
struct Past {
    now: Option<Bytes>,
    /// Newest first.
    changes: Vec<KeyPast>,
}

/// The values of some keys after a revision.
fn values(pasts: &[Past], revision: u64) -> Vec<Option<Bytes>> {
    let value = |past: &Past| {
        let Some(oldest) = past.changes.last() else { return past.now.clone() };
        match past.changes.iter().find(|change| change.done.revision <= revision) {
            Some(change) => change.after.clone(),
            None => oldest.before.as_ref().map(|before| before.value.clone()),
        }
    };
    pasts.iter().map(value).collect()
}

/// A time of the log as it is told (RFC 3339).
pub(crate) fn time_of(done: &Done) -> String {
    let time = i64::try_from(done.time_ms).ok().map(jiff::Timestamp::from_millisecond);
    time.and_then(Result::ok).map(|time| time.to_string()).unwrap_or_default()
}

/// An object before a change, or after it.
struct Side {
    was_there: bool,
    /// What whoever asks might have seen of it then.
    seen: Option<Value>,
}

/// A change as whoever asks is told it; none when it was hidden before and after.
fn change(request: &Request, done: &Done, before: Side, after: Side) -> Option<Change> {
    if before.seen.is_none() && after.seen.is_none() && (before.was_there || after.was_there) {
        return None;
    }
    let kind = match (before.was_there, after.was_there) {
        (false, _) => "create",
        (true, false) => "delete",
        (true, true) => "update",
    };
    let (before, after) = (before.seen.unwrap_or_default(), after.seen.unwrap_or_default());
    Some(Change {
        revision: done.revision,
        time: time_of(done),
        actor: done.actor.clone(),
        reason: done.reason.clone(),
        change: kind.to_owned(),
        differences: called::differing(&request.view, &before, &after),
    })
}
