//! What is read from the history, whoever keeps it: each change names the value before it, and the revision of that.

use bytes::Bytes;
use proto::raft as wire;

use crate::read::versioned::Versioned;

/// How many transactions of the history are looked at to find out when a key was deleted. While a key has a value, each of
/// its changes names the one before, and nothing is searched.
pub const SEARCHED_MAX: usize = 16_384;

/// What was done to a key, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOfKey {
    /// The changes.
    pub changes: Vec<KeyPast>,
    /// All changes after this revision, and before the one that was asked for, are among them. Of earlier ones nothing is said:
    /// they are in what comes [next](PastOfKey::next), or not known any more.
    pub known_after: u64,
    /// The revision before which to ask to go on; none when all of the history was looked at.
    pub next: Option<u64>,
}

/// One change of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPast {
    /// When and by whom.
    pub done: Done,
    /// What was there before; none when it was absent.
    pub before: Option<Versioned>,
    /// What was there after it; none when it was deleted.
    pub after: Option<Bytes>,
}

/// When something was done, by whom and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The revision.
    pub revision: u64,
    /// [`Meta::actor`](crate::txn::Meta::actor) of the transaction.
    pub actor: String,
    /// [`Meta::reason`](crate::txn::Meta::reason) of the transaction.
    pub reason: String,
    /// The time of the log, in milliseconds since the Unix epoch; it never goes back.
    pub time_ms: u64,
}

/// One transaction of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTxn {
    /// When and by whom.
    pub done: Done,
    /// What it changed.
    pub changes: Vec<PastChange>,
}

/// What a transaction of the past did to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastChange {
    /// The key.
    pub key: Bytes,
    /// What was there before; none when it was absent.
    pub before: Option<Versioned>,
    /// What was there after it; none when it was deleted.
    pub after: Option<Bytes>,
}

/// Transactions of the past, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTxns {
    /// Those that were asked for.
    pub txns: Vec<PastTxn>,
    /// All that were asked for after this revision, and before the one that was asked for, are among them.
    pub known_after: u64,
    /// The revision before which to ask to go on; none when all of the history was looked at.
    pub next: Option<u64>,
}

/// A transaction in the history, with its revision.
pub(crate) type Record = (u64, wire::HistoryRecord);

/// The history as it is read: forwards, backwards, and the values at its end.
pub(crate) trait Records {
    /// The revision after which it is complete.
    fn oldest(&self) -> u64;

    /// The last revision.
    fn last(&self) -> u64;

    /// What is there now.
    fn value(&self, key: &[u8]) -> Option<Versioned>;

    /// The transactions after a revision, in order.
    fn after(&self, revision: u64) -> Box<dyn Iterator<Item = Record> + '_>;

    /// The transactions before a revision, the last one first.
    fn back(&self, before: u64) -> Box<dyn Iterator<Item = Record> + '_>;
}

/// What was done to a key before a revision.
pub(crate) fn past_of(
    records: &dyn Records,
    key: &Bytes,
    before: Option<u64>,
    limit: usize,
) -> PastOfKey {
    let oldest = records.oldest();
    let mut before = before.unwrap_or(u64::MAX).min(records.last().saturating_add(1));
    // The revision of the change that comes next, if it is known.
    let mut known = records.value(key).map(|value| value.revision);
    if known.is_none_or(|revision| revision >= before) {
        known = change_at(records, key, before).and_then(|change| change.before_revision());
    }
    let mut changes = Vec::new();
    let next = loop {
        if changes.len() >= limit {
            break Some(before);
        }
        let found = match known {
            Some(revision) if revision <= oldest => None,
            Some(revision) => change_at(records, key, revision),
            None => match search(records, key, before) {
                Ok(found) => found,
                Err(searched) => break Some(searched),
            },
        };
        let Some(found) = found else { break None };
        known = found.before_revision();
        before = found.done.revision;
        changes.push(found);
    };
    let known_after = next.map_or(oldest, |next| next.saturating_sub(1));
    PastOfKey { changes, known_after, next }
}

