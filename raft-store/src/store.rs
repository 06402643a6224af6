//! The store's door: open, transact, read, watch, members.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::read::{Consistency, ReadError, ReadView, Versioned};
use crate::txn::{Committed, Expected, TransactError, Txn, Write};
use crate::watch::{Batch, Change, Watch, WatchError};

/// Who leads, as this node knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The Raft term.
    pub term: u64,
    /// The leader's node id, when there is one.
    pub leader: Option<u64>,
    /// Whether this node is the leader and may run reconcilers.
    pub leading: bool,
}

/// A handle to the store of this node; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Mutex<Inner>>,
    leadership: watch::Sender<Leadership>,
}

#[derive(Debug, Default)]
struct Inner {
    revision: u64,
    state: Arc<BTreeMap<Bytes, Versioned>>,
    history: VecDeque<Batch>,
    watchers: Vec<(Vec<Bytes>, mpsc::Sender<Batch>)>,
    answers: BTreeMap<[u8; 16], Result<Committed, TransactError>>,
}

impl Store {
    /// A store of one node that keeps everything in memory: for tests of what stands on it.
    #[must_use]
    pub fn in_memory() -> Self {
        let leadership = Leadership { term: 1, leader: Some(1), leading: true };
        Self { inner: Arc::default(), leadership: watch::Sender::new(leadership) }
    }

    /// Applies a transaction, on any node; returns once it is committed and applied here.
    ///
    /// # Errors
    /// See [`TransactError`]: only `Unknown` leaves the outcome open.
    #[expect(
        clippy::unused_async,
        clippy::missing_panics_doc,
        reason = "interface of the replicated store"
    )]
    pub async fn transact(&self, txn: Txn) -> Result<Committed, TransactError> {
        let mut inner = self.inner.lock().expect("no panic while locked");
        if let Some(answer) = txn.meta.request_id.and_then(|id| inner.answers.get(&id)) {
            return answer.clone();
        }
        let answer = inner.apply(&txn);
        if let Some(id) = txn.meta.request_id {
            inner.answers.insert(id, answer.clone());
        }
        answer
    }

    /// A consistent view of all keys.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] without a quorum, unless `Stale` was asked for.
    #[expect(
        clippy::unused_async,
        clippy::missing_panics_doc,
        reason = "interface of the replicated store"
    )]
    pub async fn read(&self, _consistency: Consistency) -> Result<ReadView, ReadError> {
        let inner = self.inner.lock().expect("no panic while locked");
        Ok(ReadView { revision: inner.revision, state: Arc::clone(&inner.state) })
    }

    /// Every later change of keys that begin with one of `prefixes`, from `after_revision` on.
    ///
    /// # Errors
    /// [`WatchError::Compacted`] when the history does not reach back that far.
    #[expect(
        clippy::unused_async,
        clippy::missing_panics_doc,
        reason = "interface of the replicated store"
    )]
    pub async fn watch(
        &self,
        prefixes: Vec<Bytes>,
        after_revision: u64,
    ) -> Result<Watch, WatchError> {
        let mut inner = self.inner.lock().expect("no panic while locked");
        let (sender, batches) = mpsc::channel(65_536);
        for batch in inner.history.iter().filter(|batch| batch.revision > after_revision) {
            if let Some(part) = part_of(batch, &prefixes) {
                let _ = sender.try_send(part);
            }
        }
        inner.watchers.push((prefixes, sender));
        Ok(Watch { batches })
    }

    /// Who leads, and every change of it.
    #[must_use]
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.subscribe()
    }
}

impl Inner {
    fn apply(&mut self, txn: &Txn) -> Result<Committed, TransactError> {
        for compare in &txn.compares {
            let actual = self.state.get(&compare.key).map(|value| value.revision);
            let holds = match compare.expected {
                Expected::Absent => actual.is_none(),
                Expected::Revision(revision) => actual == Some(revision),
            };
            if !holds {
                return Err(TransactError::Conflict { key: compare.key.clone() });
            }
        }
        self.revision += 1;
        let revision = self.revision;
        let state = Arc::make_mut(&mut self.state);
        let mut changes = Vec::new();
        for write in &txn.writes {
            let value = match write {
                Write::Put { key, value } => {
                    state.insert(key.clone(), Versioned { value: value.clone(), revision });
                    Some(value.clone())
                }
                Write::Delete { key } => {
                    state.remove(key);
                    None
                }
            };
            changes.push(Change { key: write.key().clone(), value });
        }
        let batch = Batch { revision, changes };
        self.watchers.retain(|(prefixes, sender)| {
            part_of(&batch, prefixes).is_none_or(|part| sender.try_send(part).is_ok())
        });
        self.history.push_back(batch);
        Ok(Committed { revision })
    }
}

fn part_of(batch: &Batch, prefixes: &[Bytes]) -> Option<Batch> {
    let wanted = |change: &&Change| prefixes.iter().any(|prefix| change.key.starts_with(prefix));
    let changes: Vec<Change> = batch.changes.iter().filter(wanted).cloned().collect();
    (!changes.is_empty()).then_some(Batch { revision: batch.revision, changes })
}
