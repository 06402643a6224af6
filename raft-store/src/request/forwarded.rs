//! Transactions between two nodes: sent to the leader by one, answered by the other.

use std::sync::Arc;

use bytes::Bytes;
use openraft::Instant as _;
use proto::raft as wire;

use crate::forward::{self, Waiting};
use crate::node::Node;
use crate::packing::PackQueue;
use crate::propose::Proposed;
use crate::runtime::clock::{self, Instant};
use crate::state;
use crate::txn::DecidedRequest;
use crate::types::Outcome;

/// Sends what waits until the node stops.
pub(crate) async fn run(node: Arc<Node>, queue: PackQueue<Waiting>) {
    let stopping = node.stopping.clone();
    let send = move |txns| {
        let node = Arc::clone(&node);
        async move { node.send_to_leader(txns).await }
    };
    stopping.run_until_cancelled(forward::run(queue, send)).await;
}

impl Node {
    /// Sends transactions to the leader as one message; one outcome for each.
    async fn send_to_leader(&self, txns: Vec<wire::Txn>) -> Vec<Proposed> {
        let count = txns.len();
        let all = |outcome: Proposed| vec![outcome; count];
        let unknown = |reason: &str| all(Proposed::Unknown(reason.to_owned()));
        let leadership = *self.leadership.borrow();
        let Some(leader) = self.leader_address(leadership) else {
            return all(Proposed::NotLeader(leadership.leader));
        };
        let deadline = Instant::now() + self.config.timers.request;
        let replies = tokio::select! {
            biased;
            replies = self.requests.transact(leader.node_id, &leader.address, txns) => replies,
            () = self.leader_changed(leadership) => return unknown("the leader was lost"),
            () = clock::sleep_until(deadline) => {
                return unknown("the leader did not answer in time");
            }
        };
        match replies {
            Ok(replies) if replies.len() == count => replies.into_iter().map(outcome_of).collect(),
            Ok(_) => unknown("the leader's answer is not complete"),
            Err(reason) => unknown(&reason),
        }
    }

    /// Answers transactions that another node forwarded; one reply for each.
    pub(crate) async fn answer_transact(&self, txns: Vec<wire::Txn>) -> Vec<wire::TransactReply> {
        let _counted = self.remote_requests.enter();
        let invalid: Vec<Option<String>> =
            txns.iter().map(|txn| state::validate(txn).err()).collect();
        let leadership = *self.leadership.borrow();
        // One whose disk is nearly full is about to hand leadership over.
        let takes = leadership.leading && !self.disk.is_low();
        let proposed = if takes {
            let valid = txns.into_iter().zip(&invalid).filter(|(_, reason)| reason.is_none());
            self.propose(valid.map(|(txn, _)| txn).collect(), self.deadline()).await
        } else {
            Vec::new()
        };
        let leader = leadership.leader.filter(|_| !leadership.leading);
        let untried = Proposed::NotLeader(leader);
        in_order(invalid, proposed, &untried).map(reply_of).collect()
    }
}

/// The outcomes of all transactions: of the valid ones what came of them, or `untried`.
fn in_order(
    invalid: Vec<Option<String>>,
    proposed: Vec<Proposed>,
    untried: &Proposed,
) -> impl Iterator<Item = Proposed> {
    let mut proposed = proposed.into_iter();
    invalid.into_iter().map(move |reason| match reason {
        Some(reason) => Proposed::Done(Outcome::Invalid(reason)),
        None => proposed.next().unwrap_or_else(|| untried.clone()),
    })
}

fn reply_of(outcome: Proposed) -> wire::TransactReply {
    use wire::transact_reply::Result as Reply;
    let result = match outcome {
        Proposed::Done(outcome) => Reply::Outcome(outcome_to_wire(outcome)),
        Proposed::NotLeader(leader) => {
            Reply::NotLeader(wire::NotLeader { leader: leader.unwrap_or(0) })
        }
        Proposed::Unknown(reason) => Reply::Unknown(reason),
    };
    wire::TransactReply { result: Some(result) }
}

