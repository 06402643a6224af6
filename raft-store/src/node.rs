//! A running node: the database, Raft, and the tasks that belong to them.

pub(crate) mod start;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proto::raft as wire;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::barrier::Barriers;
use crate::config::Config;
use crate::contact::Contact;
use crate::database::{Database, Snapshot};
use crate::disk::Disk;
use crate::forward::Forwarder;
use crate::log::LogStore;
use crate::marker::{self, SharedMarker};
use crate::metrics::{Level, Metrics, Stages};
use crate::network::hold::RemoteRequests;
use crate::network::peer::Peers;
use crate::network::requests::Requests;
use crate::propose::{self, Proposer};
use crate::read::ReadView;
use crate::runtime;
use crate::state::{self, Applied, Raft, Transfers};
use crate::status::{self, Leadership, Status};
use crate::writer::Writer;

/// A running node.
pub(crate) struct Node {
    pub(crate) config: Config,
    pub(crate) snapshots: PathBuf,
    pub(crate) peers: Peers,
    pub(crate) requests: Arc<dyn Requests>,
    pub(crate) remote_requests: RemoteRequests,
    pub(crate) raft: Raft,
    pub(crate) log: LogStore,
    pub(crate) transfers: Transfers,
    pub(crate) leadership: watch::Sender<Leadership>,
    pub(crate) contact: Contact,
    database: Arc<Database>,
    pub(crate) visible: watch::Sender<u64>,
    cluster_version: Arc<AtomicU32>,
    pub(crate) proposer: Proposer,
    pub(crate) forwarder: Forwarder,
    pub(crate) barriers: Barriers<ReadView>,
    pub(crate) stages: Arc<Stages>,
    writer: Writer,
    writer_thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    marker: SharedMarker,
    pub(crate) disk: Disk,
    pub(crate) stopping: CancellationToken,
    /// Held while a snapshot is received.
    pub(crate) receiving: tokio::sync::Mutex<()>,
    /// Held while the members are changed.
    pub(crate) changing_members: tokio::sync::Mutex<()>,
    tasks: Mutex<JoinSet<()>>,
}

impl Node {
    /// Stops taking part; returns when everything is on disk.
    pub(crate) async fn shutdown(&self) {
        self.stop_writing().await;
        let mut tasks = std::mem::take(&mut *self.tasks.lock().expect("no panic while locked"));
        tasks.shutdown().await;
    }

    /// Stops Raft, and returns when everything is on disk.
    pub(crate) async fn stop_writing(&self) {
        self.stopping.cancel();
        if let Err(error) = self.raft.shutdown().await {
            tracing::warn!(%error, "raft did not stop cleanly");
        }
        self.writer.stop().await;
        let thread = self.writer_thread.lock().expect("no panic while locked").take();
        if let Some(thread) = thread {
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
        marker::remember(&self.marker, self.writer.durable_sequence()).await;
    }

    /// How long the running write takes already.
    pub(crate) fn writing_for(&self) -> Duration {
        self.writer.clock().running()
    }

    /// How many writes in the background failed.
    pub(crate) fn background_errors(&self) -> u64 {
        self.database.background_errors()
    }

    /// What was measured.
    pub(crate) fn metrics(&self) -> Metrics {
        let stages = &self.stages;
        let level = |name, help, value| Level { name, help, value };
        let waiting = self.writer.queue_length() as u64;
        let load = |bytes: &AtomicU64| bytes.load(Ordering::Relaxed);
        let (made, sent) = (load(&stages.snapshot_bytes), load(&stages.snapshot_sent_bytes));
        let installed = load(&stages.snapshot_installed_bytes);
        let levels = vec![
            level("write_queue_jobs", "Jobs that wait for the writer", waiting),
            level("snapshot_bytes", "Size of the last snapshot made here", made),
            level("snapshot_sent_bytes", "Bytes sent of the last snapshot sent", sent),
            level("snapshot_installed_bytes", "Size of the last snapshot installed", installed),
            level("log_bytes", "Size of the log", self.log.size_bytes()),
            level("database_bytes", "Size of the database", self.database.size_bytes()),
            level("disk_free_bytes", "Free space of the file system", self.disk.free_bytes()),
        ];
        Metrics {
            distributions: stages.distributions(),
            replication: stages.replication.read(),
            levels,
        }
    }

    /// What this node knows of itself and the cluster.
    pub(crate) fn status(&self) -> Status {
        let leadership = *self.leadership.borrow();
        status::of(&self.config.cluster_id, &self.raft, leadership, self.disk.usage())
    }

    pub(crate) fn visible(&self) -> watch::Receiver<u64> {
        self.visible.subscribe()
    }

    /// The cluster version, as far as entries are applied here.
    pub(crate) fn cluster_version(&self) -> u32 {
        self.cluster_version.load(Ordering::Acquire)
    }

    /// The database as it is now and what is applied in it.
    pub(crate) fn view(&self) -> (Snapshot, Applied) {
        state::view_of(&self.database)
    }

    pub(crate) fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    /// Proposes to drop history that is older or longer than wanted.
    pub(crate) async fn compact(&self) {
        let (database, retention) = (self.database(), self.config.retention);
        let looked = runtime::blocking(move || {
            let (view, applied) = state::view_of(&database);
            let before = state::history::compact_before(&view, &applied, retention);
            (before > applied.compacted).then_some(before)
        });
        if let Ok(Some(compact_before)) = looked.await {
            let command = wire::Command { compact_before, ..wire::Command::default() };
            propose::housekeeping(&self.raft, command).await;
        }
    }
}
