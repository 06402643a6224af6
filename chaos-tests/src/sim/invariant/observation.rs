//! What the invariants are judged by.

use raft_store::sim::member::{LogRecord, Position};

/// What is seen of one node at one moment.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The node.
    pub node: u64,
    /// Its process; a restarted node has another one.
    pub incarnation: u64,
    /// Where it is.
    pub position: Position,
    /// The end of its log on disk.
    pub log: Vec<LogRecord>,
    /// What is applied, and the digest of its state; not at every look.
    pub digest: Option<(u64, u64)>,
}
