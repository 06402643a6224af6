//! A client: it asks one thing after the other, on any node, and records what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use raft_store::read::Consistency;
use raft_store::sim::member::Member;
use raft_store::txn::{self, Expected, Meta, TransactError, Txn};
use raft_store::version::DECIDES_SINCE;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::world::World;
use crate::history::{Action, Compare, Found, Operation, Outcome, Record, Write};

const KEYS: u64 = 5;
/// How long a client rests between two operations at most, in milliseconds.
const REST_MAX_MS: u64 = 60;
/// How often a transaction with a request id is tried.
const ATTEMPTS: u8 = 3;

/// Works until the world stops.
pub(super) async fn work(world: World, number: u64, seed: u64) {
    let mut client =
        Client { world, number, rng: StdRng::seed_from_u64(seed), seen: BTreeMap::new() };
    while !client.world.is_stopping() {
        let rest = client.rng.random_range(1..=REST_MAX_MS);
        tokio::time::sleep(Duration::from_millis(rest)).await;
        client.step().await;
    }
}

struct Client {
    world: World,
    number: u64,
    rng: StdRng,
    /// What it saw last of each key.
    seen: BTreeMap<String, Found>,
}

impl Client {
    async fn step(&mut self) {
        let Some((node, member)) = self.any_member() else { return };
        let id = self.world.next_operation();
        let action = self.any_action(id);
        let invoked_ns = self.world.now_ns();
        let (node, outcome) = match &action {
            Action::Read { keys, stale } => (node, read(&member, keys, *stale).await),
            Action::Txn { .. } => self.transact(node, member, &action).await,
        };
        if let Outcome::Read { found, .. } = &outcome {
            self.seen.clone_from(found);
        }
        let (client, completed_ns) = (self.number, self.world.now_ns());
        if matches!(outcome, Outcome::Unknown { .. }) {
            self.number = self.world.next_client();
        }
        let operation = Operation { id, client, node, action, invoked_ns, completed_ns, outcome };
        self.world.record(Record::Operation(operation));
    }

    fn any_member(&mut self) -> Option<(u64, Member)> {
        let members: Vec<_> = self.world.members().into_iter().collect();
        if members.is_empty() {
            return None;
        }
        let chosen = self.rng.random_range(0..members.len());
        members.into_iter().nth(chosen)
    }

    fn any_key(&mut self) -> String {
        format!("k{}", self.rng.random_range(0..KEYS))
    }

    fn any_action(&mut self, id: u64) -> Action {
        let first = self.any_key();
        let value = |key: &str| Some(format!("v{id}-{key}"));
        let write = |key: &str| Write { key: key.to_owned(), value: value(key) };
        let request_id = (self.rng.random_range(0..3) > 0).then(|| {
            let number: u128 = self.rng.random();
            format!("{number:032x}")
        });
        let txn = |compares, writes| Action::Txn { compares, writes, request_id };
        match self.rng.random_range(0..10) {
            0..=2 => {
                let keys = (0..KEYS).map(|key| format!("k{key}")).collect();
                Action::Read { keys, stale: self.rng.random_range(0..8) == 0 }
            }
            3..=5 => txn(Vec::new(), vec![write(&first)]),
            6..=7 => txn(vec![self.compare(&first)], vec![write(&first)]),
            8 => {
                let second = self.any_key();
                let compares = vec![self.compare(&first)];
                let writes = if second == first {
                    vec![write(&first)]
                } else {
                    vec![write(&first), write(&second)]
                };
                txn(compares, writes)
            }
            _ => txn(vec![self.compare(&first)], vec![Write { key: first, value: None }]),
        }
    }

    fn compare(&self, key: &str) -> Compare {
        let seen = self.seen.get(key);
        Compare {
            key: key.to_owned(),
            revision: seen.map_or(0, |found| found.revision),
            value: seen.map(|found| found.value.clone()),
        }
    }

