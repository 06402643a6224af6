//! The leader's side of a transaction: what waits is packed into few log entries.
//!
//! Transactions share an entry, and with it a revision, only if they are independent: none writes a
//! key that another compares or writes. So a key and a revision always name one value. A few entries
//! are under way at a time; while they are, the next ones fill up, without any added delay.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::StreamExt;
use prost::Message;
use proto::raft as wire;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::runtime::{now_ms, scoped};
use crate::types::{Command, Outcome, Raft};

/// Transactions that wait.
const QUEUE_LENGTH_MAX: usize = 4096;
/// Groups of entries under way.
const GROUPS_MAX: usize = 3;
/// Transactions and bytes taken into one group.
const GROUP_TXNS_MAX: usize = 1024;
const GROUP_BYTES_MAX: usize = 1 << 20;

/// How a proposal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proposed {
    /// It was committed and applied.
    Done(Outcome),
    /// It was certainly not applied: this node does not lead.
    NotLeader(Option<u64>),
    /// It may or may not be applied.
    Unknown(String),
}

struct Proposal {
    txn: wire::Txn,
    done: oneshot::Sender<Proposed>,
}

/// The queue of transactions of the leader.
#[derive(Clone)]
pub(crate) struct Proposer {
    queue: mpsc::Sender<Proposal>,
}

impl Proposer {
    /// The queue and the task that empties it.
    pub(crate) fn new(raft: Raft) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, proposals) = mpsc::channel(QUEUE_LENGTH_MAX);
        (Self { queue }, run(raft, proposals))
    }

    /// Proposes a transaction and waits for its outcome.
    pub(crate) async fn propose(&self, txn: wire::Txn) -> Proposed {
        let (done, outcome) = oneshot::channel();
        if self.queue.send(Proposal { txn, done }).await.is_err() {
            return Proposed::NotLeader(None);
        }
        outcome.await.unwrap_or_else(|_| Proposed::Unknown("the store is stopping".to_owned()))
    }
}

/// Proposes a command that is not a transaction; the leader comes back to what was not committed.
pub(crate) async fn housekeeping(raft: &Raft, command: wire::Command) {
    let command = wire::Command { time_ms: now_ms(), ..command };
    if let Err(error) = raft.client_write(encode(&command)).await {
        tracing::debug!(%error, "housekeeping of the log is done later");
    }
}

async fn run(raft: Raft, mut proposals: mpsc::Receiver<Proposal>) {
    let mut groups = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = groups.join_next() => {}
            first = proposals.recv(), if groups.len() < GROUPS_MAX => {
                let Some(first) = first else { break };
                let group = group_after(first, &mut proposals);
                groups.spawn(scoped(write(raft.clone(), group)));
            }
        }
    }
    while groups.join_next().await.is_some() {}
}

fn group_after(first: Proposal, proposals: &mut mpsc::Receiver<Proposal>) -> Vec<Proposal> {
    let mut size_bytes = first.txn.encoded_len();
    let mut group = vec![first];
    while size_bytes < GROUP_BYTES_MAX
        && group.len() < GROUP_TXNS_MAX
        && let Ok(next) = proposals.try_recv()
    {
        size_bytes += next.txn.encoded_len();
        group.push(next);
    }
    group
}

/// Writes the entries of a group and tells each transaction its outcome.
async fn write(raft: Raft, group: Vec<Proposal>) {
    let (txns, waiting): (Vec<_>, Vec<_>) =
        group.into_iter().map(|proposal| (proposal.txn, proposal.done)).unzip();
    let mut waiting = waiting.into_iter();
    let packs = pack(txns);
    let sizes: Vec<usize> = packs.iter().map(Vec::len).collect();
    let time_ms = now_ms();
    let commands = packs
        .into_iter()
        .map(|txns| encode(&wire::Command { txns, time_ms, ..wire::Command::default() }));
    let mut results = match raft.client_write_many(commands).await {
        Ok(results) => results,
        Err(fatal) => return tell(waiting, &Proposed::Unknown(fatal.to_string())),
    };
    for size in sizes {
        let pack = waiting.by_ref().take(size);
        match results.next().await {
            Some(Ok(Ok(answer))) => answer_each(pack, answer.response.outcomes),
            Some(Ok(Err(error))) => tell(pack, &refused(&error)),
            Some(Err(fatal)) => tell(pack, &Proposed::Unknown(fatal.to_string())),
            None => tell(pack, &Proposed::Unknown("the store is stopping".to_owned())),
        }
    }
}

