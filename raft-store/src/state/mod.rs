//! The replicated state machine: transactions applied to tables, the same bytes on every replica.
//!
//! It knows no clock, no randomness and no order but that of the log. Everything one batch changes,
//! what was applied included, is one write to the database.

mod applied;
mod apply;
pub(crate) mod digest;
pub(crate) mod history;
pub(crate) mod install;
#[cfg(test)]
mod install_tests;
mod overlay;
mod recent;
mod sessions;
pub(crate) mod snapshot;
#[cfg(test)]
mod tests;
mod transfers;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use futures::{Stream, TryStreamExt};
use openraft::storage::{ApplyResponder, EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};
use proto::raft as wire;
use tokio::sync::watch;

pub(crate) use self::applied::{Applied, AppliedError, view_of};
use self::apply::ApplyError;
pub(crate) use self::apply::validate;
use self::overlay::Overlay;
use self::recent::Recent;
pub(crate) use self::snapshot::SnapshotError;
pub(crate) use self::snapshot::SnapshotFile;
pub(crate) use self::transfers::Transfers;
use crate::database::{Database, Op, Snapshot};
use crate::keys::{self, Table};
use crate::runtime;
use crate::stored;
use crate::types::{Answer, Entry, LogId, SnapshotMeta, StoredMembership, TypeConfig};
use crate::writer::Writer;

/// Raft with this state machine.
pub(crate) type Raft = openraft::Raft<TypeConfig, StateMachine>;
type OpenSnapshot = openraft::alias::SnapshotOf<TypeConfig, SnapshotFile>;

/// How much one write of applied entries holds.
const BATCH_BYTES_MAX: usize = 1 << 20;
const BATCH_ENTRIES_MAX: usize = 2048;

/// The state machine of a node.
pub(crate) struct StateMachine {
    database: Arc<Database>,
    writer: Writer,
    snapshots: PathBuf,
    applied: Applied,
    recent: Recent,
    /// The index of the last entry whose effects readers can see.
    visible: watch::Sender<u64>,
    /// The cluster version at that index.
    version: Arc<AtomicU32>,
    sessions_swept: sessions::Swept,
    transfers: Transfers,
}

impl StateMachine {
    /// Reads what was applied; `snapshots` is the folder of the snapshot files.
    pub(crate) fn open(
        database: Arc<Database>,
        writer: Writer,
        snapshots: PathBuf,
    ) -> Result<Self, AppliedError> {
        let applied = Applied::load(|key| database.get(Table::Meta, key))?;
        let visible = watch::Sender::new(applied.index());
        let version = Arc::new(AtomicU32::new(applied.version));
        let sessions_swept = sessions::Swept::default();
        let transfers = Transfers::default();
        let recent = Recent::default();
        Ok(Self {
            database,
            writer,
            snapshots,
            applied,
            recent,
            visible,
            version,
            sessions_swept,
            transfers,
        })
    }

    /// Counts the snapshots that are being sent.
    pub(crate) fn transfers(&self) -> Transfers {
        self.transfers.clone()
    }

    /// Tells the index of the last entry whose effects readers can see.
    pub(crate) fn visible(&self) -> watch::Sender<u64> {
        self.visible.clone()
    }

