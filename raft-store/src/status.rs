//! What a node knows of itself and the cluster.

use openraft::ServerState;

use crate::disk::Usage;
use crate::state::Raft;
use crate::types::TypeConfig;

/// A node's view of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The cluster.
    pub cluster_id: String,
    /// This node.
    pub node_id: u64,
    /// What this node is at the moment.
    pub role: Role,
    /// The Raft term.
    pub term: u64,
    /// The leader's node id, when there is one that this node hears; a leader hears a quorum.
    pub leader: Option<u64>,
    /// The last entry in this node's log.
    pub last_log: u64,
    /// The last entry that this node applied; readers see it.
    pub applied: u64,
    /// The last entry in this node's snapshot.
    pub snapshot: Option<u64>,
    /// The last entry that this node's log no longer has.
    pub purged: Option<u64>,
    /// Size of the file system that the store is on, in bytes; 0 when that is not known.
    pub disk_bytes: u64,
    /// How much of it was free at the last look, in bytes.
    pub disk_free_bytes: u64,
    /// All members, in the order of their ids.
    pub members: Vec<Member>,
}

/// What a node is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Receives the log and does not vote.
    Learner,
    /// Votes and follows.
    Follower,
    /// Wants to lead.
    Candidate,
    /// Leads.
    Leader,
    /// Is stopping.
    Stopping,
}

impl Role {
    /// What it is called in answers and on pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
            Self::Stopping => "stopping",
        }
    }
}

/// A member of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its node id.
    pub id: u64,
    /// Where its gRPC server is reached, `ip:port`.
    pub address: String,
    /// Whether it votes; a learner does not.
    pub voter: bool,
    /// The last entry that it is known to have; only the leader knows.
    pub matched: Option<u64>,
    /// How many entries it is behind the leader's log; only the leader knows.
    pub lag: Option<u64>,
}

/// Who leads, as this node knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leadership {
    /// The Raft term.
    pub term: u64,
    /// The leader's node id, when there is one that this node hears; a leader hears a quorum.
    pub leader: Option<u64>,
    /// Whether this node is the leader and may run reconcilers.
    pub leading: bool,
}

pub(crate) fn of(cluster_id: &str, raft: &Raft, leadership: Leadership, disk: Usage) -> Status {
    let metrics =
        openraft::async_runtime::watch::WatchReceiver::borrow_watched(&raft.metrics()).clone();
    let last_log = metrics.last_log_index.unwrap_or(0);
    let membership = metrics.membership_config.membership();
    let voters: Vec<u64> = membership.voter_ids().collect();
    let matched = |id: u64| {
        let log_id = metrics.replication.as_ref()?.get(&id)?.as_ref()?;
        Some(log_id.index)
    };
    let members = membership.nodes().map(|(id, member)| Member {
        id: *id,
        address: member.address.clone(),
        voter: voters.contains(id),
        matched: matched(*id),
        lag: matched(*id).map(|index| last_log.saturating_sub(index)),
    });
    Status {
        cluster_id: cluster_id.to_owned(),
        node_id: metrics.id,
        role: role(metrics.state),
        term: metrics.current_term,
        leader: leadership.leader,
        last_log,
        applied: metrics.last_applied.map_or(0, |log_id| log_id.index),
        snapshot: metrics.snapshot.map(|log_id| log_id.index),
        purged: metrics.purged.map(|log_id| log_id.index),
        disk_bytes: disk.total,
        disk_free_bytes: disk.free,
        members: members.collect(),
    }
}

fn role(state: ServerState) -> Role {
    match state {
        ServerState::Learner => Role::Learner,
        ServerState::Follower => Role::Follower,
        ServerState::Candidate => Role::Candidate,
        ServerState::Leader => Role::Leader,
        ServerState::Shutdown => Role::Stopping,
    }
}

/// A change of the members was refused, or its outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembershipError {
    /// Only the leader can do it.
    #[error("this node is not the leader")]
    NotLeader {
        /// The leader's node id, when it is known.
        leader: Option<u64>,
    },
    /// Another change is under way. Try again when it is done.
    #[error("another change of the members is under way")]
    InProgress,
    /// It cannot be done.
    #[error("change of the members refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
    /// Certainly nothing was changed: no quorum answered, or a node did not do its part.
    #[error("members cannot be changed now: {reason}")]
    Unavailable {
        /// What was missing.
        reason: String,
    },
    /// Leadership was lost or no quorum answered: look at the status before trying again.
    #[error("outcome of the change of the members is unknown: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
}

pub(crate) fn membership_error(
    error: openraft::errors::RaftError<TypeConfig, openraft::errors::ClientWriteError<TypeConfig>>,
) -> MembershipError {
    use openraft::errors::{ChangeMembershipError as Change, ClientWriteError as Write, RaftError};
    match error {
        RaftError::Fatal(fatal) => MembershipError::Unknown { reason: fatal.to_string() },
        RaftError::APIError(Write::ForwardToLeader(forward)) => {
            MembershipError::NotLeader { leader: forward.leader_id }
        }
        RaftError::APIError(Write::LogEntryDiscarded(_)) => {
            MembershipError::Unknown { reason: "leadership was lost".to_owned() }
        }
        RaftError::APIError(Write::ChangeMembershipError(change)) => match change {
            Change::InProgress(_) | Change::UncommittedLeaderLog(_) => MembershipError::InProgress,
            Change::EmptyMembership(_)
            | Change::LearnerNotFound(_)
            | Change::UnsupportedMembershipTransition(_)
            | Change::NodeMetadataChanged(_) => {
                MembershipError::Refused { reason: change.to_string() }
            }
        },
        // Of the second step: the first one is committed.
        RaftError::APIError(Write::PreconditionFailed(failed)) => {
            MembershipError::Unknown { reason: failed.to_string() }
        }
    }
}
