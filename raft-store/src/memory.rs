//! The store of one node that keeps everything in memory, for tests of what stands on the store.
//!
//! It has the behaviour of the replicated store, without durability and without bounds on history.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::past::memory::{InMemory, Kept};
use crate::read::versioned::{KeyChange, Keys, Past, Versioned};
use crate::txn::{Committed, DecidedRequest, Expected, TransactError, Txn, Write};
use crate::version;
use crate::watch::{Batch, Change, part_of};

/// How many batches a watcher may be behind.
const WATCH_LENGTH_MAX: usize = 65_536;

#[derive(Debug)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
    cluster_version: AtomicU32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { inner: Mutex::default(), cluster_version: AtomicU32::new(version::SUPPORTED) }
    }
}

#[derive(Debug, Default)]
struct Inner {
    revision: u64,
    state: Arc<Keys>,
    /// The state before each revision, oldest first.
    before: VecDeque<(u64, Arc<Keys>)>,
    history: VecDeque<Batch>,
    kept: Kept,
    watchers: Vec<Watcher>,
    answers: BTreeMap<[u8; 16], Committed>,
}

#[derive(Debug)]
struct Watcher {
    prefixes: Vec<Bytes>,
    /// It wants what comes after this revision, which may not be there yet.
    after: u64,
    batches: mpsc::Sender<Batch>,
}

impl Watcher {
    /// Sends what concerns it; false when the watch is over.
    fn tell(&self, batch: &Batch) -> bool {
        if batch.revision <= self.after {
            return !self.batches.is_closed();
        }
        // A full queue ends the watch.
        part_of(batch, &self.prefixes).is_none_or(|part| self.batches.try_send(part).is_ok())
    }
}

/// How many earlier states can be read.
const BEFORE_LENGTH_MAX: usize = 64;

impl Memory {
    pub(crate) fn transact(&self, txn: &Txn) -> Result<Committed, TransactError> {
        let mut inner = self.inner.lock().expect("no panic while locked");
        if let Some(answer) = txn.meta.request_id.and_then(|id| inner.answers.get(&id)) {
            return Ok(*answer);
        }
        let encoded = txn.clone().into_wire();
        crate::state::validate(&encoded).map_err(|reason| TransactError::Invalid { reason })?;
        version::check_decides(&encoded, self.cluster_version())?;
        let decided = |id: &[u8; 16]| {
            let answer = inner.answers.get(id)?;
            Some(DecidedRequest { id: *id, revision: answer.revision })
        };
        let requests: Vec<_> = txn.meta.decides.iter().filter_map(decided).collect();
        if !requests.is_empty() {
            return Err(TransactError::Decided { requests });
        }
        let committed = inner.apply(txn)?;
        let ids = txn.meta.request_id.iter().chain(&txn.meta.decides);
        inner.answers.extend(ids.map(|id| (*id, committed)));
        Ok(committed)
    }

    pub(crate) fn cluster_version(&self) -> u32 {
        self.cluster_version.load(Ordering::Acquire)
    }

    pub(crate) fn set_cluster_version(&self, version: u32) {
        self.cluster_version.store(version, Ordering::Release);
    }

    pub(crate) fn read(&self) -> (u64, Arc<Keys>) {
        let inner = self.inner.lock().expect("no panic while locked");
        (inner.revision, Arc::clone(&inner.state))
    }

    /// The state at a revision, or the oldest revision that there is.
    pub(crate) fn read_at(&self, revision: u64) -> Result<Arc<Keys>, u64> {
        let inner = self.inner.lock().expect("no panic while locked");
        if revision >= inner.revision {
            return Ok(Arc::clone(&inner.state));
        }
        let oldest = inner.before.front().map_or(inner.revision, |(changed, _)| changed - 1);
        let mut before = inner.before.iter();
        match before.find(|(changed, _)| *changed > revision) {
            Some((_, state)) if revision >= oldest => Ok(Arc::clone(state)),
            Some(_) | None => Err(oldest),
        }
    }

    /// What was changed at a revision, and the keys that were changed later.
    pub(crate) fn changes_at(&self, revision: u64) -> (Vec<Change>, BTreeSet<Bytes>) {
        let inner = self.inner.lock().expect("no panic while locked");
        let at = inner.history.iter().filter(|batch| batch.revision == revision);
        let changes = at.flat_map(|batch| batch.changes.clone()).collect();
        let after = inner.history.iter().filter(|batch| batch.revision > revision);
        let later = after.flat_map(|batch| batch.changes.iter().map(|change| change.key.clone()));
        (changes, later.collect())
    }

    /// Looks at the history.
    pub(crate) fn look_back<T>(&self, look: impl FnOnce(&InMemory<'_>) -> T) -> T {
        let inner = self.inner.lock().expect("no panic while locked");
        look(&InMemory { kept: &inner.kept, keys: &inner.state, last: inner.revision })
    }

    pub(crate) fn watch(&self, prefixes: Vec<Bytes>, after: u64) -> mpsc::Receiver<Batch> {
        let mut inner = self.inner.lock().expect("no panic while locked");
        let (sender, batches) = mpsc::channel(WATCH_LENGTH_MAX);
        let watcher = Watcher { prefixes, after, batches: sender };
        if inner.history.iter().all(|batch| watcher.tell(batch)) {
            inner.watchers.push(watcher);
        }
        batches
    }
}

impl Past for Memory {
    fn changes_between(&self, after: u64, until: u64, limit: usize) -> Option<Vec<KeyChange>> {
        let inner = self.inner.lock().expect("no panic while locked");
        let from = inner.history.partition_point(|batch| batch.revision <= after);
        let to = inner.history.partition_point(|batch| batch.revision <= until).max(from);
        let changed = inner.history.range(from..to).flat_map(|batch| &batch.changes);
        let changed = changed.map(|change| (change.key.clone(), change.value.clone()));
        (to - from <= limit).then(|| changed.collect())
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
        self.before.push_back((revision, Arc::clone(&self.state)));
        if self.before.len() > BEFORE_LENGTH_MAX {
            self.before.pop_front();
        }
        self.kept.note(revision, &txn.meta, &txn.writes, &self.state);
        let state = Arc::make_mut(&mut self.state);
        let mut changes = Vec::new();
        for write in &txn.writes {
            let value = match write {
                Write::Put { key, value } => {
                    state.insert(key.clone(), Versioned { value: value.clone(), revision });
                    Some(value.clone())
                }
                Write::Delete { key } => {
                    if state.remove(key).is_none() {
                        continue;
                    }
                    None
                }
            };
            changes.push(Change { key: write.key().clone(), value });
        }
        let batch = Batch { revision, changes };
        self.watchers.retain(|watcher| watcher.tell(&batch));
        self.history.push_back(batch);
        Ok(Committed { revision })
    }
}
