//! The leader's side of a transaction: what waits is packed into few log entries.
//!
//! Transactions share an entry, and with it a revision, only if they are independent: none writes a
//! key that another compares or writes. So a key and a revision always name one value. A few entries
//! are under way at a time; while they are, the next ones fill up, without any added delay.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use futures::StreamExt;
use prost::Message;
use proto::raft as wire;
use tokio::sync::oneshot;

use crate::packing::{Limits, Packer, Weigh};
use crate::runtime::now_ms;
use crate::state::Raft;
use crate::types::{Command, Outcome};
use crate::version;

/// Of transactions, and of groups of entries.
const LIMITS: Limits = Limits { waiting: 4096, packs: 3, count: 1024, size_bytes: 1 << 20 };

/// How a proposal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proposed {
    /// It was committed and applied.
    Done(Outcome),
    /// It was certainly not applied: this node does not lead.
    NotLeader(Option<u64>),
    /// It was certainly not applied, and why.
    Refused(String),
    /// It may or may not be applied.
    Unknown(String),
}

/// Transactions of one caller.
struct Proposal {
    txns: Vec<wire::Txn>,
    done: oneshot::Sender<Vec<Proposed>>,
}

impl Weigh for Proposal {
    fn count(&self) -> usize {
        self.txns.len()
    }

    fn size_bytes(&self) -> usize {
        self.txns.iter().map(wire::Txn::encoded_len).sum()
    }
}

/// The queue of transactions of the leader.
#[derive(Clone)]
pub(crate) struct Proposer {
    packer: Packer<Proposal>,
}

impl Proposer {
    /// The queue and the task that empties it.
    pub(crate) fn new(raft: Raft) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (packer, queue) = Packer::new(LIMITS);
        (Self { packer }, queue.run(move |group| write(raft.clone(), group)))
    }

    /// Proposes transactions and waits for the outcome of each.
    pub(crate) async fn propose(&self, txns: Vec<wire::Txn>) -> Vec<Proposed> {
        let count = txns.len();
        if count == 0 {
            return Vec::new();
        }
        let (done, outcomes) = oneshot::channel();
        if self.packer.push(Proposal { txns, done }).await.is_err() {
            return vec![Proposed::NotLeader(None); count];
        }
        let stopping = |_| vec![Proposed::Unknown("the store is stopping".to_owned()); count];
        outcomes.await.unwrap_or_else(stopping)
    }
}

/// Proposes a command that is not a transaction; the leader comes back to what was not committed.
pub(crate) async fn housekeeping(raft: &Raft, command: wire::Command) {
    let command = wire::Command { time_ms: now_ms(), ..command };
    if let Err(error) = raft.client_write(encode(&command)).await {
        tracing::debug!(%error, "housekeeping of the log is done later");
    }
}

