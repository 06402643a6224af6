//! What some batches of the history changed, by object, and how watchers and webhooks are told.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::access::Role;
use model::query::Query;
use raft_store::watch::Batch;
use serde_json::{Value, json};
use tables::error::TableError;

use crate::problem::Problem;
use crate::registry::find;
use crate::request::Request;
use crate::resource::Resource;
use crate::watch::shown::Shown;

/// How many changes of an object are looked at, to know whether it was seen before.
const LOOKED_BACK_MAX: usize = 64;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It was written.
    Put,
    /// It was removed.
    Deleted,
}

/// A change of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The revision at which it was changed last.
    pub(crate) revision: u64,
    pub(crate) became: Became,
    /// The key of its row, if that was written; its parts do not say who may see it.
    row: Option<Bytes>,
}

/// What became of objects, by resource and id.
pub(crate) type Changed = BTreeMap<(&'static str, String), Change>;

/// What became of the objects of these kinds.
pub(crate) fn changed(resources: &[&'static Resource], batches: &[Batch]) -> Changed {
    let mut changed = Changed::new();
    for batch in batches {
        for change in &batch.changes {
            let Some((resource, id, is_row)) = object_of(resources, &change.key) else { continue };
            let became =
                if change.value.is_none() && is_row { Became::Deleted } else { Became::Put };
            let revision = batch.revision;
            let row = is_row.then(|| change.key.clone());
            let new = Change { revision, became, row: None };
            let known = changed.entry((resource.name, id)).or_insert(new);
            // Within a revision a row that goes takes its parts with it.
            let is_same = known.revision == revision && known.became == Became::Deleted;
            known.became = if is_same { Became::Deleted } else { became };
            known.revision = revision;
            known.row = row.or_else(|| known.row.take());
        }
    }
    changed
}

/// The object that a key of the store is of, and whether the key is its row and no part of it.
fn object_of(
    resources: &[&'static Resource],
    key: &[u8],
) -> Option<(&'static Resource, String, bool)> {
    resources.iter().find_map(|resource| {
        let rows = resource.rows?;
        let id = rows.id_of(key)?;
        Some((*resource, id, rows.is_row(key)))
    })
}

/// The changes after a revision as whoever asks is told them, each with its object as it is then or later. What was hidden
/// before and is hidden now is not told of.
///
/// # Errors
/// When this region cannot tell.
pub(crate) async fn told(
    request: &Request,
    shown: &Shown,
    filter: Option<&Query>,
    (after, changed): (u64, Changed),
) -> Result<Vec<Value>, Problem> {
    let mut changes = Vec::with_capacity(changed.len());
    for ((resource, id), change) in changed {
        let Some(kind) = find(resource) else { continue };
        let Change { revision, became, .. } = change;
        let entry = |what: &str| json!({ "resource": resource, "id": id, "revision": revision, "change": what });
        let object = match became {
            Became::Put => match shown.object(request, kind, &id, revision).await {
                // It may see none of the kind.
                Err(problem) if problem.status == 403 => continue,
                found => found?,
            },
            Became::Deleted => None,
        };
        if object.is_none() && !was_seen(request, kind, &change, after).await? {
            continue;
        }
        let meant = object.as_ref().filter(|object| object.is_meant_by(filter));
        changes.push(match (became, meant) {
            (Became::Deleted, _) => entry("deleted"),
            (Became::Put, None) => entry("left"),
            (Became::Put, Some(object)) => {
                let mut put = entry("put");
                put["object"] = object.json();
                put
            }
        });
    }
    Ok(changes)
}

/// Whether whoever asks may have seen an object at some time after a revision, before a change. What its reader never saw,
/// it is not told the id of, nor when it changes.
async fn was_seen(
    request: &Request,
    kind: &'static Resource,
    change: &Change,
    after: u64,
) -> Result<bool, Problem> {
    if request.actor.role() == Role::Superuser || kind.row_seen.is_none() {
        return Ok(true);
    }
    let Some((row, rows)) = change.row.as_ref().zip(kind.rows) else { return Ok(false) };
    let past = request
        .live
        .store()
        .past_of(row.clone(), change.revision.checked_add(1), LOOKED_BACK_MAX)
        .await;
    let past = past.map_err(TableError::from)?;
    let mut since = past.changes.iter().take_while(|known| known.done.revision > after);
    Ok(since.any(|known| {
        let before = known.before.as_ref().map(|before| before.value.clone());
        let before = rows.shown(std::slice::from_ref(row), &[before]);
        before.and_then(|before| kind.row_seen_by(&request.actor, before)).is_some()
    }))
}
