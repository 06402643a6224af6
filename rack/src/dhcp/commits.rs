//! Requests to commit on their way to a region, in batches: what comes while one is on its way leaves with
//! the next.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use dhcp::leases::commit::{CommitRequest, Outcome};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use tracing::error;

use crate::dhcp::metrics::DhcpMetrics;
use crate::dhcp::upward::{self, Decided};
use crate::uplink::Uplink;

const BATCH_MAX: usize = 256;
/// One at a time, so that batches grow with the load.
const BATCHES_MAX: usize = 1;
/// The least time between two batches: messages to and between regions cost more than what is in them. A
/// client that comes after a quiet moment waits for nothing.
const BATCH_EVERY: Duration = Duration::from_millis(16);

/// What is to be committed, and what is on its way.
#[derive(Debug)]
pub(super) struct Commits {
    waiting: Vec<CommitRequest<IpAddr>>,
    /// The ids of what waits, and of what is on its way: it is not sent once more meanwhile.
    queued: BTreeSet<[u8; 16]>,
    batches: JoinSet<Vec<Decided>>,
    /// When it was decided to commit what has no outcome yet.
    asked: BTreeMap<[u8; 16], Instant>,
    next_batch: tokio::time::Instant,
}

impl Commits {
    /// None.
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::new(),
            queued: BTreeSet::new(),
            batches: JoinSet::new(),
            asked: BTreeMap::new(),
            next_batch: tokio::time::Instant::now(),
        }
    }

    /// Lets a request leave with the next batch, unless it waits already or is on its way.
    pub(super) fn push(&mut self, commit: CommitRequest<IpAddr>) {
        if self.queued.insert(commit.request_id) {
            self.asked.entry(commit.request_id).or_insert_with(Instant::now);
            self.waiting.push(commit);
        }
    }

    /// Waits for the outcomes of a batch, or until the next one may leave: then there are none.
    pub(super) async fn next(&mut self) -> Vec<Decided> {
        let next_batch = self.next_batch;
        let may_send = self.may_send();
        tokio::select! {
            Some(ended) = self.batches.join_next() => ended.unwrap_or_else(|failed| {
                error!("a commit of bindings failed: {failed}");
                // Nobody says which requests were in it: all may be repeated.
                self.queued = self.waiting.iter().map(|commit| commit.request_id).collect();
                Vec::new()
            }),
            () = sleep_until(next_batch), if may_send => Vec::new(),
            else => std::future::pending().await,
        }
    }

    fn may_send(&self) -> bool {
        !self.waiting.is_empty() && self.batches.len() < BATCHES_MAX
    }

    /// Sends what has gathered, if not too many batches are on their way, or were a moment ago.
    pub(super) fn send(&mut self, uplink: &Uplink, incarnation: u64) {
        let now = tokio::time::Instant::now();
        if self.may_send() && now >= self.next_batch {
            self.next_batch = now + BATCH_EVERY;
            let rest = self.waiting.split_off(self.waiting.len().min(BATCH_MAX));
            let batch = std::mem::replace(&mut self.waiting, rest);
            self.batches.spawn(upward::commit(uplink.clone(), incarnation, batch));
        }
    }

    /// Counts an outcome, and how long it took from the decision on.
    pub(super) fn count(&mut self, decided: &Decided, metrics: &DhcpMetrics) {
        metrics.decided(decided.word);
        self.queued.remove(&decided.id);
        if decided.outcome != Outcome::Unknown
            && let Some(asked) = self.asked.remove(&decided.id)
        {
            metrics.commit_seconds.observe(asked.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use model::id::{SubnetId, VlanId};
    use model::lease::commit::Change;
    use model::mac::MacAddress;

    use super::*;
    use crate::dhcp::metrics::CommitOutcome;

    #[tokio::test]
    async fn commits_are_timed_from_the_decision_to_the_outcome_however_often_they_are_repeated() {
        let metrics = DhcpMetrics::default();
        let mut commits = Commits::new();
        let commit = CommitRequest {
            request_id: [1; 16],
            change: Change::Bind,
            vlan: VlanId(1),
            subnet: SubnetId(1),
            ip: Ipv4Addr::LOCALHOST.into(),
            client: MacAddress([2; 6]).into(),
            hardware: None,
            prefix_length: None,
            hostname: None,
            told_ms: 1,
            block: None,
        };
        commits.push(commit.clone());
        commits.push(commit.clone());
        assert_eq!(commits.waiting.len(), 1, "once is enough while it waits");
        let first = commits.asked[&commit.request_id];
        let decided = |outcome, word| Decided { id: commit.request_id, outcome, word };
        commits.count(&decided(Outcome::Unknown, "unknown"), &metrics);
        commits.push(commit.clone());
        assert_eq!(commits.waiting.len(), 2, "again when nobody knows what became of it");
        assert_eq!(commits.asked[&commit.request_id], first, "it goes on from the first time");
        let committed = Outcome::Committed { revision: 1, told_ms: 1 };
        commits.count(&decided(committed, "committed"), &metrics);
        assert!(commits.asked.is_empty());
        let count = |outcome| metrics.commits.get_or_create(&CommitOutcome { outcome }).get();
        assert_eq!((count("unknown"), count("committed")), (1, 1));
    }
}
