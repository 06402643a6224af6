//! Evaluate, send, and evaluate again when something it read has moved.

use std::time::{Duration, Instant};

use bytes::Bytes;
use model::time::Timestamp;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Meta, TransactError, Txn};

use crate::clock::{self, Clock};
use crate::contention::{Claims, Queues, Turn};
use crate::error::TableError;
use crate::numbers::Numbers;
use crate::past::Past;
use crate::peers::Peers;
use crate::read::View;
use crate::request::{Request, Verdict};
use crate::tx::{Held, Inputs, Tx};
use crate::views::Views;

/// How often a transaction is evaluated at least before the caller is told of the conflict, and for
/// how long. Whoever conflicts lost against one that was committed, so the cluster is not stuck.
const EVALUATIONS_MIN: u32 = 24;
const CONFLICTS_MAX: Duration = Duration::from_secs(20);

/// The longest random pause after the first conflict that came in spite of a turn; doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(2);
/// And the longest of all.
const PAUSE_MAX: Duration = Duration::from_millis(128);

/// How long a transaction is sent again while no leader takes it: longer than an election.
const UNAVAILABLE_MAX: Duration = Duration::from_secs(8);

/// The pause between two such attempts.
const UNAVAILABLE_PAUSE: Duration = Duration::from_millis(100);

/// The tables of the cluster: the only door to the store for `ops`, reconcilers and feeds.
///
/// A process makes them once and clones them: what keeps its transactions from working against
/// each other, and the model in memory, belong to all clones.
#[derive(Debug, Clone)]
pub struct Tables {
    store: Store,
    views: Views,
    queues: Queues,
    claims: Claims,
    numbers: Numbers,
    clock: Clock,
    peers: Peers,
    past: Past,
    /// What is particular to the request that these are for.
    pub(crate) request: Request,
}

/// Who changes something, and with which operation; kept in the history for audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// `user:admin`, `rack:abc123`, `machine:abc123`, `reconciler:power`.
    pub actor: String,
    /// The operation, `subnet.create`.
    pub reason: &'static str,
}

impl Cause {
    /// A cause from its parts.
    pub fn new(actor: impl Into<String>, reason: &'static str) -> Self {
        Self { actor: actor.into(), reason }
    }
}

