//! Giving leadership away on purpose, so that nobody waits for an election.

use std::time::Duration;

use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;

use crate::node::Node;
use crate::runtime::clock::{self, Instant};
use crate::status::MembershipError;
use crate::store::{Backend, Store};

/// How long one voter gets to take over.
const TAKE_OVER_MAX: Duration = Duration::from_millis(300);
/// How often the voter is asked: it refuses until it has the whole log, and the leader takes in
/// nothing new once it has asked.
const ASK_EVERY: Duration = Duration::from_millis(20);

impl Store {
    /// Asks the leader, when this node is it, to hand over to another voter, and returns when that
    /// one leads. What is under way then ends as unknown, and is sent again where that is safe.
    ///
    /// # Errors
    /// [`MembershipError::NotLeader`] when this node does not lead; `Refused` when `to` is not
    /// another voter; `Unavailable` when `to` did not take over.
    pub async fn transfer_leader(&self, to: u64) -> Result<(), MembershipError> {
        let refused = |reason: &str| MembershipError::Refused { reason: reason.to_owned() };
        let Backend::Node(node) = &self.backend else {
            return Err(refused("the store is in memory"));
        };
        node.require_leading()?;
        if to == node.config.node_id {
            return Ok(());
        }
        if !node.successors().contains(&to) {
            return Err(refused(&format!("node {to} is not another voter")));
        }
        if node.hand_over_to(to).await {
            return Ok(());
        }
        Err(MembershipError::Unavailable { reason: format!("node {to} did not take over") })
    }

    /// Gives leadership to the voter that is most likely to have the whole log, if this node leads
    /// and there is one; tries the others when that one does not take over. Returns the new leader.
    pub async fn hand_over(&self) -> Option<u64> {
        match &self.backend {
            Backend::Memory { .. } => None,
            Backend::Node(node) => node.hand_over().await,
        }
    }
}

impl Node {
    pub(crate) async fn hand_over(&self) -> Option<u64> {
        for to in self.successors() {
            if !self.leadership.borrow().leading {
                break;
            }
            tracing::info!(node.id = to, "handing leadership to node {to}");
            if self.hand_over_to(to).await {
                return Some(to);
            }
        }
        None
    }

    /// The other voters: those first that answered last, and of them those that have most.
    fn successors(&self) -> Vec<u64> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        let own = self.config.node_id;
        let matched = |id: &u64| metrics.replication.as_ref().and_then(|all| *all.get(id)?);
        let missing = |id: &u64| {
            let acked = metrics.heartbeat.as_ref().and_then(|all| *all.get(id)?);
            acked.is_none_or(|acked| acked.elapsed() > self.config.timers.election_min)
        };
        let mut voters: Vec<u64> =
            metrics.membership_config.membership().voter_ids().filter(|id| *id != own).collect();
        voters.sort_by_key(|id| (missing(id), std::cmp::Reverse(matched(id))));
        voters
    }

    /// Whether the voter leads in the end.
    async fn hand_over_to(&self, to: u64) -> bool {
        let until = Instant::now() + TAKE_OVER_MAX;
        let mut leadership = self.leadership.subscribe();
        while Instant::now() < until {
            if self.raft.trigger().transfer_leader(to).await.is_err() {
                return false;
            }
            let another = leadership.wait_for(|now| now.leader.is_some() && !now.leading);
            let another = clock::timeout(ASK_EVERY, another).await;
            if let Ok(now) = another {
                return now.is_ok_and(|now| now.leader == Some(to));
            }
        }
        false
    }
}
