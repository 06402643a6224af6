//! A running node: the database, Raft, and the tasks that belong to them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::ServerState;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::network::{NetSnapshot, RaftNetworkFactory};
use proto::raft as wire;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::barrier::Barriers;
use crate::config::Config;
use crate::database::{Database, Snapshot};
use crate::disk::{self, Disk};
use crate::fatal::end_process;
use crate::forward::Forwarder;
use crate::log::LogStore;
use crate::marker::{self, Marker, SharedMarker};
use crate::metrics::{Level, Metrics, Stages};
use crate::network::client::Network;
use crate::network::hold::Guests;
use crate::network::peer::Peers;
use crate::network::requests::Requests;
use crate::open::{self, OpenError};
use crate::propose::{self, Proposer};
use crate::read::ReadView;
use crate::request::{forwarded, read_index};
use crate::runtime::{self, clock, scoped};
use crate::stall;
use crate::state::{self, Applied, Raft, SnapshotFile, StateMachine, Transfers};
use crate::status::Leadership;
use crate::survey;
use crate::trim;
use crate::types::TypeConfig;
use crate::writer::Writer;
use crate::writer::clock::start_watchdog;

/// How often the leader looks whether history is to be dropped.
const COMPACT_EVERY: Duration = Duration::from_secs(10);

/// What a node stands on: the disk and the network, real or simulated.
pub(crate) struct Ground<F> {
    pub(crate) database: Arc<Database>,
    /// The folder of the snapshot files.
    pub(crate) snapshots: PathBuf,
    pub(crate) marker: Marker,
    pub(crate) disk: Disk,
    pub(crate) writer: Writer,
    /// None when the writer is a task.
    pub(crate) writer_thread: Option<std::thread::JoinHandle<()>>,
    pub(crate) requests: Arc<dyn Requests>,
    /// Makes the network for Raft, given the count of snapshot transfers and that of requests of
    /// other nodes.
    pub(crate) network: F,
}

/// A running node.
pub(crate) struct Node {
    pub(crate) config: Config,
    pub(crate) snapshots: PathBuf,
    pub(crate) peers: Peers,
    pub(crate) requests: Arc<dyn Requests>,
    pub(crate) guests: Guests,
    pub(crate) raft: Raft,
    pub(crate) log: LogStore,
    pub(crate) transfers: Transfers,
    pub(crate) leadership: watch::Sender<Leadership>,
    database: Arc<Database>,
    pub(crate) visible: watch::Sender<u64>,
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
    /// Opens the folder and starts the node.
    pub(crate) async fn open(config: Config) -> Result<Arc<Self>, OpenError> {
        let folder = open::Folder::prepare(&config)?;
        let database = Arc::new(folder.database);
        open::check_state(&database)?;
        let (writer, writer_thread) =
            Writer::start(Arc::clone(&database)).map_err(|source| OpenError::Io { source })?;
        start_watchdog(writer.clock(), config.stall.end_after)
            .map_err(|source| OpenError::Io { source })?;
        let peers = Peers::new(&config.cluster_id, config.node_id, config.identity.clone());
        let (reaching, stages) = (peers.clone(), writer.shared_stages());
        let ground = Ground {
            database,
            snapshots: folder.snapshots,
            marker: folder.marker,
            disk: folder.disk,
            writer,
            writer_thread: Some(writer_thread),
            requests: Arc::new(peers.clone()),
            network: move |transfers, guests| Network::new(reaching, transfers, stages, guests),
        };
        Self::start(config, peers, ground).await
    }

    /// Starts the node on a database, a writer and a network.
    pub(crate) async fn start<F, N>(
        config: Config,
        peers: Peers,
        ground: Ground<F>,
    ) -> Result<Arc<Self>, OpenError>
    where
        F: FnOnce(Transfers, Guests) -> N,
        N: RaftNetworkFactory<TypeConfig>,
        N::Network: NetSnapshot<TypeConfig, SnapshotData = SnapshotFile>,
    {
        let Ground { database, snapshots, marker, disk, writer, .. } = ground;
        open::write_identity(&writer, &config).await?;
        let log = LogStore::open(config.node_id, Arc::clone(&database), writer.clone())?;
        let machine = StateMachine::open(Arc::clone(&database), writer.clone(), snapshots.clone())?;
        machine.remove_leftovers().await.map_err(|source| OpenError::Io { source })?;
        let visible = machine.visible();
        let raft_config = Arc::new(open::raft_config(&config)?);
        let transfers = machine.transfers();
        let guests = Guests::default();
        let network = (ground.network)(transfers.clone(), guests.clone());
        let raft = Raft::new(config.node_id, raft_config, network, log.clone(), machine)
            .await
            .map_err(|fatal| OpenError::Raft { reason: fatal.to_string() })?;
        let (proposer, proposing) = Proposer::new(raft.clone());
        let (forwarder, forwarding) = Forwarder::new();
        let (barriers, reading) = Barriers::new();
        let node = Arc::new(Self {
            snapshots,
            peers,
            requests: ground.requests,
            guests,
            raft,
            log,
            transfers,
            leadership: watch::Sender::new(Leadership::default()),
            database,
            visible,
            proposer,
            forwarder,
            barriers,
            stages: writer.shared_stages(),
            writer,
            writer_thread: Mutex::new(ground.writer_thread),
            marker: Arc::new(Mutex::new(marker)),
            disk,
            stopping: CancellationToken::new(),
            receiving: tokio::sync::Mutex::default(),
            changing_members: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
            config,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(scoped(proposing));
        tasks.spawn(scoped(forwarded::run(Arc::clone(&node), forwarding)));
        tasks.spawn(scoped(read_index::run(Arc::clone(&node), reading)));
        tasks.spawn(scoped(follow_leadership(Arc::clone(&node))));
        tasks.spawn(scoped(compact_history(Arc::clone(&node))));
        tasks.spawn(scoped(disk::watch::run(Arc::clone(&node))));
        tasks.spawn(scoped(stall::guard(Arc::clone(&node))));
        let stopping = node.stopping.clone();
        let marking = marker::keep(Arc::clone(&node.marker), node.writer.clone(), stopping);
        tasks.spawn(scoped(marking));
        tasks.spawn(scoped(survey::run(Arc::clone(&node))));
        tasks.spawn(scoped(trim::run(Arc::clone(&node))));
        *node.tasks.lock().expect("no panic while locked") = tasks;
        Ok(node)
    }

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

    pub(crate) fn visible(&self) -> watch::Receiver<u64> {
        self.visible.subscribe()
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

/// Tells leadership; ends the process when Raft stopped by itself.
async fn follow_leadership(node: Arc<Node>) {
    let mut metrics = node.raft.server_metrics();
    loop {
        let now = {
            let metrics = metrics.borrow_watched();
            let leading = metrics.state == ServerState::Leader;
            Leadership {
                term: metrics.vote.leader_id.term,
                leader: metrics.current_leader,
                leading: leading && metrics.current_leader == Some(metrics.id),
            }
        };
        node.leadership.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            changed = metrics.changed() => if changed.is_err() { break },
        }
    }
    if !node.stopping.is_cancelled() {
        let state = node.raft.metrics().borrow_watched().running_state.clone();
        let reason = state.err().map_or_else(|| "it stopped".to_owned(), |fatal| fatal.to_string());
        end_process("raft", &reason);
    }
}

async fn compact_history(node: Arc<Node>) {
    loop {
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            () = clock::sleep(COMPACT_EVERY) => {}
        }
        if node.leadership.borrow().leading {
            node.compact().await;
        }
    }
}