    /// Tells the cluster version, as far as entries are applied.
    pub(crate) fn version(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.version)
    }

    /// Tells readers what is applied.
    fn show_applied(&self) {
        self.version.store(self.applied.version, Ordering::Release);
        self.visible.send_replace(self.applied.index());
    }

    /// Removes what an interrupted installation of a snapshot left behind.
    pub(crate) async fn remove_leftovers(&self) -> Result<(), io::Error> {
        self.writer.submit(install::other_generations(self.applied.generation)).await?;
        Ok(())
    }

    fn apply_entry(
        applied: &mut Applied,
        overlay: &mut Overlay<'_>,
        entry: &Entry,
    ) -> Result<Answer, ApplyError> {
        applied.log_id = Some(entry.log_id);
        match &entry.payload {
            EntryPayload::Blank => Ok(Answer::default()),
            EntryPayload::Membership(membership) => {
                applied.change_members(entry.log_id, membership.clone());
                Ok(Answer::default())
            }
            EntryPayload::Normal(command) => {
                let index = entry.log_id.index;
                apply::command(overlay, applied, index, &command.encoded)
            }
        }
    }

    /// Raft ends with the error, and the process with it. Nothing of the batch is written; that this
    /// node differs from the others is, so that it does not take part again.
    async fn cannot_go_on(&self, error: ApplyError) -> io::Error {
        if let ApplyError::Diverged(diverged) = &error {
            let record = wire::Diverged {
                index: diverged.index,
                expected: diverged.expected,
                found: diverged.found,
            };
            let (key, value) = (keys::META_DIVERGED.to_vec(), stored::encode(&record));
            let mark = vec![Op::Put { table: Table::Meta, key, value }];
            if let Err(stopped) = self.writer.durable(mark).await {
                return stopped.into();
            }
        }
        io::Error::other(error)
    }

    #[tracing::instrument(level = "debug", skip_all, fields(entries = batch.len()))]
    async fn apply_batch(
        &mut self,
        batch: Vec<EntryResponder<TypeConfig>>,
    ) -> Result<(), io::Error> {
        let started = Instant::now();
        self.writer.stages().apply_entries.record(batch.len() as u64);
        if let Some((last, _)) = batch.last() {
            self.writer.stages().committed(last.log_id.index);
        }
        let database = Arc::clone(&self.database);
        let mut overlay = Overlay::new(&database, &mut self.recent, self.applied.generation);
        let mut answers: Vec<(ApplyResponder<TypeConfig>, Answer)> = Vec::new();
        for (entry, responder) in batch {
            let answer = match Self::apply_entry(&mut self.applied, &mut overlay, &entry) {
                Ok(answer) => answer,
                Err(error) => return Err(self.cannot_go_on(error).await),
            };
            answers.extend(responder.map(|responder| (responder, answer)));
        }
        // Old sessions first: the batch may have used the same request id again.
        let mut ops = self.sessions_swept.sweep(&database, &self.applied);
        ops.extend(overlay.into_ops());
        ops.push(self.applied.put());
        self.writer.applied(ops).await?;
        self.show_applied();
        self.writer.stages().apply.record_time(started.elapsed());
        self.writer.stages().applied(self.applied.index());
        for (responder, answer) in answers {
            responder.send(answer);
        }
        Ok(())
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = SnapshotFile;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied.log_id, self.applied.membership.clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut batch = Vec::new();
        let mut size_bytes = 0;
        while let Some(item) = entries.try_next().await? {
            size_bytes += crate::log::entry_bytes(&item.0);
            batch.push(item);
            if size_bytes >= BATCH_BYTES_MAX || batch.len() >= BATCH_ENTRIES_MAX {
                self.apply_batch(std::mem::take(&mut batch)).await?;
                size_bytes = 0;
            }
        }
        if batch.is_empty() { Ok(()) } else { self.apply_batch(batch).await }
    }

    /// Refuses while a snapshot is sent: a newer one would let the log be purged beyond the one that
    /// is under way, and whoever receives it would need the newer one at once.
    async fn try_create_snapshot_builder(&mut self, force: bool) -> Option<Builder> {
        if self.transfers.is_running() && !force {
            return None;
        }
        Some(self.get_snapshot_builder().await)
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder {
            view: Some(Snapshot::take(&self.database)),
            applied: self.applied.clone(),
            writer: self.writer.clone(),
            folder: self.snapshots.clone(),
        }
    }

    #[tracing::instrument(level = "debug", skip_all, fields(last = ?meta.last_log_id))]
    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        file: SnapshotFile,
    ) -> Result<(), io::Error> {
        let (started, size_bytes) = (Instant::now(), file.size_bytes()?);
        let installed =
            install::install(&self.writer, &self.snapshots, &self.applied, meta, file).await?;
        self.applied = installed;
        self.recent.clear();
        let stages = self.writer.stages();
        stages.snapshot_install.record_time(started.elapsed());
        stages.snapshot_installed_bytes.store(size_bytes, Ordering::Relaxed);
        self.show_applied();
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<OpenSnapshot>, io::Error> {
        let Some(name) = self.database.get(Table::Meta, keys::META_SNAPSHOT) else {
            return Ok(None);
        };
        let path = self.snapshots.join(String::from_utf8_lossy(&name).as_ref());
        match SnapshotFile::open(&path) {
            Ok((file, applied)) => Ok(Some(OpenSnapshot { meta: applied.meta(), snapshot: file })),
            Err(error) => {
                tracing::warn!(%error, "snapshot {} is unusable, another is built", path.display());
                Ok(None)
            }
        }
    }
}

/// Writes a snapshot of the state at the moment it was made, beside running writes.
pub(crate) struct Builder {
    view: Option<Snapshot>,
    applied: Applied,
    writer: Writer,
    folder: PathBuf,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = SnapshotFile;

    #[tracing::instrument(level = "debug", skip_all, fields(last = self.applied.index()))]
    async fn build_snapshot(&mut self) -> Result<OpenSnapshot, io::Error> {
        let view = self.view.take().ok_or_else(|| io::Error::other("the builder was used"))?;
        let started = Instant::now();
        let (folder, applied) = (self.folder.clone(), self.applied.clone());
        let written = runtime::blocking(move || snapshot::write(&folder, &view, &applied));
        let file = written.await.map_err(io::Error::other)??;
        self.writer.durable(vec![snapshot::put_current(&file)]).await?;
        let stages = self.writer.stages();
        stages.snapshot_build.record_time(started.elapsed());
        stages.snapshot_bytes.store(file.size_bytes()?, Ordering::Relaxed);
        snapshot::remove_others(&self.folder, &file.name());
        Ok(OpenSnapshot { meta: self.applied.meta(), snapshot: file })
    }
}
