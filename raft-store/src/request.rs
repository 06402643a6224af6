//! Requests on any node: answered here by the leader, forwarded to it by the others.
//!
//! A request waits for a leader and a quorum until its deadline. It is sent again only when that
//! cannot apply a transaction twice. This file has the transactions, `forwarded` those
//! on their way to the leader, `read_index` the reads.

pub(crate) mod forwarded;
pub(crate) mod read_index;

use std::time::Duration;

use bytes::Bytes;
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use proto::raft as wire;

use crate::node::Node;
use crate::propose::Proposed;
use crate::runtime::clock::{self, Instant};
use crate::runtime::{self, mutant};
use crate::state;
use crate::status::Leadership;
use crate::txn::{Committed, TransactError, Txn};
use crate::types::Outcome;
use crate::version;

/// How long to wait before a request that found no leader is tried again, if nothing is heard.
const RETRY: Duration = Duration::from_millis(50);

/// What was when a request began.
#[derive(Debug, Clone, Copy)]
struct Began {
    at: Instant,
    /// The last entry whose effects were visible here.
    visible: u64,
    deadline: Instant,
}

impl Node {
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.config.timers.request
    }

    async fn wait_visible(&self, index: u64, deadline: Instant) -> bool {
        let mut visible = self.visible.subscribe();
        let reached = visible.wait_for(|seen| *seen >= index);
        matches!(clock::timeout_at(deadline, reached).await, Ok(Ok(_)))
    }

    /// Waits for a change of leadership, but not for long.
    async fn pause(&self, deadline: Instant) {
        let mut leadership = self.leadership.subscribe();
        leadership.mark_unchanged();
        let until = deadline.min(Instant::now() + RETRY);
        drop(clock::timeout_at(until, leadership.changed()).await);
    }

    fn begin(&self) -> Began {
        Began { at: Instant::now(), visible: *self.visible.borrow(), deadline: self.deadline() }
    }

    /// See [`Store::transact`](crate::Store::transact).
    #[tracing::instrument(level = "debug", skip_all, fields(reason = txn.meta.reason))]
    pub(crate) async fn transact(&self, txn: Txn) -> Result<Committed, TransactError> {
        let txn = self.admit(txn)?;
        self.settle(txn, None, self.begin()).await
    }

    /// See [`Store::transact_each`](crate::Store::transact_each).
    pub(crate) async fn transact_each(
        &self,
        txns: Vec<Txn>,
    ) -> Vec<Result<Committed, TransactError>> {
        let began = self.begin();
        let admitted: Vec<_> = txns.into_iter().map(|txn| self.admit(txn)).collect();
        let attempts = if self.leadership.borrow().leading {
            self.propose(admitted.iter().flatten().cloned().collect(), began.deadline).await
        } else {
            Vec::new()
        };
        let mut attempts = attempts.into_iter();
        let settled = admitted.into_iter().map(|txn| {
            let attempt = if txn.is_ok() { attempts.next() } else { None };
            async move { self.settle(txn?, attempt, began).await }
        });
        futures::future::join_all(settled).await
    }

    /// Refuses what can never be applied, and everything when the disk is nearly full.
    fn admit(&self, txn: Txn) -> Result<wire::Txn, TransactError> {
        let txn = txn.into_wire();
        state::validate(&txn).map_err(|reason| TransactError::Invalid { reason })?;
        version::check_decides(&txn, self.cluster_version())?;
        if self.disk.is_low() {
            return Err(TransactError::DiskLow { free_bytes: self.disk.free_bytes() });
        }
        Ok(txn)
    }

    /// Tries until the outcome is known or time is up; `attempt` is how the first try ended, if it
    /// was made already.
    async fn settle(
        &self,
        txn: wire::Txn,
        attempt: Option<Proposed>,
        began: Began,
    ) -> Result<Committed, TransactError> {
        let ended = self.settle_in_time(txn, attempt, began).await;
        self.stages.transact.record_time(began.at.elapsed());
        ended
    }

    async fn settle_in_time(
        &self,
        mut txn: wire::Txn,
        mut attempt: Option<Proposed>,
        Began { visible, deadline, .. }: Began,
    ) -> Result<Committed, TransactError> {
        let mut doubt = None;
        loop {
            let proposed = match attempt.take() {
                Some(proposed) => proposed,
                None => {
                    if txn.request_id.is_empty() && !self.leadership.borrow().leading {
                        // A forwarded transaction can lose its answer; with an id it can be sent
                        // again. One that was sent without an id never gets one.
                        txn.request_id = new_request_id();
                    }
                    self.try_transact(&txn, deadline).await
                }
            };
            let reason = match proposed {
                Proposed::Done(Outcome::Conflict(key)) => {
                    return Err(conflict(&txn, key, visible, doubt));
                }
                Proposed::Done(Outcome::Invalid(reason)) => {
                    return Err(TransactError::Invalid { reason });
                }
                // An earlier attempt was not applied, or this one had its answer; and it will not be.
                Proposed::Done(Outcome::Decided(requests)) => {
                    return Err(TransactError::Decided { requests });
                }
                Proposed::Done(Outcome::Committed(revision)) => {
                    // It is committed; that this node is slow to see it does not change that.
                    self.wait_visible(revision, deadline).await;
                    return Ok(Committed { revision });
                }
                Proposed::NotLeader(leader) => {
                    let known = leader.map(|id| format!("node {id} leads"));
                    known.unwrap_or_else(|| "there is no leader".to_owned())
                }
                // Says nothing of an earlier attempt.
                Proposed::Refused(reason) => {
                    return Err(match doubt {
                        Some(doubt) => TransactError::Unknown { reason: doubt },
                        None => TransactError::NotCommitted { reason },
                    });
                }
                Proposed::Unknown(reason) if txn.request_id.is_empty() => {
                    return Err(TransactError::Unknown { reason });
                }
                Proposed::Unknown(reason) => {
                    if mutant!(RetryWithoutId) {
                        txn.request_id = new_request_id();
                    }
                    doubt = Some(reason.clone());
                    reason
                }
            };
            if Instant::now() >= deadline || self.stopping.is_cancelled() {
                return Err(match doubt {
                    Some(reason) => TransactError::Unknown { reason },
                    None => TransactError::NotCommitted { reason },
                });
            }
            self.pause(deadline).await;
        }
    }

    async fn try_transact(&self, txn: &wire::Txn, deadline: Instant) -> Proposed {
        if self.leadership.borrow().leading {
            return self.propose_one(txn.clone(), deadline).await;
        }
        self.forwarder.forward(txn.clone(), deadline).await
    }

    /// Proposes transactions that may share an entry; one outcome for each.
    pub(crate) async fn propose(&self, txns: Vec<wire::Txn>, deadline: Instant) -> Vec<Proposed> {
        let count = txns.len();
        let started = Instant::now();
        let proposed = clock::timeout_at(deadline, self.proposer.propose(txns)).await;
        if proposed.is_ok() {
            self.stages.propose.record_time(started.elapsed());
        }
        proposed.unwrap_or_else(|_| vec![Proposed::Unknown("no quorum in time".to_owned()); count])
    }

    async fn propose_one(&self, txn: wire::Txn, deadline: Instant) -> Proposed {
        let proposed = self.propose(vec![txn], deadline).await.pop();
        proposed.unwrap_or_else(|| Proposed::Unknown("there is no outcome".to_owned()))
    }

    /// Returns when the leader is another than the given one.
    pub(crate) async fn leader_changed(&self, from: Leadership) {
        let mut leadership = self.leadership.subscribe();
        let changed = leadership.wait_for(|now| now.leader != from.leader || now.term != from.term);
        drop(changed.await);
    }

    pub(crate) fn leader_address(&self, leadership: Leadership) -> Option<LeaderAddress> {
        let node_id = leadership.leader.filter(|id| *id != self.config.node_id)?;
        let metrics = self.raft.server_metrics();
        let address = {
            let metrics = metrics.borrow_watched();
            metrics.membership_config.membership().get_node(&node_id)?.address.clone()
        };
        Some(LeaderAddress { node_id, address })
    }
}