/// Writes the entries of a group and tells each caller the outcomes.
#[tracing::instrument(name = "propose", level = "debug", skip_all, fields(callers = group.len()))]
async fn write(raft: Raft, group: Vec<Proposal>) {
    let (txns, waiting): (Vec<_>, VecDeque<_>) = group
        .into_iter()
        .map(|Proposal { txns, done }| {
            let waiting = Waiting { outcomes: Vec::new(), expected: txns.len(), done };
            (txns, waiting)
        })
        .unzip();
    let mut callers = Callers { waiting };
    let packs = pack(txns.into_iter().flatten());
    let sizes: Vec<usize> = packs.iter().map(Vec::len).collect();
    let time_ms = now_ms();
    let commands = packs.into_iter().map(|txns| {
        let needs_version = needed_version(&txns);
        encode(&wire::Command { txns, time_ms, needs_version, ..wire::Command::default() })
    });
    let mut results = match raft.client_write_many(commands).await {
        Ok(results) => results,
        Err(fatal) => return callers.all(&Proposed::Unknown(fatal.to_string())),
    };
    for size in sizes {
        match results.next().await {
            Some(Ok(Ok(answer))) => callers.each(size, answer.response.outcomes),
            Some(Ok(Err(error))) => callers.same(size, &refused(&error)),
            Some(Err(fatal)) => callers.same(size, &Proposed::Unknown(fatal.to_string())),
            None => callers.same(size, &Proposed::Unknown("the store is stopping".to_owned())),
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

/// A caller with the outcomes of its transactions so far.
struct Waiting {
    outcomes: Vec<Proposed>,
    expected: usize,
    done: oneshot::Sender<Vec<Proposed>>,
}

/// Those whose transactions are in a group, in the order of the transactions.
struct Callers {
    waiting: VecDeque<Waiting>,
}

impl Callers {
    /// The outcome of the next transaction; its caller is told with its last one.
    fn next(&mut self, outcome: Proposed) {
        let Some(caller) = self.waiting.front_mut() else { return };
        caller.outcomes.push(outcome);
        if caller.outcomes.len() == caller.expected
            && let Some(Waiting { outcomes, done, .. }) = self.waiting.pop_front()
        {
            // Who does not wait any more need not be told.
            drop(done.send(outcomes));
        }
    }

    /// The outcomes of the next entry.
    fn each(&mut self, size: usize, outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for _ in 0..size {
            // A command that this version does not know was refused as a whole.
            let refused = || Outcome::Invalid("the command does not decode".to_owned());
            self.next(Proposed::Done(outcomes.next().unwrap_or_else(refused)));
        }
    }

    /// The next entry ended as a whole.
    fn same(&mut self, size: usize, outcome: &Proposed) {
        for _ in 0..size {
            self.next(outcome.clone());
        }
    }

    /// All entries ended as a whole.
    fn all(mut self, outcome: &Proposed) {
        let open = self.waiting.iter().map(|caller| caller.expected).sum();
        self.same(open, outcome);
    }
}

/// The cluster version that a replica must support to apply transactions; 0 when any will do.
fn needed_version(txns: &[wire::Txn]) -> u32 {
    let decides = txns.iter().any(|txn| !txn.decides.is_empty());
    if decides { version::DECIDES_SINCE } else { 0 }
}

fn encode(command: &wire::Command) -> Command {
    Command { encoded: command.encode_to_vec().into() }
}

/// Packs transactions, in their order, into runs of independent ones.
fn pack(txns: impl IntoIterator<Item = wire::Txn>) -> Vec<Vec<wire::Txn>> {
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
    fn each_caller_gets_the_outcomes_of_its_own_transactions() {
        let (mut told, mut waiting) = (Vec::new(), VecDeque::new());
        for expected in [1, 3, 2] {
            let (done, outcomes) = oneshot::channel();
            told.push(outcomes);
            waiting.push_back(Waiting { outcomes: Vec::new(), expected, done });
        }
        let mut callers = Callers { waiting };
        let committed = |revision| Proposed::Done(Outcome::Committed(revision));
        // Entries do not end where callers do.
        callers.each(2, vec![Outcome::Committed(7), Outcome::Committed(7)]);
        assert_eq!(Ok(vec![committed(7)]), told[0].try_recv());
        assert!(told[1].try_recv().is_err(), "two of its outcomes are open");
        callers.each(3, vec![Outcome::Committed(8), Outcome::Conflict(Bytes::new())]);
        let conflict = Proposed::Done(Outcome::Conflict(Bytes::new()));
        assert_eq!(Ok(vec![committed(7), committed(8), conflict]), told[1].try_recv());
        callers.same(1, &Proposed::NotLeader(Some(2)));
        let undecoded = Outcome::Invalid("the command does not decode".to_owned());
        let mixed = vec![Proposed::Done(undecoded), Proposed::NotLeader(Some(2))];
        assert_eq!(Ok(mixed), told[2].try_recv());
    }

    /// A replica that does not know what they decide would apply them twice.
    #[test]
    fn an_entry_says_which_version_its_transactions_need() {
        let decides = wire::Txn { decides: Bytes::from_static(&[7; 16]), ..txn(&[], &["a"]) };
        assert_eq!(0, needed_version(&[txn(&[], &["a"])]));
        assert_eq!(version::DECIDES_SINCE, needed_version(&[txn(&[], &["b"]), decides]));
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
