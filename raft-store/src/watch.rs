//! Watching: every change of chosen keys, in order, from a revision on, without gaps.

use bytes::Bytes;
use tokio::sync::mpsc;

/// All changes of one revision that concern the watched prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The revision. Later batches have greater ones; a revision is never split.
    pub revision: u64,
    /// The changes, in the order they were written. Empty in a progress mark, which says that
    /// everything up to `revision` was delivered.
    pub changes: Vec<Change>,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Bytes,
    /// Its new value; none when it was deleted.
    pub value: Option<Bytes>,
}

/// Why a watch cannot start or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The history before `oldest` is gone: read everything again and watch from there.
    #[error("revision {requested} is compacted; the oldest is {oldest}")]
    Compacted {
        /// What was asked for.
        requested: u64,
        /// The oldest revision a watch can start after.
        oldest: u64,
    },
    /// The watcher was too slow, or the node is stopping. Start again after the last revision seen.
    #[error("the watch ended")]
    Ended,
}

/// A running watch.
#[derive(Debug)]
pub struct Watch {
    pub(crate) batches: mpsc::Receiver<Batch>,
}

impl Watch {
    /// The next batch; waits for it.
    ///
    /// # Errors
    /// [`WatchError::Ended`] when the watch cannot go on.
    pub async fn next(&mut self) -> Result<Batch, WatchError> {
        self.batches.recv().await.ok_or(WatchError::Ended)
    }
}