/// Where the leader is.
pub(crate) struct LeaderAddress {
    pub(crate) node_id: u64,
    pub(crate) address: String,
}

fn new_request_id() -> Bytes {
    let halves = [runtime::random().to_be_bytes(), runtime::random().to_be_bytes()];
    Bytes::from(halves.concat())
}

/// What a failed compare says about the whole request; `doubt` is why an earlier attempt may still
/// be applied. It cannot when the compare can never hold again: a key that does not have a revision
/// which is given already will never have it. But an absent key can be absent again, and a revision
/// that was not given when the request began may have come and gone in between.
fn conflict(txn: &wire::Txn, key: Bytes, began_at: u64, doubt: Option<String>) -> TransactError {
    let mut compares = txn.compares.iter().filter(|compare| compare.key == key);
    let is_final = compares.all(|compare| (1..=began_at).contains(&compare.revision));
    match doubt {
        Some(reason) if !is_final => TransactError::Unknown { reason },
        Some(_) | None => TransactError::Conflict { key },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(revisions: &[u64], doubt: bool, is_conflict: bool) {
        let key = Bytes::from_static(b"k");
        let compare = |revision: &u64| wire::Compare { key: key.clone(), revision: *revision };
        let mut compares: Vec<_> = revisions.iter().map(compare).collect();
        compares.push(wire::Compare { key: Bytes::from_static(b"other"), revision: 0 });
        let txn = wire::Txn { compares, ..wire::Txn::default() };
        let lost = || "lost".to_owned();
        let expected = if is_conflict {
            TransactError::Conflict { key: key.clone() }
        } else {
            TransactError::Unknown { reason: lost() }
        };
        assert_eq!(expected, conflict(&txn, key.clone(), 7, doubt.then(lost)), "{revisions:?}");
    }

    #[test]
    fn a_conflict_after_a_lost_attempt_is_final_if_the_compare_can_never_hold_again() {
        check(&[7], true, true);
        check(&[1, 7], true, true);
        for revisions in [&[0][..], &[8], &[7, 0], &[7, 8]] {
            check(revisions, true, false);
            check(revisions, false, true);
        }
    }
}
