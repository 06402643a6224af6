//! One client: asks a node, asks another when that fails, and says honestly what is known then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::recorder::Recorder;
use crate::history::{Action, Compare, Found, Operation, Outcome, Write};
use crate::node::wire::kv_client::KvClient;
use crate::node::wire::txn_reply::Result as Reply;
use crate::node::wire::{self, GetRequest, RangeRequest, TxnRequest};

/// How long a client waits.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// How long it waits for one answer.
    pub attempt: Duration,
    /// How long it tries until it gives up.
    pub operation: Duration,
}

/// A client with a connection to each node. It does one thing at a time.
#[derive(Debug, Clone)]
pub struct Client {
    recorder: Arc<Recorder>,
    nodes: Vec<(u64, KvClient<Channel>)>,
    /// The position of the node that it asks first.
    next: usize,
    timeouts: Timeouts,
    number: u64,
    stop: CancellationToken,
}

/// The result of one attempt.
enum Attempt {
    /// It is over.
    Final(Outcome),
    /// It had no effect.
    Refused(String),
    /// It may have had an effect.
    Open(String),
}

impl Client {
    /// A client that asks the node at position `first` until that fails, and works until `stop`.
    #[must_use]
    pub fn new(
        recorder: &Arc<Recorder>,
        nodes: &BTreeMap<u64, KvClient<Channel>>,
        first: usize,
        timeouts: Timeouts,
        stop: &CancellationToken,
    ) -> Self {
        let nodes: Vec<_> = nodes.iter().map(|(id, kv)| (*id, kv.clone())).collect();
        let next = first % nodes.len().max(1);
        let number = recorder.number();
        let (recorder, stop) = (Arc::clone(recorder), stop.clone());
        Self { recorder, nodes, next, timeouts, number, stop }
    }

