//! Reading: one consistent view of all keys at a revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

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

/// All keys as they were at one revision.
#[derive(Debug, Clone)]
pub struct ReadView {
    pub(crate) revision: u64,
    pub(crate) state: Arc<BTreeMap<Bytes, Versioned>>,
}

impl ReadView {
    /// The revision of the view.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Versioned> {
        self.state.get(key).cloned()
    }

    /// All keys that begin with `prefix`, in order.
    #[must_use]
    pub fn range(&self, prefix: &[u8]) -> Vec<(Bytes, Versioned)> {
        self.state
            .range(Bytes::copy_from_slice(prefix)..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}
