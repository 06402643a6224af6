//! Starting a node: its parts are put together, and its tasks begin.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::network::{NetSnapshot, RaftNetworkFactory};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Node;
use crate::barrier::Barriers;
use crate::config::Config;
use crate::contact::{Contact, Judge};
use crate::database::Database;
use crate::disk::{self, Disk};
use crate::fatal::end_process;
use crate::forward::Forwarder;
use crate::keys::Table;
use crate::log::{self, LogStore};
use crate::marker::{self, Marker};
use crate::network::client::Network;
use crate::network::hold::RemoteRequests;
use crate::network::peer::Peers;
use crate::network::requests::Requests;
use crate::open::{self, OpenError};
use crate::propose::Proposer;
use crate::request::{forwarded, read_index};
use crate::runtime::{clock, scoped};
use crate::stall;
use crate::state::{Applied, Raft, SnapshotFile, StateMachine, Transfers};
use crate::status::Leadership;
use crate::survey;
use crate::trim;
use crate::types::TypeConfig;
use crate::writer::Writer;
use crate::writer::clock::start_watchdog;

/// How often the leader looks whether history is to be dropped.
const COMPACT_EVERY: Duration = Duration::from_secs(10);

/// The disk and the network of a node, real or simulated.
pub(crate) struct Environment<F> {
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
        let environment = Environment {
            database,
            snapshots: folder.snapshots,
            marker: folder.marker,
            disk: folder.disk,
            writer,
            writer_thread: Some(writer_thread),
            requests: Arc::new(peers.clone()),
            network: move |transfers, remote_requests| {
                Network::new(reaching, transfers, stages, remote_requests)
            },
        };
        Self::start(config, peers, environment).await
    }

    /// Starts the node on a database, a writer and a network.
    pub(crate) async fn start<F, N>(
        config: Config,
        peers: Peers,
        environment: Environment<F>,
    ) -> Result<Arc<Self>, OpenError>
    where
        F: FnOnce(Transfers, RemoteRequests) -> N,
        N: RaftNetworkFactory<TypeConfig>,
        N::Network: NetSnapshot<TypeConfig, SnapshotData = SnapshotFile>,
    {
        let Environment { database, snapshots, marker, disk, writer, .. } = environment;
        open::write_identity(&writer, &config).await?;
        let applied = Applied::load(|key| database.get(Table::Meta, key))?;
        let behind = log::behind_state(&database, applied.log_id)?;
        if !behind.is_empty() {
            tracing::info!("the state is ahead of the log, which goes on behind it");
            writer.durable(behind).await?;
        }
        let log = LogStore::open(config.node_id, Arc::clone(&database), writer.clone())?;
        let machine = StateMachine::open(Arc::clone(&database), writer.clone(), snapshots.clone())?;
        machine.remove_leftovers().await.map_err(|source| OpenError::Io { source })?;
        let (visible, cluster_version) = (machine.visible(), machine.version());
        let raft_config = Arc::new(open::raft_config(&config)?);
        let transfers = machine.transfers();
        let remote_requests = RemoteRequests::default();
        let network = (environment.network)(transfers.clone(), remote_requests.clone());
        let raft = Raft::new(config.node_id, raft_config, network, log.clone(), machine)
            .await
            .map_err(|fatal| OpenError::Raft { reason: fatal.to_string() })?;
        let (proposer, proposing) = Proposer::new(raft.clone());
        let (forwarder, forwarding) = Forwarder::new();
        let (barriers, reading) = Barriers::new();
        let node = Arc::new(Self {
            snapshots,
            peers,
            requests: environment.requests,
            remote_requests,
            raft,
            log,
            transfers,
            leadership: watch::Sender::new(Leadership::default()),
            contact: Contact::new(),
            database,
            visible,
            cluster_version,
            proposer,
            forwarder,
            barriers,
            stages: writer.shared_stages(),
            writer,
            writer_thread: Mutex::new(environment.writer_thread),
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
}

/// Tells leadership; ends the process when Raft stopped by itself.
async fn follow_leadership(node: Arc<Node>) {
    let mut metrics = node.raft.server_metrics();
    let mut judge = Judge::new(node.config.timers);
    loop {
        metrics.borrow_and_update();
        let now = judge.look(&node.raft, &node.contact);
        node.leadership.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            changed = metrics.changed() => if changed.is_err() { break },
            () = clock::sleep(judge.look_every()) => {}
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
