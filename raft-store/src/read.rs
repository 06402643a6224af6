//! Reading: one consistent view of all keys at a revision.

mod range;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use self::range::{Bounds, Direction};
use crate::database::Snapshot;
use crate::fatal::end_process;
use crate::keys::{self, GENERATION_BYTES, Table};
use crate::state::{Applied, history};
use crate::stored;

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consistency {
    /// Sees everything that was acknowledged before the read began, on any node.
    #[default]
    Linearizable,
    /// Sees some earlier state of this node; works without a quorum.
    Stale,
}

/// A value with the revision that last changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The value.
    pub value: Bytes,
    /// The revision that wrote it.
    pub revision: u64,
}

/// Keys with their values.
pub(crate) type Keys = BTreeMap<Bytes, Versioned>;

/// A key that was changed, and the value that it got; none when it was deleted.
pub type KeyChange = (Bytes, Option<Bytes>);

/// The history of a store in memory.
pub(crate) trait Past: std::fmt::Debug + Send + Sync {
    /// What was changed after a revision and up to another; none when that are more than `limit`
    /// transactions.
    fn changes_between(&self, after: u64, until: u64, limit: usize) -> Option<Vec<KeyChange>>;
}

/// Why a read is not possible now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No quorum confirmed that this node is up to date.
    #[error("no linearizable read now: {reason}")]
    Unavailable {
        /// What was missing.
        reason: String,
    },
    /// The revision is older than the history that is kept.
    #[error("revision {requested} is compacted; the oldest is {oldest}")]
    Compacted {
        /// What was asked for.
        requested: u64,
        /// The oldest revision that can be read.
        oldest: u64,
    },
    /// The store on this node failed and the process is about to end.
    #[error("the store failed: {reason}")]
    Failed {
        /// What failed.
        reason: String,
    },
}

/// All keys as they were at one revision. It does not change, however long it is kept; it should
/// not be kept for long, because the database keeps what it shows.
#[derive(Debug, Clone)]
pub struct ReadView {
    revision: u64,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Memory {
        keys: Arc<Keys>,
        history: Arc<dyn Past>,
    },
    Disk {
        view: Arc<Snapshot>,
        generation: u32,
        /// The revision that the history in the view begins after.
        oldest: u64,
        /// What differs from the view at an earlier revision.
        before: Arc<BTreeMap<Bytes, Option<Versioned>>>,
    },
}

impl ReadView {
    pub(crate) fn in_memory(revision: u64, keys: Arc<Keys>, history: Arc<dyn Past>) -> Self {
        Self { revision, source: Source::Memory { keys, history } }
    }

    pub(crate) fn of(view: Snapshot, applied: &Applied) -> Self {
        let source = Source::Disk {
            view: Arc::new(view),
            generation: applied.generation,
            oldest: applied.oldest(),
            before: Arc::default(),
        };
        Self { revision: applied.index(), source }
    }

    pub(crate) fn at(view: Snapshot, applied: &Applied, revision: u64) -> Result<Self, ReadError> {
        if revision < applied.oldest() {
            return Err(ReadError::Compacted { requested: revision, oldest: applied.oldest() });
        }
        if revision > applied.index() {
            let reason = format!("revision {revision} is in the future");
            return Err(ReadError::Unavailable { reason });
        }
        let before = Arc::new(history::undo_after(&view, applied, revision));
        let view = Arc::new(view);
        let (generation, oldest) = (applied.generation, applied.oldest());
        let source = Source::Disk { view, generation, oldest, before };
        Ok(Self { revision, source })
    }

    /// The same view with other values of some keys, or none.
    #[cfg(test)]
    fn with_before(mut self, other: BTreeMap<Bytes, Option<Versioned>>) -> Self {
        if let Source::Disk { before, .. } = &mut self.source {
            *before = Arc::new(other);
        }
        self
    }