/// The last change of a key before a revision; `Err` with the revision down to which was searched when that was not all.
fn search(records: &dyn Records, key: &Bytes, before: u64) -> Result<Option<KeyPast>, u64> {
    for (searched, (revision, record)) in records.back(before).enumerate() {
        if searched >= SEARCHED_MAX {
            // Others of this revision may have been looked at already: it is looked at again.
            return Err(revision + 1);
        }
        if let Some(found) = of_key(revision, record, key) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What was done to a key at a revision.
fn change_at(records: &dyn Records, key: &Bytes, revision: u64) -> Option<KeyPast> {
    let at = records.after(revision.checked_sub(1)?).take_while(|(at, _)| *at == revision);
    at.filter_map(|(at, record)| of_key(at, record, key)).next()
}

fn of_key(revision: u64, record: wire::HistoryRecord, key: &Bytes) -> Option<KeyPast> {
    let place = record.changes.iter().position(|change| change.key == *key)?;
    let PastTxn { done, mut changes } = txn(revision, record);
    let PastChange { before, after, .. } = changes.swap_remove(place);
    Some(KeyPast { done, before, after })
}

impl KeyPast {
    fn before_revision(&self) -> Option<u64> {
        self.before.as_ref().map(|before| before.revision)
    }
}

/// The last revision that is not after a time; `Err` with the oldest that is known.
pub(crate) fn revision_at(records: &dyn Records, time_ms: u64) -> Result<u64, u64> {
    let oldest = records.oldest();
    let is_last = |revision: u64| {
        records.after(revision).next().is_none_or(|(_, record)| record.time_ms > time_ms)
    };
    // Times only grow, so the first revision that nothing not after the time follows is the last one.
    let (mut low, mut high) = (oldest, records.last());
    while low < high {
        let middle = low + (high - low) / 2;
        if is_last(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if low == oldest && oldest > 0 && is_last(oldest) { Err(oldest) } else { Ok(low) }
}

/// The last transactions before a revision that are wanted, with at most [`SEARCHED_MAX`] looked at. All of a revision come
/// together, even if they are some more.
pub(crate) fn before(
    records: &dyn Records,
    before: Option<u64>,
    limit: usize,
    is_wanted: impl Fn(&PastTxn) -> bool,
) -> PastTxns {
    let oldest = records.oldest();
    let before = before.unwrap_or(u64::MAX).min(records.last().saturating_add(1));
    let (mut txns, mut last) = (Vec::new(), before);
    for (searched, (revision, record)) in records.back(before).enumerate() {
        let is_enough = txns.len() >= limit || searched >= SEARCHED_MAX;
        if is_enough && revision != last {
            return PastTxns { txns, known_after: last.saturating_sub(1), next: Some(last) };
        }
        last = revision;
        let txn = txn(revision, record);
        if is_wanted(&txn) {
            txns.push(txn);
        }
    }
    PastTxns { txns, known_after: oldest, next: None }
}

/// What was done at a revision.
pub(crate) fn changes_of(records: &dyn Records, revision: u64) -> Vec<PastTxn> {
    let Some(before) = revision.checked_sub(1) else { return Vec::new() };
    let at = records.after(before).take_while(|(at, _)| *at == revision);
    at.map(|(at, record)| txn(at, record)).collect()
}

fn txn(revision: u64, record: wire::HistoryRecord) -> PastTxn {
    let wire::HistoryRecord { changes, actor, reason, time_ms, .. } = record;
    let changes = changes.into_iter().map(|change| PastChange {
        key: change.key,
        before: change
            .previous
            .map(|value| Versioned { value: value.value, revision: value.revision }),
        after: change.value,
    });
    PastTxn { done: Done { revision, actor, reason, time_ms }, changes: changes.collect() }
}