/// What the leader says of one transaction.
fn outcome_of(reply: wire::TransactReply) -> Proposed {
    use wire::transact_reply::Result as Reply;
    match reply.result {
        Some(Reply::Outcome(outcome)) => match outcome_from_wire(outcome) {
            Some(outcome) => Proposed::Done(outcome),
            None => Proposed::Unknown("the leader's answer has no outcome".to_owned()),
        },
        Some(Reply::NotLeader(other)) => {
            Proposed::NotLeader(Some(other.leader).filter(|id| *id != 0))
        }
        Some(Reply::Unknown(reason)) => Proposed::Unknown(reason),
        None => Proposed::Unknown("the leader's answer is empty".to_owned()),
    }
}

fn outcome_to_wire(outcome: Outcome) -> wire::Outcome {
    use wire::outcome::Result as Value;
    let result = match outcome {
        Outcome::Committed(revision) => Value::Committed(revision),
        Outcome::Conflict(key) => Value::Conflict(key),
        Outcome::Invalid(reason) => Value::Invalid(reason),
        Outcome::Decided(requests) => Value::Decided(decided_to_wire(&requests)),
    };
    wire::Outcome { result: Some(result) }
}

fn decided_to_wire(requests: &[DecidedRequest]) -> wire::Decided {
    let request = |request: &DecidedRequest| wire::DecidedRequest {
        id: Bytes::copy_from_slice(&request.id),
        revision: request.revision,
    };
    wire::Decided { requests: requests.iter().map(request).collect() }
}

fn decided_from_wire(decided: wire::Decided) -> Option<Vec<DecidedRequest>> {
    let request = |request: wire::DecidedRequest| {
        let id = request.id.as_ref().try_into().ok()?;
        Some(DecidedRequest { id, revision: request.revision })
    };
    decided.requests.into_iter().map(request).collect()
}

fn outcome_from_wire(outcome: wire::Outcome) -> Option<Outcome> {
    use wire::outcome::Result as Value;
    Some(match outcome.result? {
        Value::Committed(revision) => Outcome::Committed(revision),
        Value::Conflict(key) => Outcome::Conflict(key),
        Value::Invalid(reason) => Outcome::Invalid(reason),
        Value::Decided(decided) => Outcome::Decided(decided_from_wire(decided)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transaction_has_its_own_outcome() {
        let committed = |revision| Proposed::Done(Outcome::Committed(revision));
        let why = || "a key is empty".to_owned();
        let invalid = || vec![None, Some(why()), None];
        let refused = Proposed::Done(Outcome::Invalid(why()));
        let untried = Proposed::NotLeader(Some(2));
        let proposed = vec![committed(7), committed(8)];
        let outcomes: Vec<_> = in_order(invalid(), proposed, &untried).collect();
        assert_eq!(vec![committed(7), refused.clone(), committed(8)], outcomes);
        let outcomes: Vec<_> = in_order(invalid(), Vec::new(), &untried).collect();
        assert_eq!(vec![untried.clone(), refused, untried], outcomes);
    }

    #[test]
    fn an_outcome_is_the_same_after_the_way_back() {
        for outcome in [
            Proposed::Done(Outcome::Committed(7)),
            Proposed::Done(Outcome::Conflict(Bytes::from_static(b"key"))),
            Proposed::Done(Outcome::Invalid("why".to_owned())),
            Proposed::Done(Outcome::Decided(vec![DecidedRequest { id: [3; 16], revision: 5 }])),
            Proposed::NotLeader(Some(3)),
            Proposed::NotLeader(None),
            Proposed::Unknown("lost".to_owned()),
        ] {
            assert_eq!(outcome, outcome_of(reply_of(outcome.clone())));
        }
    }
}