    /// Tries a transaction, again on other nodes if it has a request id. After an attempt whose
    /// outcome is unknown, only an acknowledgement is certain.
    async fn transact(&mut self, node: u64, member: Member, action: &Action) -> (u64, Outcome) {
        let Action::Txn { request_id, .. } = action else { unreachable!("it is a transaction") };
        let (mut node, mut member) = (node, member);
        let mut doubt = None;
        for attempt in 1..=u8::MAX {
            let outcome = attempt_once(&member, action, attempt).await;
            let certain = doubt.is_none() || matches!(outcome, Outcome::Committed { .. });
            if certain && !matches!(outcome, Outcome::Unknown { .. }) {
                return (node, outcome);
            }
            if let Outcome::Unknown { reason } = outcome {
                doubt = Some(reason);
            }
            if request_id.is_none() || attempt == ATTEMPTS {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let Some(other) = self.any_member() else { break };
            (node, member) = other;
        }
        let reason = doubt.unwrap_or_else(|| "no attempt was answered".to_owned());
        (node, Outcome::Unknown { reason })
    }
}

async fn read(member: &Member, keys: &[String], stale: bool) -> Outcome {
    let consistency = if stale { Consistency::Stale } else { Consistency::Linearizable };
    let store = member.store();
    let reading = async {
        let view = store.read(consistency).await?;
        let found = keys.iter().filter_map(|key| {
            let found = view.get(key.as_bytes())?;
            let value = String::from_utf8_lossy(&found.value).into_owned();
            Some((key.clone(), Found { value, revision: found.revision }))
        });
        Ok::<_, raft_store::read::ReadError>((view.revision(), found.collect()))
    };
    match member.process().run(reading).await {
        Ok(Ok((revision, found))) => Outcome::Read { revision, found },
        Ok(Err(error)) => Outcome::Failed { reason: error.to_string() },
        Err(ended) => Outcome::Failed { reason: ended.to_string() },
    }
}

async fn attempt_once(member: &Member, action: &Action, attempt: u8) -> Outcome {
    let store = member.store();
    let txn = deciding(to_txn(action), attempt, store.cluster_version());
    // Both ways into the store make the same promises.
    let transacting = async {
        if !txn.compares.is_empty() {
            return store.transact(txn).await;
        }
        let outcome = store.transact_each(vec![txn]).await.pop();
        outcome.expect("one transaction has one outcome")
    };
    match member.process().run(transacting).await {
        Ok(Ok(committed)) => Outcome::Committed { revision: committed.revision },
        // It was this one: nobody else decides it.
        Ok(Err(TransactError::Decided { requests })) => match requests.first() {
            Some(first) => Outcome::Committed { revision: first.revision },
            None => Outcome::Failed { reason: "nothing was decided before".to_owned() },
        },
        Ok(Err(TransactError::Conflict { key })) => {
            Outcome::Conflict { key: String::from_utf8_lossy(&key).into_owned() }
        }
        Ok(Err(
            error @ (TransactError::NotCommitted { .. }
            | TransactError::DiskLow { .. }
            | TransactError::Invalid { .. }),
        )) => Outcome::Failed { reason: error.to_string() },
        Ok(Err(error @ TransactError::Unknown { .. })) => {
            Outcome::Unknown { reason: error.to_string() }
        }
        Err(ended) => Outcome::Unknown { reason: ended.to_string() },
    }
}

/// Half of the transactions with an id decide it instead, under another id at each attempt.
fn deciding(mut txn: Txn, attempt: u8, cluster_version: u32) -> Txn {
    if let Some(id) = txn.meta.request_id
        && id[15].is_multiple_of(2)
        && cluster_version >= DECIDES_SINCE
    {
        let mut own = id;
        own[0] ^= attempt;
        txn.meta.request_id = Some(own);
        txn.meta.decides = vec![id];
    }
    txn
}

fn to_txn(action: &Action) -> Txn {
    let Action::Txn { compares, writes, request_id } = action else { return Txn::default() };
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let compare = |compare: &Compare| txn::Compare {
        key: bytes(&compare.key),
        expected: match compare.revision {
            0 => Expected::Absent,
            revision => Expected::Revision(revision),
        },
    };
    let write = |write: &Write| match &write.value {
        Some(value) => txn::Write::Put { key: bytes(&write.key), value: bytes(value) },
        None => txn::Write::Delete { key: bytes(&write.key) },
    };
    let id = request_id.as_ref().and_then(|digits| u128::from_str_radix(digits, 16).ok());
    Txn {
        compares: compares.iter().map(compare).collect(),
        writes: writes.iter().map(write).collect(),
        meta: Meta { request_id: id.map(u128::to_be_bytes), ..Meta::default() },
    }
}
