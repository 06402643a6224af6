//! Whether the leader that Raft names is still there.
//!
//! Raft's vote says who was elected last and goes on saying so: with pre-votes a follower that is cut
//! off never begins a term, and a leader that is cut off goes on leading nobody. So a leader counts as
//! known only while it is heard, and this node leads only while a quorum answers it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::raft::{StreamAppendError, StreamAppendResult};
use openraft::{Instant as _, ServerState};

use crate::config::Timers;
use crate::runtime::clock::Instant;
use crate::state::Raft;
use crate::status::Leadership;
use crate::types::TypeConfig;

/// When a node heard its leader last.
#[derive(Debug)]
pub(crate) struct Contact {
    begin: Instant,
    /// Milliseconds since `begin`.
    heard_ms: AtomicU64,
}

impl Contact {
    /// Nobody was heard yet.
    pub(crate) fn new() -> Self {
        Self { begin: Instant::now(), heard_ms: AtomicU64::new(0) }
    }

    /// The leader sent something that this node took.
    pub(crate) fn heard(&self) {
        let since_begin = Instant::now().saturating_duration_since(self.begin);
        let ms = u64::try_from(since_begin.as_millis()).unwrap_or(u64::MAX);
        self.heard_ms.fetch_max(ms, Ordering::Relaxed);
    }

    /// This node answered `result` to what a leader sent.
    pub(crate) fn appended(&self, result: &StreamAppendResult<TypeConfig>) {
        match result {
            Ok(_) | Err(StreamAppendError::Conflict(_)) => self.heard(),
            // One who led once.
            Err(StreamAppendError::HigherVote(_)) => {}
        }
    }

    /// How long ago that was.
    pub(crate) fn age(&self) -> Duration {
        Instant::now().saturating_duration_since(self.last_heard())
    }

    fn last_heard(&self) -> Instant {
        self.begin + Duration::from_millis(self.heard_ms.load(Ordering::Relaxed))
    }
}

/// Judges, look by look, what Raft says of leadership.
#[derive(Debug)]
pub(crate) struct Judge {
    lost_after: Duration,
    /// What Raft said last, and since when.
    said: (u64, Option<u64>),
    since: Instant,
}

impl Judge {
    pub(crate) fn new(timers: Timers) -> Self {
        let lost_after = timers.election_max * 2 + timers.heartbeat;
        Self { lost_after, said: (0, None), since: Instant::now() }
    }

    /// How often to look.
    pub(crate) fn look_every(&self) -> Duration {
        self.lost_after / 4
    }

    /// Who leads, as far as this node can tell now.
    pub(crate) fn look(&mut self, raft: &Raft, contact: &Contact) -> Leadership {
        let metrics = raft.metrics();
        let metrics = metrics.borrow_watched();
        let (term, leader) = (metrics.current_term, metrics.current_leader);
        if self.said != (term, leader) {
            self.said = (term, leader);
            self.since = Instant::now();
        }
        let is_self = leader == Some(metrics.id);
        let last_sign = if is_self {
            let acked = metrics.last_quorum_acked.map(|acked| acked.into_inner());
            let voters = metrics.membership_config.membership().voter_ids();
            let is_alone = voters.eq([metrics.id]);
            if is_alone { Some(Instant::now()) } else { acked }
        } else {
            Some(contact.last_heard())
        };
        let last_sign = last_sign.map_or(self.since, |sign| sign.max(self.since));
        if last_sign.elapsed() > self.lost_after {
            return Leadership { term, leader: None, leading: false };
        }
        let leading = is_self && metrics.state == ServerState::Leader;
        Leadership { term, leader, leading }
    }
}
