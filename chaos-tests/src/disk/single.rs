//! The process under test: a store of one node, its requests on standard input.
//!
//! It has no network and no rules of its own, so whatever it loses was lost by the store. It ends
//! cleanly when its standard input does, and as the store decides when the disk fails.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use raft_store::Store;
use raft_store::config::{
    Config, DiskPolicy, MemoryPolicy, Retention, SnapshotPolicy, StallPolicy, Timers,
};
use raft_store::read::{Consistency, ReadError, ReadView};
use raft_store::store::InitError;
use raft_store::txn::{Compare, Expected, Meta, TransactError, Txn, Write as KeyWrite};
use raft_store::watch::WatchError;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::protocol::{Answer, Operation, READY, Request, Response, Transaction};

/// How long a node of one waits for its own election before it gives up.
const ELECTION_MAX: Duration = Duration::from_secs(60);

/// What a run chooses about the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// A snapshot is made after this many entries.
    pub snapshot_every: u64,
    /// This many entries that are in a snapshot stay in the log.
    pub snapshot_keep: u64,
    /// The history reaches back this many revisions after a compaction.
    pub history_revisions: u64,
    /// The node ends when a write takes longer, in milliseconds.
    pub stall_ms: u64,
    /// How much of a table is gathered in memory: with little, files come and go all the time.
    pub write_buffer_bytes: usize,
}

impl Default for Policy {
    fn default() -> Self {
        let (snapshots, retention) = (SnapshotPolicy::default(), Retention::default());
        Self {
            snapshot_every: snapshots.every_entries,
            snapshot_keep: snapshots.keep_entries,
            history_revisions: retention.revisions_max,
            stall_ms: 60_000,
            write_buffer_bytes: MemoryPolicy::default().write_buffer_bytes,
        }
    }
}

/// Opens the store and answers until standard input ends.
///
/// # Errors
/// When the store does not open, with the reason that an operator would see.
pub fn run(folder: PathBuf, identity: &Path, policy: Policy) -> anyhow::Result<()> {
    let identity = identity::Identity::load(identity).context("the identity is unusable")?;
    let config = Config {
        timers: timers(),
        retention: Retention { revisions_max: policy.history_revisions, ..Retention::default() },
        snapshots: SnapshotPolicy {
            every_entries: policy.snapshot_every,
            keep_entries: policy.snapshot_keep,
            ..SnapshotPolicy::default()
        },
        stall: StallPolicy {
            end_after: Duration::from_millis(policy.stall_ms),
            ..StallPolicy::default()
        },
        memory: MemoryPolicy {
            write_buffer_bytes: policy.write_buffer_bytes,
            ..MemoryPolicy::default()
        },
        // The disks are small.
        disk: DiskPolicy { reserve_bytes: 0, ..DiskPolicy::default() },
        ..Config::new(folder.clone(), 1, "127.0.0.1:1".to_owned(), identity)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("no runtime")?;
    runtime.block_on(async {
        let opened = Store::open(config).await;
        let store = opened.with_context(|| format!("no store in {}", folder.display()))?;
        serve(Arc::new(store)).await
    })
}

/// Short, because nobody else can be elected.
fn timers() -> Timers {
    Timers {
        heartbeat: Duration::from_millis(50),
        election_min: Duration::from_millis(100),
        election_max: Duration::from_millis(150),
        ..Timers::default()
    }
}

async fn serve(store: Arc<Store>) -> anyhow::Result<()> {
    match store.init().await {
        Ok(()) | Err(InitError::Member) => {}
        Err(failed @ InitError::Failed { .. }) => return Err(failed.into()),
    }
    let mut leadership = store.leadership();
    let leading = leadership.wait_for(|now| now.leading);
    tokio::time::timeout(ELECTION_MAX, leading)
        .await
        .context("the node did not elect itself")?
        .context("the store stopped")?;
    say(&Answer { id: READY, response: Response::Done })?;
    let mut requests = read_requests();
    let mut running = JoinSet::new();
    while let Some(request) = requests.recv().await {
        let request = request?;
        let store = Arc::clone(&store);
        running.spawn(async move {
            let response = answer(&store, request.operation).await;
            say(&Answer { id: request.id, response })
        });
        while let Some(ended) = running.try_join_next() {
            ended.context("a request panicked")??;
        }
    }
    while let Some(ended) = running.join_next().await {
        ended.context("a request panicked")??;
    }
    store.shutdown().await;
    Ok(())
}

/// Standard input on a thread of its own, because it cannot be waited for otherwise.
fn read_requests() -> mpsc::Receiver<anyhow::Result<Request>> {
    let (requests, received) = mpsc::channel(1024);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let request = line
                .context("standard input is broken")
                .and_then(|line| serde_json::from_str(&line).context("no request"));
            if requests.blocking_send(request).is_err() {
                return;
            }
        }
    });
    received
}