fn refused(error: &openraft::errors::ClientWriteError<crate::types::TypeConfig>) -> Proposed {
    use openraft::errors::ClientWriteError as Write;
    match error {
        Write::ForwardToLeader(forward) => Proposed::NotLeader(forward.leader_id),
        Write::LogEntryDiscarded(_)
        | Write::ChangeMembershipError(_)
        | Write::PreconditionFailed(_) => Proposed::Unknown(error.to_string()),
    }
}

fn answer_each(pack: impl Iterator<Item = oneshot::Sender<Proposed>>, outcomes: Vec<Outcome>) {
    let mut outcomes = outcomes.into_iter();
    for waiter in pack {
        // A command that this version does not know was refused as a whole.
        let refused = || Outcome::Invalid("the command does not decode".to_owned());
        drop(waiter.send(Proposed::Done(outcomes.next().unwrap_or_else(refused))));
    }
}

fn tell(pack: impl Iterator<Item = oneshot::Sender<Proposed>>, result: &Proposed) {
    for waiter in pack {
        drop(waiter.send(result.clone()));
    }
}

fn encode(command: &wire::Command) -> Command {
    Command { encoded: command.encode_to_vec().into() }
}

/// Packs transactions, in their order, into runs of independent ones.
fn pack(txns: Vec<wire::Txn>) -> Vec<Vec<wire::Txn>> {
    let mut packs: Vec<Vec<wire::Txn>> = Vec::new();
    let mut touched = Touched::default();
    for txn in txns {
        match packs.last_mut() {
            Some(pack) if touched.is_independent(&txn) => {
                touched.add(&txn);
                pack.push(txn);
            }
            Some(_) | None => {
                touched = Touched::default();
                touched.add(&txn);
                packs.push(vec![txn]);
            }
        }
    }
    packs
}

/// The keys of a pack.
#[derive(Default)]
struct Touched {
    written: BTreeSet<Bytes>,
    compared: BTreeSet<Bytes>,
}

impl Touched {
    fn is_independent(&self, txn: &wire::Txn) -> bool {
        let reads_written = txn.compares.iter().any(|compare| self.written.contains(&compare.key));
        let writes_touched = txn
            .writes
            .iter()
            .any(|write| self.written.contains(&write.key) || self.compared.contains(&write.key));
        !reads_written && !writes_touched
    }

    fn add(&mut self, txn: &wire::Txn) {
        self.written.extend(txn.writes.iter().map(|write| write.key.clone()));
        self.compared.extend(txn.compares.iter().map(|compare| compare.key.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn txn(compares: &[&'static str], writes: &[&'static str]) -> wire::Txn {
        let key = |key: &&'static str| Bytes::from_static(key.as_bytes());
        wire::Txn {
            compares: compares
                .iter()
                .map(|name| wire::Compare { key: key(name), revision: 1 })
                .collect(),
            writes: writes.iter().map(|name| wire::Write { key: key(name), value: None }).collect(),
            ..wire::Txn::default()
        }
    }

    #[track_caller]
    fn check(expected: &[usize], txns: Vec<wire::Txn>) {
        let sizes: Vec<usize> = pack(txns).iter().map(Vec::len).collect();
        assert_eq!(expected, sizes);
    }

    #[test]
    fn only_independent_transactions_share_an_entry() {
        check(&[3], vec![txn(&[], &["a"]), txn(&["x"], &["b"]), txn(&["x"], &["c"])]);
        check(&[1, 1], vec![txn(&[], &["a"]), txn(&[], &["a"])]);
        check(&[1, 1], vec![txn(&["a"], &["b"]), txn(&[], &["a"])]);
        check(&[1, 2], vec![txn(&[], &["a"]), txn(&["a"], &["b"]), txn(&[], &["c"])]);
        check(&[], vec![]);
    }
}
