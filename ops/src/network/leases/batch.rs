//! Commits of many bindings as one transaction, so that a batch of a rack is one entry of the log.
//!
//! The requests are judged one after the other: each sees what those before it wrote. The
//! transaction carries the ids of all of them, those that are refused too, and the store applies it
//! only if none of them was decided before; those that were are answered as repeated, and the others
//! are judged anew. So each request is decided once, in whichever batches it comes.
//!
//! A batch that loses against another transaction is judged again, a few times; then its requests
//! go one by one, so that one whose address everybody wants delays none of the others for long.

use std::collections::BTreeMap;

use futures::future::join_all;
use model::time::Timestamp;
use raft_store::txn::{Committed, DecidedRequest, Meta, TransactError, Txn};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::Tables;

use super::{CommitOutcome, CommitRefusal, Decided, Known, LeaseRequest, RackProcess, decide};

/// How often requests are judged together, and how often one alone.
const TOGETHER_MAX: u32 = 3;
const ALONE_MAX: u32 = 16;

/// Commits bindings; the outcomes are in the order of the requests.
pub(super) async fn commit(
    tables: &Tables,
    process: &RackProcess,
    requests: &[LeaseRequest],
) -> Vec<CommitOutcome> {
    let mut batch = Batch::new(tables, process, requests);
    let lost = batch.commit(first_of_each_id(requests), TOGETHER_MAX).await;
    let alone = lost.open.into_iter().map(|place| async move {
        let request = std::slice::from_ref(&requests[place]);
        (place, Batch::new(tables, process, request).commit_alone().await)
    });
    for (place, outcome) in join_all(alone).await {
        batch.outcomes[place] = Some(outcome);
    }
    answer_copies(requests, batch.outcomes)
}

/// The places of the requests, without those whose id an earlier one has.
fn first_of_each_id(requests: &[LeaseRequest]) -> Vec<usize> {
    let mut first = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        first.entry(request.id).or_insert(place);
    }
    let mut places: Vec<usize> = first.into_values().collect();
    places.sort_unstable();
    places
}

/// A copy of a request has its answer; another request under the same id was never judged.
fn answer_copies(
    requests: &[LeaseRequest],
    mut outcomes: Vec<Option<CommitOutcome>>,
) -> Vec<CommitOutcome> {
    for (place, request) in requests.iter().enumerate() {
        if outcomes[place].is_some() {
            continue;
        }
        let first = requests.iter().zip(&outcomes).find(|(other, _)| other.id == request.id);
        outcomes[place] = first.and_then(|(first, outcome)| match outcome {
            Some(outcome) if first == request => Some(outcome.clone()),
            Some(CommitOutcome::Committed { revision, .. })
            | Some(CommitOutcome::Refused { revision, .. }) => Some(repeated(*revision)),
            Some(CommitOutcome::Open { .. }) | None => None,
        });
    }
    let unknown = || open("another request has its id");
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unknown)).collect()
}

fn open(reason: &str) -> CommitOutcome {
    CommitOutcome::Open { reason: reason.to_owned() }
}

fn repeated(revision: u64) -> CommitOutcome {
    CommitOutcome::Refused { revision, refusal: CommitRefusal::Repeated }
}

/// Requests of a rack, and what became of them.
struct Batch<'a> {
    tables: &'a Tables,
    process: &'a RackProcess,
    requests: &'a [LeaseRequest],
    outcomes: Vec<Option<CommitOutcome>>,
}

/// The places of requests that lost against other transactions each time; none when all have an
/// outcome.
#[derive(Default)]
struct Lost {
    open: Vec<usize>,
    reason: String,
}

/// Requests as they were judged, each with its place, and the transaction that says so.
struct Judged {
    decided: Vec<(usize, Decided)>,
    decided_at: Timestamp,
    txn: Txn,
}

impl<'a> Batch<'a> {
    fn new(tables: &'a Tables, process: &'a RackProcess, requests: &'a [LeaseRequest]) -> Self {
        Self { tables, process, requests, outcomes: vec![None; requests.len()] }
    }

