//! A simulated node: a whole node on a disk in memory, and what can be seen inside it.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use proto::raft as wire;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::client::{Factory, Peer};
use super::network::Network;
use super::process::Process;
use crate::config::Config;
use crate::database::memory::MemoryDatabase;
use crate::database::{Database, KeyValue, Snapshot, View};
use crate::keys::{self, GENERATION_BYTES, Table};
use crate::network::peer::Peers;
use crate::node::Node;
use crate::node::start::Environment;
use crate::open::{self, Folder, OpenError};
use crate::state;
use crate::store::Store;
use crate::stored;
use crate::watch::Change;
use crate::writer::Writer;

/// The disk of a node; it outlives the node's process. Clones share it.
#[derive(Debug, Clone)]
pub struct Disk {
    shared: Arc<Mutex<SharedDisk>>,
}

#[derive(Debug)]
struct SharedDisk {
    content: Arc<MemoryDatabase>,
    rng: StdRng,
    sync_max: Duration,
}

impl Disk {
    /// An empty disk; `seed` says how long its fsyncs take and what a crash leaves.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let shared = SharedDisk {
            content: Arc::default(),
            rng: StdRng::seed_from_u64(seed),
            sync_max: Duration::from_millis(4),
        };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    fn shared(&self) -> MutexGuard<'_, SharedDisk> {
        self.shared.lock().expect("no panic while locked")
    }

    /// How long an fsync takes at most.
    pub fn set_sync_max(&self, sync_max: Duration) {
        self.shared().sync_max = sync_max;
    }

    /// Loses of what was not flushed all but a prefix, or any of it, as when the power is cut. Of the snapshot
    /// files of the node in `folder`, all may be cut short but the one that counts.
    pub fn lose_power(&self, folder: &Path) {
        let mut shared = self.shared();
        let SharedDisk { content, rng, .. } = &mut *shared;
        let found = content.after_crash(|unflushed| {
            let prefix = rng.random_range(0..=unflushed);
            let in_order = rng.random();
            let kept = |place| if in_order { place < prefix } else { rng.random() };
            (0..unflushed).map(kept).collect()
        });
        *content = Arc::new(found);
        let current = content.get(Table::Meta, keys::META_SNAPSHOT).ok().flatten();
        for path in open::snapshot_files(folder) {
            let name = path.file_name().map(|name| name.as_encoded_bytes());
            if name != current.as_deref() {
                cut_short(&path, rng).expect("a file in memory");
            }
        }
    }

    fn sync(&self) -> Duration {
        let mut shared = self.shared();
        let micros = u64::try_from(shared.sync_max.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(shared.rng.random_range(0..=micros))
    }
}

/// An entry in the log of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogRecord {
    /// Its index.
    pub index: u64,
    /// The term and the node of the leader that made it.
    pub leader: (u64, u64),
    /// A hash of all of it.
    pub digest: u64,
}

/// What a node is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its term and the node it voted for in it.
    pub vote: (u64, u64),
    /// Whether it leads, by its own knowledge.
    pub leading: bool,
    /// The last entry of its log.
    pub last_log: u64,
    /// The last entry that it applied.
    pub applied: u64,
}

/// A node that runs.
#[derive(Clone)]
pub struct Member {
    node: Arc<Node>,
    process: Process,
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Member").field("id", &self.node.config.node_id).finish_non_exhaustive()
    }
}

