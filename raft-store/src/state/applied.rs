//! What was applied: everything that moves with one batch of applied entries.

use std::collections::BTreeSet;
use std::sync::Arc;

use proto::raft as wire;

use super::digest::Digest;
use crate::database::{Database, Op, Snapshot};
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::stored::{self, StoredError};
use crate::types::{LogId, Membership, SnapshotMeta, StoredMembership};
use crate::version;

/// The record of what was applied cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the record of what was applied is unreadable")]
pub struct AppliedError(#[from] StoredError);

/// What was applied.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub(crate) log_id: Option<LogId>,
    pub(crate) membership: StoredMembership,
    /// The greatest time seen in the log.
    pub(crate) clock_ms: u64,
    /// History before this revision is gone.
    pub(crate) compacted: u64,
    /// Stands in front of all replicated keys.
    pub(crate) generation: u32,
    /// Ids of nodes that were members and are not any more.
    pub(crate) retired: BTreeSet<u64>,
    /// The digest of everything that was applied.
    pub(crate) digest: Digest,
    /// The cluster version, from 1.
    pub(crate) version: u32,
    /// How many bytes of history were ever written.
    pub(crate) history_bytes: u64,
}

impl Default for Applied {
    fn default() -> Self {
        Self {
            log_id: None,
            membership: StoredMembership::default(),
            clock_ms: 0,
            compacted: 0,
            generation: 0,
            retired: BTreeSet::new(),
            digest: Digest::default(),
            version: version::FIRST,
            history_bytes: 0,
        }
    }
}

impl Applied {
    /// Reads it through `get`, which reads the table `meta`.
    pub(crate) fn load(get: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Result<Self, AppliedError> {
        let Some(bytes) = get(keys::META_APPLIED) else { return Ok(Self::default()) };
        let applied: wire::Applied = stored::decode(&bytes).map_err(AppliedError)?;
        Ok(Self::from_wire(applied)?)
    }

    pub(crate) fn put(&self) -> Op {
        let value = stored::encode(&self.to_wire());
        Op::Put { table: Table::Meta, key: keys::META_APPLIED.to_vec(), value }
    }

    /// Takes in the members of an entry; who is not among them any more never comes back.
    pub(crate) fn change_members(&mut self, log_id: LogId, members: Membership) {
        let before = self.membership.nodes().map(|(id, _)| *id);
        let gone: Vec<u64> = before.filter(|id| members.get_node(id).is_none()).collect();
        self.retired.extend(gone);
        self.membership = StoredMembership::new(Some(log_id), members);
    }

    pub(crate) fn index(&self) -> u64 {
        self.log_id.map_or(0, |log_id| log_id.index)
    }

    /// The oldest revision after which the history is complete.
    pub(crate) fn oldest(&self) -> u64 {
        self.compacted.saturating_sub(1)
    }

    pub(crate) fn meta(&self) -> SnapshotMeta {
        SnapshotMeta { last_log_id: self.log_id, last_membership: self.membership.clone() }
    }

    pub(crate) fn to_wire(&self) -> wire::Applied {
        wire::Applied {
            log_id: self.log_id.map(stored::log_id_to_wire),
            membership: Some(stored::stored_membership_to_wire(&self.membership)),
            clock_ms: self.clock_ms,
            compacted: self.compacted,
            generation: self.generation,
            retired_ids: self.retired.iter().copied().collect(),
            digest: self.digest.value,
            marks: self.digest.marks.iter().copied().collect(),
            cluster_version: self.version,
            history_bytes: self.history_bytes,
        }
    }

    pub(crate) fn from_wire(applied: wire::Applied) -> Result<Self, StoredError> {
        Ok(Self {
            log_id: applied.log_id.map(stored::log_id_from_wire),
            membership: stored::stored_membership_from_wire(applied.membership)?,
            clock_ms: applied.clock_ms,
            compacted: applied.compacted,
            generation: applied.generation,
            retired: applied.retired_ids.into_iter().collect(),
            digest: Digest { value: applied.digest, marks: applied.marks.into() },
            version: applied.cluster_version.max(version::FIRST),
            history_bytes: applied.history_bytes,
        })
    }
}

/// Reads what was applied in a snapshot of the database.
fn applied_in(view: &Snapshot) -> Result<Applied, AppliedError> {
    Applied::load(|key| view.get(Table::Meta, key))
}

/// The database as it is now and what is applied in it.
pub(crate) fn view_of(database: &Arc<Database>) -> (Snapshot, Applied) {
    let view = Snapshot::take(database);
    match applied_in(&view) {
        Ok(applied) => (view, applied),
        Err(error) => end_process("reading what was applied", &error),
    }
}
