//! What some batches of the history changed, by object, and how watchers and webhooks are told.

use std::collections::BTreeMap;

use model::query::Query;
use raft_store::watch::Batch;
use serde_json::{Value, json};

use crate::registry::find;
use crate::request::Request;
use crate::resource::Resource;
use crate::watch::shown::Shown;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It was written.
    Put,
    /// It was removed.
    Deleted,
}

/// What became of objects, by resource and id, and at which revision it did last.
pub(crate) type Changed = BTreeMap<(&'static str, String), (u64, Became)>;

/// What became of the objects of these kinds.
pub(crate) fn changed(resources: &[&'static Resource], batches: &[Batch]) -> Changed {
    let mut changed = Changed::new();
    for batch in batches {
        for change in &batch.changes {
            let Some((resource, id, is_row)) = object_of(resources, &change.key) else { continue };
            let became =
                if change.value.is_none() && is_row { Became::Deleted } else { Became::Put };
            let known = changed.entry((resource.name, id)).or_insert((batch.revision, became));
            // Within a revision a row that goes takes its parts with it.
            let is_same = known.0 == batch.revision && known.1 == Became::Deleted;
            *known = (batch.revision, if is_same { Became::Deleted } else { became });
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

/// The changes as whoever asks is told them, each with its object as it is then or later.
pub(crate) async fn told(
    request: &Request,
    shown: &Shown,
    filter: Option<&Query>,
    changed: Changed,
) -> Vec<Value> {
    let mut changes = Vec::with_capacity(changed.len());
    for ((resource, id), (revision, became)) in changed {
        let entry = |what: &str| json!({ "resource": resource, "id": id, "revision": revision, "change": what });
        let object = match (became, find(resource)) {
            (Became::Put, Some(kind)) => shown.object(request, kind, &id, revision).await,
            (Became::Deleted, _) | (_, None) => None,
        };
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
    changes
}