impl Member {
    /// Starts a node as `process`. Its snapshot files are real ones, in `config.dir`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn start(
        config: Config,
        disk: &Disk,
        network: &Network,
        process: &Process,
    ) -> Result<Self, OpenError> {
        let id = config.node_id;
        let starting = start_node(config, disk.clone(), network.clone());
        let started = process.run(starting).await;
        let node = started.map_err(|ended| OpenError::Raft { reason: ended.to_string() })??;
        network.attach(id, process.clone(), &node);
        Ok(Self { node, process: process.clone() })
    }

    /// The process of the node.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The store of the node; call it in its [`process`](Self::process).
    #[must_use]
    pub fn store(&self) -> Store {
        Store::of(Arc::clone(&self.node))
    }

    /// What the node is now.
    #[must_use]
    pub fn position(&self) -> Position {
        let metrics = self.node.raft.metrics();
        let metrics = metrics.borrow_watched();
        // Raft tells the vote that it read only when it has begun to run.
        let vote = match metrics.vote.leader_id.term {
            0 => self.saved_vote(metrics.id),
            term => (term, metrics.vote.leader_id.node_id),
        };
        Position {
            vote,
            leading: metrics.state == openraft::ServerState::Leader && metrics.vote.committed,
            last_log: metrics.last_log_index.unwrap_or(0),
            applied: *self.node.visible.borrow(),
        }
    }

    /// The vote in its database.
    fn saved_vote(&self, id: u64) -> (u64, u64) {
        let saved = self.node.database().get(Table::Meta, keys::META_VOTE);
        let vote = saved.and_then(|bytes| stored::decode::<wire::VoteValue>(&bytes).ok());
        vote.map_or((0, id), |vote| (vote.term, vote.node_id))
    }

    /// The entries of the log from `index` on that are on its disk or written to it.
    #[must_use]
    pub fn log_from(&self, index: u64) -> Vec<LogRecord> {
        let database = self.node.database();
        let scan = database.scan(Table::Log, keys::log(index), None);
        let record = |(key, value): (Box<[u8]>, Box<[u8]>)| {
            let digest = digest_of(&value);
            let entry = stored::decode::<wire::Entry>(&value).ok()?;
            let log_id = entry.log_id?;
            let leader = (log_id.term, log_id.node_id);
            Some(LogRecord { index: keys::log_index(&key)?, leader, digest })
        };
        scan.filter_map(record).collect()
    }

    /// What is applied, and a hash of all replicated tables at that point.
    #[must_use]
    pub fn digest(&self) -> (u64, u64) {
        let (view, applied) = self.node.view();
        (applied.index(), digest_of_view(&view, applied.generation))
    }

    /// The changes that the node's history has after a revision: by transaction, with its revision.
    #[must_use]
    pub fn changes_after(&self, revision: u64) -> Vec<(u64, Vec<Change>)> {
        let (view, applied) = self.node.view();
        let part = state::history::read_after(&view, &applied, revision, (usize::MAX, usize::MAX));
        let change = |change: wire::HistoryChange| Change { key: change.key, value: change.value };
        let changes = |(revision, record): (u64, wire::HistoryRecord)| {
            (revision, record.changes.into_iter().map(change).collect())
        };
        part.records.into_iter().map(changes).collect()
    }
}

async fn start_node(config: Config, disk: Disk, network: Network) -> Result<Arc<Node>, OpenError> {
    let content = Arc::clone(&disk.shared().content);
    let has_database = content.sequence() > 0;
    let folder = Folder::prepare_with(&config, has_database, || Ok(Database::on(content as _)))?;
    let database = Arc::new(folder.database);
    let writer = Writer::start_task(Arc::clone(&database), move || disk.sync());
    let from = config.node_id;
    let peers = Peers::new(&config.cluster_id, from, config.identity.clone());
    let requests = Arc::new(Peer { network: network.clone(), from, to: from, holding: None });
    let network = move |_, remote_requests| Factory { network, from, remote_requests };
    let environment = Environment {
        database,
        snapshots: folder.snapshots,
        marker: folder.marker,
        disk: folder.disk,
        writer,
        writer_thread: None,
        requests,
        network,
    };
    Node::start(config, peers, environment).await
}

fn cut_short(path: &Path, rng: &mut StdRng) -> std::io::Result<()> {
    let file = File::options().write(true).open(path)?;
    let length = file.metadata()?.len();
    file.set_len(rng.random_range(0..=length))
}

fn digest_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Sessions are swept at moments of each node's own choosing, but not before an hour of log time.
fn digest_of_view(view: &Snapshot, generation: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    for table in Table::REPLICATED {
        for (key, value) in view.scan_prefix(table, keys::generation(generation)) {
            hasher.write(table.name().as_bytes());
            hasher.write(&key[GENERATION_BYTES..]);
            hasher.write(&value);
        }
    }
    hasher.finish()
}
