//! Opening a node's folder: whose it is, what is in it, and how Raft is set up.

use std::path::PathBuf;

use proto::raft as wire;

use crate::config::Config;
use crate::database::{Database, Op};
use crate::disk::{Disk, Space};
use crate::folder;
use crate::keys::{self, Table};
use crate::log::LogError;
use crate::marker::{Marker, MarkerError};
use crate::state::digest::Diverged;
use crate::state::{Applied, AppliedError, snapshot};
use crate::stored;
use crate::version::{self, TooNew};
use crate::writer::{Writer, WriterStopped};

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("folder of the store cannot be used")]
    Io {
        /// What went wrong.
        source: std::io::Error,
    },
    /// The disk is too full to run on.
    #[error(
        "disk of {} is full but for {free_bytes} bytes: make space, for example by deleting the \
         file reserve in it",
        dir.display()
    )]
    DiskFull {
        /// The folder of the store.
        dir: PathBuf,
        /// How much is free.
        free_bytes: u64,
    },
    /// The database does not open: another process uses it, or files cannot be opened.
    #[error("database of the store does not open")]
    Database {
        /// What RocksDB says.
        source: rocksdb::Error,
    },
    /// A file of the database is damaged or gone; what RocksDB says names it.
    #[error(
        "database of the store in {} is damaged: it cannot be repaired without losing what others \
         rely on; remove the node from the cluster, and join again with an empty folder under a \
         new node id",
        dir.display()
    )]
    Damaged {
        /// The folder of the store.
        dir: PathBuf,
        /// What RocksDB says.
        source: rocksdb::Error,
    },
    /// The database has less than it once had on disk: votes or acknowledged entries are lost.
    #[error(
        "store in {} lost writes that were on disk: {recovered} of {durable} are there; the node \
         must not take part any more: remove it from the cluster, and join again with an empty \
         folder under a new node id",
        dir.display()
    )]
    LostWrites {
        /// The folder of the store.
        dir: PathBuf,
        /// The sequence number that was durable.
        durable: u64,
        /// The sequence number that the database has.
        recovered: u64,
    },
    /// Nobody can tell whether the database has everything that it once had on disk: remove the
    /// node from the cluster, and join again with an empty folder under a new node id.
    #[error(
        "store cannot prove that it lost nothing: remove this node from the cluster, and join \
         again with an empty folder under a new node id"
    )]
    Marker(#[from] MarkerError),
    /// The folder belongs to another node.
    #[error("folder is of node {found} and not of node {expected}")]
    OtherNode {
        /// Cluster and node of the folder.
        found: String,
        /// Cluster and node of the configuration.
        expected: String,
    },
    /// The log is damaged: do not go on with this folder; join again as a new node.
    #[error(
        "log of the store is unusable: remove this node from the cluster, and join again with an \
         empty folder under a new node id"
    )]
    Log(#[from] LogError),
    /// The state is damaged: do not go on with this folder; join again as a new node.
    #[error(
        "state of the store is unusable: remove this node from the cluster, and join again with \
         an empty folder under a new node id"
    )]
    State(#[from] AppliedError),
    /// This node took itself out: its state is not that of the others. Join again as a new node.
    #[error(transparent)]
    Diverged(#[from] Diverged),
    /// A newer program has written the state.
    #[error(transparent)]
    TooNew(#[from] TooNew),
    /// The timers contradict each other.
    #[error("timers are unusable: {reason}")]
    Timers {
        /// What is wrong.
        reason: String,
    },
    /// Raft refuses what is in the folder.
    #[error("raft does not start: {reason}")]
    Raft {
        /// Why.
        reason: String,
    },
}

impl From<WriterStopped> for OpenError {
    fn from(stopped: WriterStopped) -> Self {
        Self::Io { source: stopped.into() }
    }
}

/// The parts of a node's folder.
pub(crate) struct Folder {
    pub(crate) database: Database,
    pub(crate) snapshots: PathBuf,
    pub(crate) marker: Marker,
    pub(crate) disk: Disk,
}

impl Folder {
    pub(crate) fn prepare(config: &Config) -> Result<Self, OpenError> {
        let files = config.dir.join("db");
        let has_database = files.join("CURRENT").exists();
        let open = || {
            folder::make(&files).map_err(|source| OpenError::Io { source })?;
            Database::open(&files, config.memory).map_err(|source| does_not_open(config, source))
        };
        Self::prepare_with(config, has_database, open)
    }

    /// Prepares the folder for a database that is opened in some other way.
    pub(crate) fn prepare_with(
        config: &Config,
        has_database: bool,
        open: impl FnOnce() -> Result<Database, OpenError>,
    ) -> Result<Self, OpenError> {
        let snapshots = config.dir.join("snapshots");
        folder::make(&config.dir)
            .and_then(|()| folder::make(&snapshots))
            .and_then(|()| version::check_folder(&config.dir, has_database))
            .and_then(|()| snapshot::remove_partial(&snapshots))
            .map_err(|source| OpenError::Io { source })?;
        let disk = open_disk(config)?;
        let marker = Marker::open(&config.dir, config.node_id, has_database)?;
        let database = open()?;
        check_identity(&database, config)?;
        marker.check_node(config.node_id)?;
        check_complete(&database, &marker, config)?;
        Ok(Self { database, snapshots, marker, disk })
    }
}

/// The snapshot files in the folder of a store, in the order of their names.
#[cfg(feature = "testing")]
pub(crate) fn snapshot_files(dir: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir.join("snapshots")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort_unstable();
    files
}

fn does_not_open(config: &Config, source: rocksdb::Error) -> OpenError {
    let words = source.to_string();
    let is_damaged = words.starts_with("Corruption:") || words.contains("No such file");
    if is_damaged {
        return OpenError::Damaged { dir: config.dir.clone(), source };
    }
    OpenError::Database { source }
}

/// Refuses a disk on which the node would stop at once.
fn open_disk(config: &Config) -> Result<Disk, OpenError> {
    let disk = Disk::open(&config.dir, config.disk).map_err(|source| OpenError::Io { source })?;
    match disk.space() {
        Space::Enough | Space::Low => Ok(disk),
        Space::Out => {
            let (dir, free_bytes) = (config.dir.clone(), disk.free_bytes());
            Err(OpenError::DiskFull { dir, free_bytes })
        }
    }
}

/// Refuses a folder of another node or cluster: its votes and entries are not ours.
fn check_identity(database: &Database, config: &Config) -> Result<(), OpenError> {
    let Some(bytes) = database.get(Table::Meta, keys::META_IDENTITY) else { return Ok(()) };
    let found = stored::decode::<wire::Identity>(&bytes).map_err(AppliedError::from)?;
    if found.cluster_id == config.cluster_id && found.node_id == config.node_id {
        return Ok(());
    }
    let name = |cluster_id: &str, node_id: u64| format!("{node_id} of cluster {cluster_id}");
    Err(OpenError::OtherNode {
        found: name(&found.cluster_id, found.node_id),
        expected: name(&config.cluster_id, config.node_id),
    })
}

/// Refuses a database that lost its end: the others rely on the votes and entries in it.
fn check_complete(database: &Database, marker: &Marker, config: &Config) -> Result<(), OpenError> {
    let (durable, recovered) = (marker.sequence(), database.sequence());
    if recovered >= durable {
        return Ok(());
    }
    Err(OpenError::LostWrites { dir: config.dir.clone(), durable, recovered })
}

/// Refuses a state that this node must not or cannot go on with.
pub(crate) fn check_state(database: &Database) -> Result<(), OpenError> {
    let applied = Applied::load(|key| database.get(Table::Meta, key))?;
    version::check_cluster("the state", applied.version)?;
    let Some(bytes) = database.get(Table::Meta, keys::META_DIVERGED) else { return Ok(()) };
    let found = stored::decode::<wire::Diverged>(&bytes).map_err(AppliedError::from)?;
    let wire::Diverged { index, expected, found } = found;
    Err(Diverged { index, expected, found }.into())
}

pub(crate) async fn write_identity(writer: &Writer, config: &Config) -> Result<(), OpenError> {
    let identity =
        wire::Identity { cluster_id: config.cluster_id.clone(), node_id: config.node_id };
    let (key, value) = (keys::META_IDENTITY.to_vec(), stored::encode(&identity));
    Ok(writer.durable(vec![Op::Put { table: Table::Meta, key, value }]).await?)
}

/// How openraft is set up.
pub(crate) fn raft_config(config: &Config) -> Result<openraft::Config, OpenError> {
    let millis =
        |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let timers = config.timers;
    let raft = openraft::Config {
        cluster_name: config.cluster_id.clone(),
        heartbeat_interval: millis(timers.heartbeat),
        election_timeout_min: millis(timers.election_min),
        election_timeout_max: millis(timers.election_max),
        enable_pre_vote: Some(true),
        max_payload_entries: 512,
        snapshot_policy: openraft::SnapshotPolicy::LogsSinceLast(config.snapshots.every_entries),
        max_in_snapshot_log_to_keep: config.snapshots.keep_entries,
        purge_batch_size: (config.snapshots.keep_entries / 4).clamp(1, 10_000),
        install_snapshot_timeout: 10 * 60 * 1000,
        // A leader that comes back must be elected in a new term. It sends entries to the others
        // while it writes them itself, so they may have entries of its term that it lost; it would
        // give their indexes and its term to other entries, and nobody could tell them apart.
        enable_leader_restore: Some(false),
        ..openraft::Config::default()
    };
    raft.validate().map_err(|error| OpenError::Timers { reason: error.to_string() })
}