    /// Whether it should begin another operation.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.stop.is_cancelled()
    }

    /// A number for a value that nobody else writes.
    #[must_use]
    pub fn unique(&self) -> u64 {
        self.recorder.number()
    }

    /// Reads one key, linearizably; nothing when no node answered.
    pub async fn read(&mut self, key: &str) -> Option<Option<Found>> {
        let action = Action::Read { keys: vec![key.to_owned()], stale: false };
        match self.perform(action).await {
            Outcome::Read { mut found, .. } => Some(found.remove(key)),
            Outcome::Committed { .. }
            | Outcome::Conflict { .. }
            | Outcome::Failed { .. }
            | Outcome::Unknown { .. } => None,
        }
    }

    /// Reads several keys, which have a common prefix, in one linearizable view.
    pub async fn read_all(&mut self, keys: Vec<String>) -> Option<BTreeMap<String, Found>> {
        match self.perform(Action::Read { keys, stale: false }).await {
            Outcome::Read { found, .. } => Some(found),
            Outcome::Committed { .. }
            | Outcome::Conflict { .. }
            | Outcome::Failed { .. }
            | Outcome::Unknown { .. } => None,
        }
    }

    /// Commits a transaction, with a request id, so that it can be sent again.
    pub async fn transact(&mut self, compares: Vec<Compare>, writes: Vec<Write>) -> Outcome {
        let request_id = Some(format!("{:032x}", rand::random::<u128>()));
        self.perform(Action::Txn { compares, writes, request_id }).await
    }

    async fn perform(&mut self, action: Action) -> Outcome {
        let invoked_ns = self.recorder.now_ns();
        let deadline = Instant::now() + self.timeouts.operation;
        let outcome = self.try_until(&action, deadline).await;
        let operation = Operation {
            id: self.recorder.number(),
            client: self.number,
            node: self.nodes[self.next].0,
            action,
            invoked_ns,
            completed_ns: self.recorder.now_ns(),
            outcome: outcome.clone(),
        };
        self.recorder.operation(operation);
        if matches!(outcome, Outcome::Unknown { .. }) {
            self.number = self.recorder.number();
        }
        outcome
    }

    async fn try_until(&mut self, action: &Action, deadline: Instant) -> Outcome {
        let mut open = None;
        loop {
            let kv = self.nodes[self.next].1.clone();
            let answer = timeout(self.timeouts.attempt, attempt(kv, action)).await;
            let reason = match answer {
                Ok(Attempt::Final(outcome)) => return outcome,
                Ok(Attempt::Refused(reason)) => reason,
                Ok(Attempt::Open(reason)) => open.insert(reason).clone(),
                Err(_) => open.insert("no answer in time".to_owned()).clone(),
            };
            if Instant::now() >= deadline {
                return match open {
                    // A read has no effect that could come later.
                    Some(reason) if matches!(action, Action::Txn { .. }) => {
                        Outcome::Unknown { reason }
                    }
                    Some(_) | None => Outcome::Failed { reason },
                };
            }
            self.next = (self.next + 1) % self.nodes.len();
            // A node that refuses at once would otherwise be asked thousands of times.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn attempt(mut kv: KvClient<Channel>, action: &Action) -> Attempt {
    match action {
        Action::Txn { compares, writes, request_id } => {
            let request = txn_request(compares, writes, request_id.as_deref());
            match kv.txn(request).await {
                Ok(reply) => txn_attempt(reply.into_inner()),
                Err(status) => Attempt::Open(status.to_string()),
            }
        }
        Action::Read { keys, stale } => match read(kv, keys, *stale).await {
            Ok(outcome) => Attempt::Final(outcome),
            Err(status) => Attempt::Refused(status.to_string()),
        },
    }
}

/// Reads one key by itself, and several in one view.
async fn read(
    mut kv: KvClient<Channel>,
    keys: &[String],
    stale: bool,
) -> Result<Outcome, tonic::Status> {
    if let [key] = keys {
        let request = GetRequest { key: bytes(key), stale, revision: 0 };
        let reply = kv.get(request).await?.into_inner();
        let found = reply.value.map(|value| (key.clone(), found(&value)));
        return Ok(Outcome::Read { revision: reply.revision, found: found.into_iter().collect() });
    }
    let first = keys.first().map_or("", String::as_str);
    let prefix = first.split_inclusive('/').next().unwrap_or_default();
    let request = RangeRequest { prefix: bytes(prefix), stale, revision: 0 };
    let reply = kv.range(request).await?.into_inner();
    let pairs = reply.pairs.iter().filter_map(|pair| {
        let key = text(&pair.key);
        keys.contains(&key).then_some((key, found(pair.value.as_ref()?)))
    });
    Ok(Outcome::Read { revision: reply.revision, found: pairs.collect() })
}

fn txn_attempt(reply: wire::TxnReply) -> Attempt {
    match reply.result {
        Some(Reply::Committed(revision)) => Attempt::Final(Outcome::Committed { revision }),
        Some(Reply::Conflict(key)) => Attempt::Final(Outcome::Conflict { key: text(&key) }),
        Some(Reply::NotCommitted(reason)) => Attempt::Refused(reason),
        Some(Reply::Unknown(reason)) => Attempt::Open(reason),
        Some(Reply::Invalid(reason)) => Attempt::Final(Outcome::Failed { reason }),
        None => Attempt::Open("an empty answer".to_owned()),
    }
}

fn txn_request(compares: &[Compare], writes: &[Write], request_id: Option<&str>) -> TxnRequest {
    let compare =
        |compare: &Compare| wire::Compare { key: bytes(&compare.key), revision: compare.revision };
    let write = |write: &Write| wire::Write {
        key: bytes(&write.key),
        value: write.value.as_deref().map(bytes),
    };
    let id = request_id.and_then(|digits| u128::from_str_radix(digits, 16).ok());
    TxnRequest {
        compares: compares.iter().map(compare).collect(),
        writes: writes.iter().map(write).collect(),
        request_id: id.map(|id| Bytes::copy_from_slice(&id.to_be_bytes())).unwrap_or_default(),
        actor: "chaos".to_owned(),
    }
}

fn found(value: &wire::Value) -> Found {
    Found { value: text(&value.value), revision: value.revision }
}

pub(super) fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
