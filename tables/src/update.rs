//! Evaluate, send, and evaluate again when something it read has moved.

use std::time::{Duration, Instant, SystemTime};

use model::time::Timestamp;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Meta, TransactError, Txn};

use crate::error::TableError;
use crate::read::View;
use crate::tx::Tx;

/// How often a transaction is evaluated before the caller is told of the conflict.
const EVALUATIONS_MAX: u32 = 24;

/// How long a transaction is sent again while no leader takes it: longer than an election.
const UNAVAILABLE_MAX: Duration = Duration::from_secs(8);

/// The pause between two such attempts.
const UNAVAILABLE_PAUSE: Duration = Duration::from_millis(100);

/// The tables of the cluster: the only door to the store for `ops`, reconcilers and feeds.
#[derive(Debug, Clone)]
pub struct Tables {
    store: Store,
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
        Self { store }
    }

    /// The store itself: for watches, leadership and membership.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// All tables, at least as new as everything acknowledged before this call.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] without a quorum.
    pub async fn view(&self) -> Result<View, TableError> {
        Ok(View::new(self.store.read(Consistency::Linearizable).await?))
    }

    /// All tables as this node has them; works without a quorum and may be behind.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when the store of this node failed.
    pub async fn stale_view(&self) -> Result<View, TableError> {
        Ok(View::new(self.store.read(Consistency::Stale).await?))
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
        let mut conflict = String::new();
        for _ in 0..EVALUATIONS_MAX {
            let at = self.store.read(Consistency::Linearizable).await.map_err(TableError::from)?;
            let mut tx = Tx::new(at, now());
            let answer = operation(&mut tx)?;
            if tx.is_empty() {
                return Ok((answer, tx.revision()));
            }
            let meta = Meta {
                actor: cause.actor.clone(),
                reason: cause.reason.to_owned(),
                request_id: Some(rand::random()),
                time_ms: 0,
            };
            match self.send(tx.into_txn(meta)).await? {
                Sent::Committed(revision) => return Ok((answer, revision)),
                Sent::Conflict(key) => conflict = key,
            }
        }
        Err(TableError::Conflict { key: conflict }.into())
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
        let at = self.store.read(Consistency::Linearizable).await.map_err(TableError::from)?;
        let mut tx = Tx::new(at, now());
        let answer = operation(&mut tx)?;
        let (actor, reason) = (cause.actor.clone(), cause.reason.to_owned());
        Ok((answer, tx.into_txn(Meta { actor, reason, ..Meta::default() })))
    }

    /// Sends one evaluated transaction until its outcome is known. The request id makes sending
    /// it twice harmless.
    async fn send(&self, txn: Txn) -> Result<Sent, TableError> {
        let started = Instant::now();
        let mut outcome_open = false;
        loop {
            let reason = match self.store.transact(txn.clone()).await {
                Ok(committed) => return Ok(Sent::Committed(committed.revision)),
                Err(TransactError::Conflict { key }) => {
                    return Ok(Sent::Conflict(String::from_utf8_lossy(&key).into_owned()));
                }
                Err(TransactError::Invalid { reason }) => {
                    return Err(TableError::Invalid { reason });
                }
                Err(error @ TransactError::DiskLow { .. }) => {
                    let reason = error.to_string();
                    return Err(TableError::Unavailable { reason, outcome_open });
                }
                Err(TransactError::NotCommitted { reason }) => reason,
                Err(TransactError::Unknown { reason }) => {
                    outcome_open = true;
                    reason
                }
            };
            if started.elapsed() >= UNAVAILABLE_MAX {
                return Err(TableError::Unavailable { reason, outcome_open });
            }
            tokio::time::sleep(UNAVAILABLE_PAUSE).await;
        }
    }
}

enum Sent {
    Committed(u64),
    Conflict(String),
}

/// The present time of this region node.
#[must_use]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