impl Tables {
    /// The tables in this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let (views, queues) = (Views::default(), Queues::default());
        let (claims, numbers) = (Claims::default(), Numbers::default());
        let (clock, past, request) = (Clock::default(), Past::default(), Request::default());
        let peers = Peers::default();
        Self { store, views, queues, claims, numbers, clock, peers, past, request }
    }

    /// The store itself: for watches, leadership and membership.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// This node's clock: what is evaluated by it is refused while it may not be used.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What this node heard of the other regions.
    #[must_use]
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// All tables, at least as new as everything acknowledged before this call.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] without a quorum.
    pub async fn view(&self) -> Result<View, TableError> {
        self.view_of(Consistency::Linearizable).await
    }

    /// All tables as this node has them; works without a quorum and may be behind.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the store of this node failed.
    pub async fn stale_view(&self) -> Result<View, TableError> {
        self.view_of(Consistency::Stale).await
    }

    async fn view_of(&self, consistency: Consistency) -> Result<View, TableError> {
        if let Some(view) = self.request.pinned() {
            return Ok(view.clone());
        }
        let at = self.store.read(consistency).await?;
        let state = self.views.at(&at).await?;
        Ok(View::new(at, state))
    }

    /// All tables as they were at an earlier revision, with their model, which is built anew. One is built at a time, and the
    /// last ones are remembered.
    ///
    /// # Errors
    /// [`TableError::Forgotten`] when the history does not reach back that far, [`TableError::Unavailable`]
    /// when this node does not come to that revision in time.
    pub async fn view_at(&self, revision: u64) -> Result<View, TableError> {
        self.past.view(&self.store, revision).await
    }

    /// Begins a transaction by hand, for callers that send it themselves; `attempt` is how often
    /// they did so before. It must not take [numbers](Tx::any_number).
    ///
    /// # Errors
    /// [`TableError::Unavailable`] without a quorum, or when this node's clock may not be used.
    pub async fn begin(&self, attempt: u32) -> Result<Tx, TableError> {
        self.begin_at(Consistency::Linearizable, attempt).await
    }

    /// As [`Tables::begin`], at what this node has, which may be behind: it costs no round to other nodes.
    /// Whatever the outcome rests on must be compared, and who is not content with it begins anew.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the store of this node failed.
    pub async fn begin_stale(&self, attempt: u32) -> Result<Tx, TableError> {
        self.begin_at(Consistency::Stale, attempt).await
    }

    async fn begin_at(&self, consistency: Consistency, attempt: u32) -> Result<Tx, TableError> {
        let (at, state) = match self.request.planned_at() {
            Some(view) => view.inputs(),
            None => {
                let at = self.store.read(consistency).await?;
                let state = self.views.at(&at).await?;
                (at, state)
            }
        };
        let held = Held { claimed: self.claims.begin(), taken: self.numbers.begin() };
        let cluster_version = self.store.cluster_version();
        let now = self.clock.now()?;
        Ok(Tx::new(Inputs { at, state, now, attempt, cluster_version, held }))
    }

    /// Evaluates `operation` and commits what it wrote; evaluates it again, at a newer view, when
    /// something it read changed meanwhile. Nothing is written when it fails.
    ///
    /// # Errors
    /// What `operation` returns, or a [`TableError`] when there is no quorum or no end of
    /// conflicts.
    pub async fn update<R, E: From<TableError>>(
        &self,
        cause: &Cause,
        operation: impl FnMut(&mut Tx) -> Result<R, E>,
    ) -> Result<R, E> {
        self.update_at(cause, operation).await.map(|(answer, _)| answer)
    }

    /// As [`Tables::update`]; also returns the revision from which on the change can be read.
    ///
    /// # Errors
    /// As [`Tables::update`].
    pub async fn update_at<R, E: From<TableError>>(
        &self,
        cause: &Cause,
        mut operation: impl FnMut(&mut Tx) -> Result<R, E>,
    ) -> Result<(R, u64), E> {
        let started = Instant::now();
        let mut turn: Option<Turn> = None;
        let mut attempt = 0;
        loop {
            let mut tx = self.begin(attempt).await?;
            self.request.begin(&mut tx)?;
            let answer = match operation(&mut tx) {
                Ok(answer) => answer,
                // A plan is evaluated on one view, which another evaluation would find as it is.
                Err(_) if tx.has_moved() && attempt < self.evaluations_min() => {
                    attempt += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Verdict::Done = self.request.finish(&mut tx, cause.reason)? {
                if tx.is_empty() {
                    tx.keep_numbers();
                }
                return Ok((answer, tx.revision()));
            }
            let written = self.request.written_by(&tx);
            let meta = Meta {
                actor: cause.actor.clone(),
                reason: cause.reason.to_owned(),
                request_id: Some(rand::random()),
                ..Meta::default()
            };
            let (txn, mut held) = tx.into_parts(meta);
            let key = match self.send(txn, &mut held).await? {
                Sent::Committed(revision) => {
                    self.request.committed(written);
                    return Ok((answer, revision));
                }
                Sent::Conflict(key) => key,
            };
            drop(held);
            if attempt >= EVALUATIONS_MIN && started.elapsed() >= CONFLICTS_MAX {
                let key = String::from_utf8_lossy(&key).into_owned();
                return Err(TableError::Conflict { key }.into());
            }
            // A turn at another key is given back first: nobody waits while holding one.
            let had_turn = turn.take().is_some();
            turn = Some(self.queues.turn(&key).await);
            if had_turn {
                tokio::time::sleep(pause(attempt)).await;
            }
            attempt += 1;
        }
    }

    fn evaluations_min(&self) -> u32 {
        if self.request.planned_at().is_some() { 0 } else { EVALUATIONS_MIN }
    }

    /// Evaluates `operation` and returns its transaction without sending it: a plan.
    ///
    /// # Errors
    /// As [`Tables::update`].
    pub async fn plan<R, E: From<TableError>>(
        &self,
        cause: &Cause,
        mut operation: impl FnMut(&mut Tx) -> Result<R, E>,
    ) -> Result<(R, Txn), E> {
        let mut tx = self.begin(0).await?;
        let answer = operation(&mut tx)?;
        let (actor, reason) = (cause.actor.clone(), cause.reason.to_owned());
        let (txn, _) = tx.into_parts(Meta { actor, reason, ..Meta::default() });
        Ok((answer, txn))
    }

    /// Sends one evaluated transaction until its outcome is known. The request id makes sending
    /// it twice harmless.
    pub(crate) async fn send(&self, txn: Txn, held: &mut Held) -> Result<Sent, TableError> {
        let started = Instant::now();
        let mut outcome_open = false;
        loop {
            let reason = match self.store.transact(txn.clone()).await {
                Ok(committed) => {
                    held.taken.keep();
                    return Ok(Sent::Committed(committed.revision));
                }
                Err(TransactError::Conflict { key }) => {
                    return Ok(Sent::Conflict(key));
                }
                Err(TransactError::Invalid { reason }) => {
                    return Err(TableError::Invalid { reason });
                }
                Err(error @ TransactError::Decided { .. }) => {
                    return Err(TableError::Invalid { reason: error.to_string() });
                }
                Err(error @ TransactError::DiskLow { .. }) => {
                    let reason = error.to_string();
                    return Err(TableError::Unavailable { reason, outcome_open });
                }
                Err(TransactError::NotCommitted { reason }) => reason,
                Err(TransactError::Unknown { reason }) => {
                    outcome_open = true;
                    held.taken.lose();
                    reason
                }
            };
            // What was evaluated by a wrong clock is never committed later.
            if let Some(reason) = self.clock.refusal() {
                return Err(TableError::Unavailable { reason, outcome_open });
            }
            if started.elapsed() >= UNAVAILABLE_MAX {
                return Err(TableError::Unavailable { reason, outcome_open });
            }
            tokio::time::sleep(UNAVAILABLE_PAUSE).await;
        }
    }
}

/// What became of a transaction.
pub(crate) enum Sent {
    /// It was applied at this revision.
    Committed(u64),
    /// This key was changed by others, and nothing was written.
    Conflict(Bytes),
}

/// A random pause that grows with the attempts: others that lost the same race pause differently.
fn pause(attempt: u32) -> Duration {
    let longest = PAUSE_FIRST.saturating_mul(1 << attempt.min(10)).min(PAUSE_MAX);
    longest.mul_f64(rand::random())
}

/// What this region node's wall clock shows, whether it may be used or not: for what no promise rests on.
#[must_use]
pub fn now() -> Timestamp {
    clock::reading().wall
}
