//! Linearizable reads on any node: the leader says from which entry on a state is new enough, after
//! a quorum confirmed that it leads (the Raft thesis, section 6.4).

use std::sync::Arc;

use openraft::{Instant as _, ReadPolicy};
use proto::raft as wire;

use crate::barrier::{self, Waiting};
use crate::node::Node;
use crate::read::{ReadError, ReadView};
use crate::runtime::clock::{self, Instant};
use crate::runtime::mutant;

/// Serves the reads of a node until it stops.
pub(crate) async fn run(node: Arc<Node>, waiting: Waiting<ReadView>) {
    let stopping = node.stopping.clone();
    let ask = move || {
        let node = Arc::clone(&node);
        async move { node.confirmed_view().await }
    };
    stopping.run_until_cancelled(barrier::serve(waiting, ask)).await;
}

impl Node {
    /// A view that has everything that was acknowledged before the call; reads that wait at the same
    /// time share one.
    pub(crate) async fn latest(&self) -> Result<ReadView, ReadError> {
        let deadline = self.deadline();
        if mutant!(ReadWithoutBarrier) {
            let (view, applied) = self.view();
            return Ok(ReadView::of(view, &applied));
        }
        loop {
            let served = clock::timeout_at(deadline, self.barriers.next()).await;
            let reason = match served.unwrap_or_else(|_| Err("no quorum in time".to_owned())) {
                Ok(view) => return Ok(view),
                Err(reason) => reason,
            };
            if Instant::now() >= deadline || self.stopping.is_cancelled() {
                return Err(ReadError::Unavailable { reason });
            }
            self.pause(deadline).await;
        }
    }

    /// Waits until this node has everything that was acknowledged before the call.
    pub(crate) async fn read_barrier(&self) -> Result<(), ReadError> {
        self.latest().await.map(drop)
    }

    /// A view for the reads that began before this call.
    pub(crate) async fn confirmed_view(&self) -> Result<ReadView, String> {
        let index = self.read_index_of_leader().await?;
        if !self.wait_visible(index, self.deadline()).await {
            return Err(format!("this node has not applied entry {index} yet"));
        }
        let (view, applied) = self.view();
        Ok(ReadView::of(view, &applied))
    }

    /// The log index up to which reads that began before this call must wait.
    async fn read_index_of_leader(&self) -> Result<u64, String> {
        use wire::read_index_reply::Result as Reply;
        let deadline = self.deadline();
        let leadership = *self.leadership.borrow();
        if leadership.leading {
            return self.confirm_leading(deadline).await;
        }
        let Some(leader) = self.leader_address(leadership) else {
            return Err("there is no leader".to_owned());
        };
        let reply = tokio::select! {
            biased;
            reply = self.requests.read_index(leader.node_id, &leader.address) => reply,
            () = self.leader_changed(leadership) => return Err("the leader was lost".to_owned()),
            () = clock::sleep_until(deadline) => {
                return Err("the leader did not answer in time".to_owned());
            }
        };
        match reply.map(|reply| reply.result) {
            Ok(Some(Reply::Index(index))) => Ok(index),
            Ok(Some(Reply::NotLeader(_))) => Err("the leader is changing".to_owned()),
            Ok(Some(Reply::Unavailable(reason))) => Err(reason),
            Ok(None) => Err("the leader's answer is empty".to_owned()),
            Err(reason) => Err(reason),
        }
    }

    /// The log index up to which a read must wait, after a quorum confirmed that this node leads.
    async fn confirm_leading(&self, deadline: Instant) -> Result<u64, String> {
        if mutant!(ReadWithoutQuorum) {
            return Ok(*self.visible.borrow());
        }
        // A lease would trust that the clocks of all nodes run alike.
        let policy =
            if mutant!(ReadByLease) { ReadPolicy::LeaseRead } else { ReadPolicy::ReadIndex };
        let confirmed = self.raft.get_read_linearizer(policy);
        match clock::timeout_at(deadline, confirmed).await {
            Ok(Ok(linearizer)) => Ok(linearizer.read_log_id().index()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no quorum in time".to_owned()),
        }
    }

    /// Answers a node that wants to read.
    pub(crate) async fn answer_read_index(&self) -> wire::ReadIndexReply {
        use wire::read_index_reply::Result as Reply;
        let _guest = self.guests.enter();
        let leadership = *self.leadership.borrow();
        let result = if leadership.leading {
            match self.confirm_leading(self.deadline()).await {
                Ok(index) => Reply::Index(index),
                Err(reason) => Reply::Unavailable(reason),
            }
        } else {
            Reply::NotLeader(wire::NotLeader { leader: leadership.leader.unwrap_or(0) })
        };
        wire::ReadIndexReply { result: Some(result) }
    }
}
