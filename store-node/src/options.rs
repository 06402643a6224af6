//! What a store process is told on its command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use raft_store::config::{Retention, SnapshotPolicy, Timers};

/// The arguments of `ironraft-store-node run`. Which node of which cluster it is stands in its
/// certificate.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The folder of the store; made when it is not there.
    #[arg(long)]
    pub folder: PathBuf,
    /// The folder with the node's key and certificate.
    #[arg(long)]
    pub identity: PathBuf,
    /// Where the other nodes reach it, with mutual TLS.
    #[arg(long)]
    pub peer: SocketAddr,
    /// Where clients reach it.
    #[arg(long)]
    pub client: SocketAddr,
    /// Clients use TLS.
    #[arg(long)]
    pub client_tls: bool,
    /// How often the leader shows that it lives, milliseconds.
    #[arg(long)]
    pub heartbeat_ms: Option<u64>,
    /// The shortest wait before an election, milliseconds.
    #[arg(long)]
    pub election_min_ms: Option<u64>,
    /// The longest wait before an election, milliseconds.
    #[arg(long)]
    pub election_max_ms: Option<u64>,
    /// How long a request waits for a leader and a quorum, milliseconds.
    #[arg(long)]
    pub request_ms: Option<u64>,
    /// A snapshot is made after this many entries.
    #[arg(long)]
    pub snapshot_every: Option<u64>,
    /// This many entries that are in a snapshot stay in the log.
    #[arg(long)]
    pub snapshot_keep: Option<u64>,
    /// This many revisions of history are kept.
    #[arg(long)]
    pub history_revisions: Option<u64>,
    /// Threads of the asynchronous runtime. One is fastest where three nodes share two cores.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

impl Options {
    /// Raft's timers: the store's own where nothing was said.
    #[must_use]
    pub fn timers(&self) -> Timers {
        let own = Timers::default();
        let or = |said: Option<u64>, own: Duration| said.map_or(own, Duration::from_millis);
        Timers {
            heartbeat: or(self.heartbeat_ms, own.heartbeat),
            election_min: or(self.election_min_ms, own.election_min),
            election_max: or(self.election_max_ms, own.election_max),
            request: or(self.request_ms, own.request),
        }
    }

    /// When snapshots are made.
    #[must_use]
    pub fn snapshots(&self) -> SnapshotPolicy {
        let own = SnapshotPolicy::default();
        SnapshotPolicy {
            every_entries: self.snapshot_every.unwrap_or(own.every_entries),
            keep_entries: self.snapshot_keep.unwrap_or(own.keep_entries),
            ..own
        }
    }

    /// How much history is kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        let own = Retention::default();
        Retention { revisions_max: self.history_revisions.unwrap_or(own.revisions_max), ..own }
    }
}
