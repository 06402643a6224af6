//! What a node of the store is told when it opens.

use std::path::PathBuf;
use std::time::Duration;

use identity::Identity;

pub use crate::state::history::Retention;

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
/// between `election_min` and `election_max`, so a new leader is there about a second after the old
/// one died.
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
            heartbeat: Duration::from_millis(100),
            election_min: Duration::from_millis(300),
            election_max: Duration::from_millis(450),
            request: Duration::from_secs(10),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { revisions_max: 1_000_000, age_max: Duration::from_secs(24 * 60 * 60) }
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
}

impl Default for SnapshotPolicy {
    fn default() -> Self {
        Self { every_entries: 50_000, keep_entries: 200_000 }
    }
}