/// Writes an answer. Nothing is kept back: what is acknowledged is known to the harness even when
/// the process is killed at once.
fn say(answer: &Answer) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(answer).context("an answer is JSON")?;
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).context("standard output is broken")
}

async fn answer(store: &Store, ask: Operation) -> Response {
    match ask {
        Operation::Transact(transaction) => transact(store, transaction).await,
        Operation::Snapshot => done(store.snapshot().await),
        Operation::Compact => done(store.compact().await),
        Operation::Range => rows(store.read(Consistency::Linearizable).await),
        Operation::RangeAt { revision } => rows(store.read_at(revision).await),
        Operation::History { after, until } => history(store, after, until).await,
    }
}

async fn transact(store: &Store, transaction: Transaction) -> Response {
    let compare = |(key, revision): (String, u64)| Compare {
        key: key.into(),
        expected: if revision == 0 { Expected::Absent } else { Expected::Revision(revision) },
    };
    let write = |(key, value): (String, Option<String>)| match value {
        Some(value) => KeyWrite::Put { key: key.into(), value: value.into() },
        None => KeyWrite::Delete { key: key.into() },
    };
    let request_id = Some(transaction.request_id.to_be_bytes());
    let txn = Txn {
        compares: transaction.compares.into_iter().map(compare).collect(),
        writes: transaction.writes.into_iter().map(write).collect(),
        meta: Meta { request_id, ..Meta::default() },
    };
    match store.transact(txn).await {
        Ok(committed) => Response::Committed { revision: committed.revision },
        Err(TransactError::Conflict { .. }) => Response::Conflict,
        Err(TransactError::NotCommitted { .. } | TransactError::DiskLow { .. }) => {
            Response::NotCommitted
        }
        Err(TransactError::Unknown { .. }) => Response::Unknown,
        Err(error @ (TransactError::Invalid { .. } | TransactError::Decided { .. })) => {
            Response::Failed { reason: error.to_string() }
        }
    }
}

fn done(result: Result<(), impl std::fmt::Display>) -> Response {
    match result {
        Ok(()) => Response::Done,
        Err(error) => Response::Failed { reason: error.to_string() },
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(view: Result<ReadView, ReadError>) -> Response {
    match view {
        Ok(view) => {
            let rows = view.range(b"").into_iter();
            let rows = rows.map(|(key, found)| (text(&key), text(&found.value), found.revision));
            Response::Rows { revision: view.revision(), rows: rows.collect() }
        }
        Err(ReadError::Compacted { oldest, .. }) => Response::Compacted { oldest },
        Err(error @ (ReadError::Unavailable { .. } | ReadError::Failed { .. })) => {
            Response::Failed { reason: error.to_string() }
        }
    }
}

async fn history(store: &Store, after: u64, until: u64) -> Response {
    let mut changes = Vec::new();
    let read = async {
        let mut watch = store.watch(vec![Bytes::new()], after).await?;
        loop {
            let batch = watch.next().await?;
            for change in batch.changes {
                changes.push((text(&change.key), change.value.as_ref().map(text), batch.revision));
            }
            if batch.revision >= until {
                return Ok(());
            }
        }
    };
    match read.await {
        Ok(()) => Response::Changes(changes),
        Err(WatchError::Compacted { oldest, .. }) => Response::Compacted { oldest },
        Err(WatchError::Ended) => Response::Failed { reason: "the watch ended".to_owned() },
    }
}