    /// The revision of the view: it shows all changes up to it and none after it.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Versioned> {
        match &self.source {
            Source::Memory { keys, .. } => keys.get(key).cloned(),
            Source::Disk { view, generation, before, .. } => match before.get(key) {
                Some(previous) => previous.clone(),
                None => view.get(Table::State, &keys::state(*generation, key)).map(decode),
            },
        }
    }

    /// All keys that begin with `prefix`, in order.
    #[must_use]
    pub fn range(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        self.scan(&Bounds::of_prefix(prefix), Direction::Forward).collect()
    }

    /// The first keys that begin with `prefix` and are not less than `start`, in order, at most
    /// `limit`. It reads no more than it returns. To go on behind a key, pass it with a zero byte
    /// after it.
    #[must_use]
    pub fn range_from(&self, prefix: &[u8], start: &[u8], limit: usize) -> Vec<(Bytes, Versioned)> {
        let bounds = Bounds::of_prefix(prefix).from(start);
        self.scan(&bounds, Direction::Forward).take(limit).collect()
    }

    /// The last keys that begin with `prefix`, the greatest first, at most `limit`. It reads no more
    /// than it returns.
    #[must_use]
    pub fn range_back(&self, prefix: &[u8], limit: usize) -> Vec<(Bytes, Versioned)> {
        self.scan(&Bounds::of_prefix(prefix), Direction::Back).take(limit).collect()
    }

    /// Like [`range_back`](Self::range_back), of the keys that are less than `before`: to go on, pass
    /// the last key that came.
    #[must_use]
    pub fn range_back_before(
        &self,
        prefix: &[u8],
        before: &[u8],
        limit: usize,
    ) -> Vec<(Bytes, Versioned)> {
        let bounds = Bounds::of_prefix(prefix).before(before);
        self.scan(&bounds, Direction::Back).take(limit).collect()
    }

    /// What was changed after a revision and up to this view's, in order: each key with the value it
    /// got, none when it was deleted. A key that changed more than once comes more than once.
    ///
    /// None when that cannot be told: the history begins later, the view is one of the past, or
    /// more than `limit` transactions came after the revision. Then the keys have to be read.
    #[must_use]
    pub fn changes_after(&self, revision: u64, limit: usize) -> Option<Vec<KeyChange>> {
        match &self.source {
            Source::Memory { history, .. } => {
                history.changes_between(revision, self.revision, limit)
            }
            Source::Disk { view, generation, oldest, before } => {
                let known = before.is_empty() && *oldest <= revision;
                known.then(|| history::changes_after(view, *generation, revision, limit))?
            }
        }
    }

    /// The keys within the bounds, read one by one.
    fn scan(&self, bounds: &Bounds, direction: Direction) -> Scanned<'_> {
        match &self.source {
            Source::Memory { keys, .. } => {
                let pairs = bounds.within(keys, direction);
                Box::new(pairs.map(|(key, value)| (key.clone(), value.clone())))
            }
            Source::Disk { view, generation, before, .. } => {
                let (from, to) = bounds.stored(*generation);
                let scan = match direction {
                    Direction::Forward => view.scan(Table::State, from, to),
                    Direction::Back => view.scan_back(Table::State, from, to),
                };
                let stored = scan.map(|(key, value)| {
                    let key = Bytes::from(key).slice(GENERATION_BYTES..);
                    (key, decode(value.into_vec()))
                });
                if before.is_empty() {
                    return Box::new(stored);
                }
                Box::new(range::overlaid(stored, bounds.within(before, direction), direction))
            }
        }
    }
}

/// Keys with their values, as they are read.
type Scanned<'a> = Box<dyn Iterator<Item = (Bytes, Versioned)> + 'a>;

fn decode(bytes: Vec<u8>) -> Versioned {
    match stored::decode_value(bytes) {
        Ok(value) => Versioned { value: value.value, revision: value.revision },
        Err(error) => end_process("decoding a value of the store", &error),
    }
}
