//! Plans: what a transaction would do, without doing it, and the inverse of what was done.
//!
//! A plan is evaluated on one linearizable view. Applying it compares every key that it read or
//! writes with that view, so it does what it showed or nothing.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::read::{Consistency, ReadError, ReadView, Versioned};
use crate::state::history::{Past, PastRevision};
use crate::store::{Backend, Store};
use crate::txn::{Compare, Expected, Meta, Txn, Write};
use crate::{memory, state};

/// What a transaction would do at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The revision that it was evaluated at.
    pub revision: u64,
    /// How it would end.
    pub forecast: Forecast,
    /// What would be there before and after, in the order of the writes; empty unless it commits.
    pub changes: Vec<PlannedChange>,
    txn: Txn,
}

/// How a planned transaction would end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// It would be applied.
    Commits,
    /// The compare of this key would fail.
    Conflict {
        /// The first such key.
        key: Bytes,
    },
    /// It could never be applied.
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}

/// What a planned transaction would do to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChange {
    /// The key.
    pub key: Bytes,
    /// What is there; none when the key is absent.
    pub before: Option<Versioned>,
    /// What would be there; none when the key would be deleted.
    pub after: Option<Bytes>,
}

impl Plan {
    /// The transaction that does what the plan shows, or conflicts: it compares the keys that the
    /// plan writes beside those that the planned transaction compared.
    #[must_use]
    pub fn into_txn(self) -> Txn {
        let mut txn = self.txn;
        let compared: BTreeSet<Bytes> =
            txn.compares.iter().map(|compare| compare.key.clone()).collect();
        let written = self.changes.into_iter().filter(|change| !compared.contains(&change.key));
        txn.compares.extend(
            written.map(|change| Compare {
                key: change.key,
                expected: expected(change.before.as_ref()),
            }),
        );
        txn
    }
}

/// Why what was done cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// Nothing was changed at this revision.
    #[error("revision {revision} changed nothing")]
    Unchanged {
        /// What was asked for.
        revision: u64,
    },
    /// The key was changed again since.
    #[error("key {} was changed after revision {revision}", String::from_utf8_lossy(key))]
    Moved {
        /// The first such key.
        key: Bytes,
        /// What was to be undone.
        revision: u64,
    },
    /// The history or the present cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Store {
    /// What `txn` would do now. Nothing is sent to the other nodes but what a linearizable read
    /// needs. `plan.into_txn()` is what to [`transact`](Self::transact) to carry it out: it does
    /// exactly what the plan shows, or conflicts.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] without a quorum.
    pub async fn plan(&self, txn: Txn) -> Result<Plan, ReadError> {
        let view = self.read(Consistency::Linearizable).await?;
        Ok(evaluate(&view, txn))
    }

    /// The plan that takes back everything that was written at `revision`, by all transactions that
    /// share it: each key gets the value it had before. It is the exact inverse: it is refused if
    /// any of the keys was changed since, and conflicts if one is changed until it is carried out.
    ///
    /// # Errors
    /// See [`UndoError`].
    pub async fn undo(&self, revision: u64, meta: Meta) -> Result<Plan, UndoError> {
        let (view, past) = match &self.backend {
            Backend::Memory { memory, .. } => {
                let (at, keys) = memory.read();
                (ReadView::in_memory(at, keys, memory.clone()), past_in_memory(memory, revision)?)
            }
            Backend::Node(node) => {
                node.read_barrier().await?;
                let (view, applied) = node.view();
                let oldest = applied.oldest();
                if revision <= oldest {
                    return Err(ReadError::Compacted { requested: revision, oldest }.into());
                }
                let past = state::history::past(&view, &applied, revision);
                (ReadView::of(view, &applied), past)
            }
        };
        inverse(&view, revision, past, meta)
    }
}

fn past_in_memory(memory: &memory::Memory, revision: u64) -> Result<PastRevision, UndoError> {
    let compacted = |oldest| ReadError::Compacted { requested: revision, oldest };
    let before = memory.read_at(revision.saturating_sub(1)).map_err(compacted)?;
    let (changes, later) = memory.changes_at(revision);
    let past = |change: crate::watch::Change| Past {
        before: before.get(&change.key).map(|found| found.value.clone()),
        key: change.key,
        after: change.value,
    };
    Ok(PastRevision { changes: changes.into_iter().map(past).collect(), later })
}

fn evaluate(view: &ReadView, txn: Txn) -> Plan {
    let (forecast, changes) = match forecast(view, &txn) {
        Forecast::Commits => (Forecast::Commits, planned(view, &txn.writes)),
        refused @ (Forecast::Conflict { .. } | Forecast::Invalid { .. }) => (refused, Vec::new()),
    };
    Plan { revision: view.revision(), forecast, changes, txn }
}

fn forecast(view: &ReadView, txn: &Txn) -> Forecast {
    if let Err(reason) = state::validate(&txn.clone().into_wire()) {
        return Forecast::Invalid { reason };
    }
    let fails = |compare: &&Compare| compare.expected != expected(view.get(&compare.key).as_ref());
    match txn.compares.iter().find(fails) {
        Some(compare) => Forecast::Conflict { key: compare.key.clone() },
        None => Forecast::Commits,
    }
}

fn planned(view: &ReadView, writes: &[Write]) -> Vec<PlannedChange> {
    let change = |write: &Write| {
        let after = match write {
            Write::Put { value, .. } => Some(value.clone()),
            Write::Delete { .. } => None,
        };
        PlannedChange { key: write.key().clone(), before: view.get(write.key()), after }
    };
    writes.iter().map(change).collect()
}

fn inverse(
    view: &ReadView,
    revision: u64,
    past: PastRevision,
    meta: Meta,
) -> Result<Plan, UndoError> {
    if past.changes.is_empty() {
        return Err(UndoError::Unchanged { revision });
    }
    if let Some(moved) = past.changes.iter().find(|change| past.later.contains(&change.key)) {
        return Err(UndoError::Moved { key: moved.key.clone(), revision });
    }
    let compare = |change: &Past| Compare {
        key: change.key.clone(),
        expected: match change.after {
            Some(_) => Expected::Revision(revision),
            None => Expected::Absent,
        },
    };
    let compares = past.changes.iter().map(compare).collect();
    let write = |change: Past| match change.before {
        Some(value) => Write::Put { key: change.key, value },
        None => Write::Delete { key: change.key },
    };
    let writes = past.changes.into_iter().map(write).collect();
    Ok(evaluate(view, Txn { compares, writes, meta }))
}

fn expected(found: Option<&Versioned>) -> Expected {
    found.map_or(Expected::Absent, |found| Expected::Revision(found.revision))
}
