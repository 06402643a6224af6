//! What users changed at a revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use raft_store::past::records::PastChange;
use raft_store::read::ReadView;
use tables::error::TableError;
use tables::update::Tables;

use crate::error::Refusal;

/// What users changed at a revision.
pub(super) struct Past {
    pub(super) revision: u64,
    pub(super) changes: BTreeMap<Bytes, PastChange>,
    /// The store as it was then.
    pub(super) then: ReadView,
}

impl Past {
    /// Reads it.
    pub(super) async fn read(tables: &Tables, revision: u64) -> Result<Self, Refusal> {
        let store = tables.store();
        if revision > tables.view().await?.revision() {
            return Err(Refusal::NotFound { model: "Revision" });
        }
        let txns = store.changes_of(revision).await.map_err(TableError::from)?;
        let by_users = txns.into_iter().filter(|txn| txn.done.actor.starts_with("user:"));
        let changes: BTreeMap<Bytes, PastChange> = by_users
            .flat_map(|txn| txn.changes)
            .map(|change| (change.key.clone(), change))
            .collect();
        let then = store.read_at(revision).await.map_err(TableError::from)?;
        Ok(Self { revision, changes, then })
    }
}
