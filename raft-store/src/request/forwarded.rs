//! Transactions between two nodes: sent to the leader by one, answered by the other.

use std::sync::Arc;

use bytes::Bytes;
use openraft::Instant as _;
use proto::raft as wire;

use crate::forward::{self, Waiting};
use crate::node::Node;
use crate::packing::PackQueue;
use crate::propose::Proposed;
use crate::runtime;
use crate::runtime::clock::{self, Instant};
use crate::state;
use crate::txn::DecidedRequest;
use crate::types::Outcome;

/// How far a transaction's time may be ahead of the leader's clock: what the rules of leases bear.
const AHEAD_MAX_MS: u64 = 3_000;
/// How far it may be behind. It may have been on its way, or sent again, for some time; what it says of
/// leases is the shorter for that, by less than addresses are promised beyond them.
const BEHIND_MAX_MS: u64 = 60_000;

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
        let now_ms = runtime::now_ms();
        let refused: Vec<Option<Proposed>> = txns.iter().map(|txn| refused(txn, now_ms)).collect();
        let leadership = *self.leadership.borrow();
        // One whose disk is nearly full is about to hand leadership over.
        let takes = leadership.leading && !self.disk.is_low();
        let proposed = if takes {
            let valid = txns.into_iter().zip(&refused).filter(|(_, refusal)| refusal.is_none());
            self.propose(valid.map(|(txn, _)| txn).collect(), self.deadline()).await
        } else {
            Vec::new()
        };
        let leader = leadership.leader.filter(|_| !leadership.leading);
        let untried = Proposed::NotLeader(leader);
        in_order(refused, proposed, &untried).map(reply_of).collect()
    }
}

/// The outcomes of all transactions: of the valid ones what came of them, or `untried`.
fn in_order(
    refused: Vec<Option<Proposed>>,
    proposed: Vec<Proposed>,
    untried: &Proposed,
) -> impl Iterator<Item = Proposed> {
    let mut proposed = proposed.into_iter();
    refused.into_iter().map(move |refusal| match refusal {
        Some(refusal) => refusal,
        None => proposed.next().unwrap_or_else(|| untried.clone()),
    })
}

/// Why a transaction is not even proposed at the time `now_ms` of this node, if so.
fn refused(txn: &wire::Txn, now_ms: u64) -> Option<Proposed> {
    if let Err(reason) = state::validate(txn) {
        return Some(Proposed::Done(Outcome::Invalid(reason)));
    }
    let told = txn.time_ms > 0;
    let ahead = told && txn.time_ms > now_ms.saturating_add(AHEAD_MAX_MS);
    let behind = told && txn.time_ms.saturating_add(BEHIND_MAX_MS) < now_ms;
    (ahead || behind).then(|| {
        let (way, ms) = if ahead {
            ("ahead of", txn.time_ms - now_ms)
        } else {
            ("behind", now_ms - txn.time_ms)
        };
        Proposed::Refused(format!("it was evaluated by a clock {ms} ms {way} that of the leader"))
    })
}

fn reply_of(outcome: Proposed) -> wire::TransactReply {
    use wire::transact_reply::Result as Reply;
    let result = match outcome {
        Proposed::Done(outcome) => Reply::Outcome(outcome_to_wire(outcome)),
        Proposed::NotLeader(leader) => {
            Reply::NotLeader(wire::NotLeader { leader: leader.unwrap_or(0) })
        }
        Proposed::Refused(reason) => Reply::Refused(reason),
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
        Some(Reply::Refused(reason)) => Proposed::Refused(reason),
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
        let refused = Proposed::Done(Outcome::Invalid("a key is empty".to_owned()));
        let invalid = || vec![None, Some(refused.clone()), None];
        let untried = Proposed::NotLeader(Some(2));
        let proposed = vec![committed(7), committed(8)];
        let outcomes: Vec<_> = in_order(invalid(), proposed, &untried).collect();
        assert_eq!(vec![committed(7), refused.clone(), committed(8)], outcomes);
        let outcomes: Vec<_> = in_order(invalid(), Vec::new(), &untried).collect();
        assert_eq!(vec![untried.clone(), refused, untried], outcomes);
    }

    #[test]
    fn a_transaction_of_another_time_is_refused() {
        let at = |time_ms| {
            let write = wire::Write { key: Bytes::from_static(b"k"), value: None };
            wire::Txn { writes: vec![write], time_ms, ..wire::Txn::default() }
        };
        let now_ms = 1_700_000_000_000;
        for taken in [0, now_ms, now_ms + 3_000, now_ms - 60_000] {
            assert_eq!(None, refused(&at(taken), now_ms), "{taken}");
        }
        for (time_ms, says) in
            [(now_ms + 3_001, "3001 ms ahead of"), (now_ms - 60_001, "60001 ms behind")]
        {
            let Some(Proposed::Refused(reason)) = refused(&at(time_ms), now_ms) else {
                panic!("{time_ms} is taken");
            };
            assert!(reason.contains(says), "{reason}");
        }
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
            Proposed::Refused("ahead".to_owned()),
            Proposed::Unknown("lost".to_owned()),
        ] {
            assert_eq!(outcome, outcome_of(reply_of(outcome.clone())));
        }
    }
}
