//! The types that openraft is configured with, and short names for what follows from them.
//!
//! Nothing here is ever written to disk or wire as openraft or serde would do it: `stored` is the
//! only place that turns these into bytes.

use std::fmt;

use crate::txn::DecidedRequest;
use bytes::Bytes;
use openraft::alias::{CommittedLeaderIdOf, EntryOf, LogIdOf, StoredMembershipOf, VoteOf};

/// What goes through the log: an encoded `proto::raft::Command`. Only `apply` decodes it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The encoded command.
    pub encoded: Bytes,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({} bytes)", self.encoded.len())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command of {} bytes", self.encoded.len())
    }
}

/// What `apply` answers: one outcome for each transaction of the command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The outcomes, in the order of the transactions.
    pub outcomes: Vec<Outcome>,
}

/// What became of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was applied at this revision.
    Committed(u64),
    /// The compare of this key failed.
    Conflict(Bytes),
    /// It can never be applied.
    Invalid(String),
    /// Some of the requests that it decides were decided before.
    Decided(Vec<DecidedRequest>),
}

/// A member of the cluster, as the membership entries of the log know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Member {
    /// Where its gRPC server is reached, `ip:port`.
    pub address: String,
}

openraft::declare_raft_types!(
    /// How openraft is configured.
    pub(crate) TypeConfig:
        D = Command,
        R = Answer,
        NodeId = u64,
        Node = Member,
        AsyncRuntime = crate::runtime::Runtime,
);

pub(crate) type LogId = LogIdOf<TypeConfig>;
pub(crate) type LeaderId = CommittedLeaderIdOf<TypeConfig>;
pub(crate) type Vote = VoteOf<TypeConfig>;
pub(crate) type Entry = EntryOf<TypeConfig>;
pub(crate) type Membership = openraft::Membership<u64, Member>;
pub(crate) type StoredMembership = StoredMembershipOf<TypeConfig>;
pub(crate) type SnapshotMeta = openraft::alias::SnapshotMetaOf<TypeConfig>;