    /// Decides its only request.
    async fn commit_alone(mut self) -> CommitOutcome {
        let lost = self.commit(vec![0], ALONE_MAX).await;
        self.outcomes.pop().flatten().unwrap_or_else(|| open(&lost.reason))
    }

    /// Decides the requests at these places together.
    async fn commit(&mut self, mut open: Vec<usize>, evaluations: u32) -> Lost {
        let (mut attempt, mut reason) = (0, String::new());
        while attempt < evaluations && !open.is_empty() {
            let judged = match self.judge(&mut open, attempt).await {
                Ok(Some(judged)) => judged,
                Ok(None) => break,
                Err(error) => return self.nobody_knows(&open, &error.to_string()),
            };
            let Judged { decided, decided_at, txn } = judged;
            match self.tables.store().transact(txn).await {
                Ok(Committed { revision }) => {
                    for (place, decided) in decided {
                        self.outcomes[place] = Some(outcome(decided, revision, decided_at));
                    }
                    return Lost::default();
                }
                Err(TransactError::Decided { requests }) if !requests.is_empty() => {
                    self.leave_out_decided(&mut open, &requests);
                }
                Err(TransactError::Conflict { key }) => {
                    reason = format!("{} is being changed", String::from_utf8_lossy(&key));
                    attempt += 1;
                }
                Err(error) => return self.nobody_knows(&open, &error.to_string()),
            }
        }
        Lost { open, reason }
    }

    fn nobody_knows(&mut self, places: &[usize], reason: &str) -> Lost {
        for place in places {
            self.outcomes[*place] = Some(open(reason));
        }
        Lost::default()
    }

    /// Those that were decided before have their answer.
    fn leave_out_decided(&mut self, open: &mut Vec<usize>, requests: &[DecidedRequest]) {
        open.retain(|place| {
            let id = self.requests[*place].id;
            let decided = requests.iter().find(|request| request.id == id);
            if let Some(request) = decided {
                self.outcomes[*place] = Some(repeated(request.revision));
            }
            decided.is_none()
        });
    }

    /// Judges the requests, without those that cannot be; none when none can.
    ///
    /// At first by what this node has: all that a binding rests on is compared when it is applied. Who
    /// is refused, or lost, is judged by what is known to be the newest.
    async fn judge(
        &mut self,
        open: &mut Vec<usize>,
        attempt: u32,
    ) -> Result<Option<Judged>, TableError> {
        if attempt == 0 {
            let judged = self.judge_in(self.tables.begin_stale(attempt).await?, open);
            let granted = judged.ok().filter(|it| it.decided.iter().all(|(_, it)| it.is_ok()));
            if granted.is_some() {
                return Ok(granted);
            }
        }
        while !open.is_empty() {
            match self.judge_in(self.tables.begin(attempt).await?, open) {
                Ok(judged) => return Ok(Some(judged)),
                Err((place, error)) => {
                    self.nobody_knows(&[place], &error.to_string());
                    open.retain(|other| *other != place);
                }
            }
        }
        Ok(None)
    }

    /// Judges the requests one after the other, each with what those before it wrote; or says which is
    /// the first that cannot be.
    fn judge_in(&self, mut tx: Tx, open: &[usize]) -> Result<Judged, (usize, TableError)> {
        let mut known = Known::default();
        let mut decided = Vec::with_capacity(open.len());
        for place in open {
            let request = &self.requests[*place].request;
            let judged = decide(&mut tx, &mut known, self.process, request);
            decided.push((*place, judged.map_err(|error| (*place, error))?));
        }
        let decided_at = tx.now();
        let meta = Meta {
            actor: self.process.actor().to_string(),
            reason: "binding.commit".to_owned(),
            request_id: Some(rand::random()),
            time_ms: 0,
            decides: open.iter().map(|place| self.requests[*place].id).collect(),
        };
        Ok(Judged { decided, decided_at, txn: tx.into_txn(meta) })
    }
}

fn outcome(decided: Decided, revision: u64, decided_at: Timestamp) -> CommitOutcome {
    match decided {
        Ok(binding) => CommitOutcome::Committed { revision, binding, decided_at },
        Err(refusal) => CommitOutcome::Refused { revision, refusal },
    }
}
