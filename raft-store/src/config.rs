//! What a node of the store is told when it opens.

use std::path::PathBuf;
use std::time::Duration;

use identity::Identity;

/// What a node is told when it opens.
#[derive(Clone)]
pub struct Config {
    /// The folder of this node's store; created when it is not there. It holds `db` and `snapshots`.
    pub dir: PathBuf,
    /// The cluster this node belongs to. A folder of another cluster is refused.
    pub cluster_id: String,
    /// This node's id, from 1; an id is never used again, not even for the same machine. A folder
    /// of another node is refused.
    pub node_id: u64,
    /// Where the other nodes reach this node's gRPC server, `ip:port`.
    pub address: String,
    /// The node's certificate: it reaches the others with it and knows them by theirs.
    pub identity: Identity,
    /// Raft's timers.
    pub timers: Timers,
    /// How much history is kept.
    pub retention: Retention,
    /// When snapshots are made.
    pub snapshots: SnapshotPolicy,
    /// When the disk is too full.
    pub disk: DiskPolicy,
    /// When a write takes too long.
    pub stall: StallPolicy,
    /// How much memory the database takes.
    pub memory: MemoryPolicy,
}

impl Config {
    /// A node with the usual timers and policies.
    #[must_use]
    pub fn new(dir: PathBuf, node_id: u64, address: String, identity: Identity) -> Self {
        Self {
            dir,
            cluster_id: identity.cluster_id(),
            node_id,
            address,
            identity,
            timers: Timers::default(),
            retention: Retention::default(),
            snapshots: SnapshotPolicy::default(),
            disk: DiskPolicy::default(),
            stall: StallPolicy::default(),
            memory: MemoryPolicy::default(),
        }
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("dir", &self.dir)
            .field("cluster_id", &self.cluster_id)
            .field("node_id", &self.node_id)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Raft's timers. A leader is missed after `election_max`; then a follower waits for a random time
/// between `election_min` and `election_max`, so a new leader is there about two thirds of a second
/// after the old one died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// How often the leader shows that it lives.
    pub heartbeat: Duration,
    /// The shortest wait before an election; well above a slow fsync.
    pub election_min: Duration,
    /// The longest wait before an election, and how long a leader's lease lasts.
    pub election_max: Duration,
    /// How long a request waits for a leader and a quorum.
    pub request: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_millis(50),
            election_min: Duration::from_millis(200),
            election_max: Duration::from_millis(350),
            request: Duration::from_secs(10),
        }
    }
}

/// How much history is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The greatest number of revisions.
    pub revisions_max: u64,
    /// The greatest age, in the time of the log.
    pub age_max: Duration,
    /// The greatest length of all records in bytes, as they are before compression.
    pub bytes_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            revisions_max: 1_000_000,
            age_max: Duration::from_secs(24 * 60 * 60),
            bytes_max: 4 << 30,
        }
    }
}

/// When snapshots are made and how much of the log stays behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// A snapshot is made after this many entries.
    pub every_entries: u64,
    /// This many entries that are in a snapshot stay in the log, so that a node that was away for a
    /// while needs no snapshot.
    pub keep_entries: u64,
    /// The greatest size of the log, in bytes: above it a snapshot is made and entries that are in
    /// one leave the log, however few they are. It may be four times as long while a member that
    /// answers does not have them yet.
    pub keep_bytes: u64,
}

impl Default for SnapshotPolicy {
    fn default() -> Self {
        Self { every_entries: 50_000, keep_entries: 200_000, keep_bytes: 1 << 30 }
    }
}

/// How full the file system of the store may be. A node stops in good order before the database
/// finds it full. On a small file system the percentages count, on a large one the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskPolicy {
    /// With less than this free, in bytes, the node takes no new transactions and does not lead.
    pub low_bytes: u64,
    /// The same in percent of the file system; the lesser of the two counts.
    pub low_percent: u8,
    /// With less than this free, in bytes, the node stops.
    pub stop_bytes: u64,
    /// The same in percent of the file system; the lesser of the two counts.
    pub stop_percent: u8,
    /// The size, in bytes, of a file that an operator may delete to make space; 0 for none.
    pub reserve_bytes: u64,
}

impl Default for DiskPolicy {
    fn default() -> Self {
        Self {
            low_bytes: 2 << 30,
            low_percent: 10,
            stop_bytes: 512 << 20,
            stop_percent: 5,
            reserve_bytes: 64 << 20,
        }
    }
}

/// How long a write with its fsync may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallPolicy {
    /// A leader whose write takes longer hands leadership over.
    pub transfer_after: Duration,
    /// A node whose write takes longer ends.
    pub end_after: Duration,
}

impl Default for StallPolicy {
    fn default() -> Self {
        Self { transfer_after: Duration::from_secs(1), end_after: Duration::from_secs(15) }
    }
}

/// How much memory the database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPolicy {
    /// So many bytes of a table are gathered in memory before they are written to a file of their
    /// own; twice as many of the log. Up to eight times as much lies in the write-ahead log.
    pub write_buffer_bytes: usize,
    /// Blocks of files that were read, in bytes.
    pub cache_bytes: usize,
}

impl Default for MemoryPolicy {
    fn default() -> Self {
        Self { write_buffer_bytes: 32 << 20, cache_bytes: 256 << 20 }
    }
}
