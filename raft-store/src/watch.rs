//! Watching: every change of chosen keys, in order, from a revision on, without gaps.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use openraft::Instant as _;
use proto::raft as wire;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::database::Database;
use crate::metrics::Stages;
use crate::runtime::clock::{self, Instant};
use crate::runtime::mutant;
use crate::state::{Applied, history, view_of};

/// How many records of the history are read at a time, and about how many bytes.
const RECORDS_MAX: usize = 512;
const BYTES_MAX: usize = 4 << 20;
/// After so many revisions without a change of the watched keys there is a bookmark.
const PROGRESS_EVERY: u64 = 1024;
/// And after so long, if there was any revision.
const PROGRESS_AFTER: Duration = Duration::from_secs(5);

/// All changes of one revision that concern the watched prefixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The revision. Later batches have greater ones; a revision is never split.
    pub revision: u64,
    /// The changes, in the order they were written. Empty in a bookmark, which says that everything
    /// up to `revision` was delivered: a watch can begin anew after it.
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
    /// The node is stopping. Start again, on any node, after the last revision seen.
    #[error("the watch ended")]
    Ended,
}

/// A running watch. It reads the history at the pace of its owner: a slow one costs no memory, and
/// ends only when the history that it has not seen yet is dropped.
#[derive(Debug)]
pub struct Watch {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Memory(mpsc::Receiver<Batch>),
    Disk(Cursor),
}

impl Watch {
    pub(crate) fn in_memory(batches: mpsc::Receiver<Batch>) -> Self {
        Self { source: Source::Memory(batches) }
    }

    pub(crate) fn of(
        database: Arc<Database>,
        (visible, stopping): (watch::Receiver<u64>, CancellationToken),
        stages: Arc<Stages>,
        (prefixes, after): (Vec<Bytes>, u64),
    ) -> Result<Self, WatchError> {
        let (_, applied) = view_of(&database);
        require_history(&applied, after)?;
        let (told, told_at, ready) = (after, Instant::now(), VecDeque::new());
        let cursor =
            Cursor { database, visible, stopping, stages, prefixes, after, told, told_at, ready };
        Ok(Self { source: Source::Disk(cursor) })
    }

    /// The next batch; waits for it. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`WatchError::Compacted`] when history that was not delivered yet is gone, and
    /// [`WatchError::Ended`] when the node stops.
    pub async fn next(&mut self) -> Result<Batch, WatchError> {
        match &mut self.source {
            Source::Memory(batches) => batches.recv().await.ok_or(WatchError::Ended),
            Source::Disk(cursor) => cursor.next().await,
        }
    }
}

/// Where in the history a watch is.
struct Cursor {
    database: Arc<Database>,
    visible: watch::Receiver<u64>,
    /// Others may hold the store for long after its node has stopped.
    stopping: CancellationToken,
    stages: Arc<Stages>,
    prefixes: Vec<Bytes>,
    /// The history up to this revision was read.
    after: u64,
    /// The revision of the last batch.
    told: u64,
    told_at: Instant,
    ready: VecDeque<Batch>,
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor").field("after", &self.after).finish_non_exhaustive()
    }
}

impl Cursor {
    async fn next(&mut self) -> Result<Batch, WatchError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                self.told = batch.revision;
                self.told_at = Instant::now();
                return Ok(batch);
            }
            let visible = *self.visible.borrow_and_update();
            if visible > self.after {
                self.stages.watch_lag.record(visible - self.after);
                self.read()?;
                // Reading far back must not keep others waiting.
                tokio::task::yield_now().await;
            } else {
                let is_behind = self.after > self.told;
                tokio::select! {
                    biased;
                    changed = self.visible.changed() => changed.map_err(|_| WatchError::Ended)?,
                    () = self.stopping.cancelled() => return Err(WatchError::Ended),
                    () = clock::sleep_until(self.told_at + PROGRESS_AFTER), if is_behind => {
                        self.ready.push_back(self.bookmark());
                    }
                }
            }
        }
    }

    fn read(&mut self) -> Result<(), WatchError> {
        let (view, applied) = view_of(&self.database);
        require_history(&applied, self.after)?;
        let part = history::read_after(&view, &applied, self.after, (RECORDS_MAX, BYTES_MAX));
        let lost = usize::from(mutant!(WatchDrops) && part.records.len() > 2);
        for (revision, record) in part.records.into_iter().skip(lost) {
            let changes =
                record.changes.into_iter().map(change).filter(|change| {
                    self.prefixes.iter().any(|prefix| change.key.starts_with(prefix))
                });
            let changes: Vec<Change> = changes.collect();
            match self.ready.back_mut() {
                Some(batch) if batch.revision == revision => batch.changes.extend(changes),
                Some(_) | None if changes.is_empty() => {}
                Some(_) | None => self.ready.push_back(Batch { revision, changes }),
            }
        }
        self.after = part.until;
        if self.ready.is_empty() && self.after >= self.told + PROGRESS_EVERY {
            self.ready.push_back(self.bookmark());
        }
        Ok(())
    }

    fn bookmark(&self) -> Batch {
        Batch { revision: self.after, changes: Vec::new() }
    }
}

/// Refuses to leave a gap.
fn require_history(applied: &Applied, after: u64) -> Result<(), WatchError> {
    let oldest = applied.oldest();
    if after < oldest {
        return Err(WatchError::Compacted { requested: after, oldest });
    }
    Ok(())
}

fn change(change: wire::HistoryChange) -> Change {
    Change { key: change.key, value: change.value }
}

/// The part of a batch that concerns the prefixes; none when nothing does.
pub(crate) fn part_of(batch: &Batch, prefixes: &[Bytes]) -> Option<Batch> {
    let wanted = |change: &&Change| prefixes.iter().any(|prefix| change.key.starts_with(prefix));
    let changes: Vec<Change> = batch.changes.iter().filter(wanted).cloned().collect();
    (!changes.is_empty()).then_some(Batch { revision: batch.revision, changes })
}
