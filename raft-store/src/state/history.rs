//! Reading the history: what changed after a revision, and what was there before.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;
use proto::raft as wire;

use super::Applied;
use crate::config::Retention;
use crate::database::{Scan, Snapshot};
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::past::records::{Record, Records};
use crate::read::versioned::{KeyChange, Versioned};
use crate::stored;

/// A part of the history.
pub(crate) struct Part {
    /// The records with their revisions, in order.
    pub(crate) records: Vec<(u64, wire::HistoryRecord)>,
    /// Every record up to this revision is in it.
    pub(crate) until: u64,
}

/// Reads the history after a revision; about as many records and bytes as given, but no revision in
/// part.
pub(crate) fn read_after(
    view: &Snapshot,
    applied: &Applied,
    after: u64,
    (records_max, bytes_max): (usize, usize),
) -> Part {
    let mut records: Vec<(u64, wire::HistoryRecord)> = Vec::new();
    let mut size_bytes = 0;
    for (revision, record) in scan_after(view, applied, after) {
        if (records.len() >= records_max || size_bytes >= bytes_max)
            && let Some((last, _)) = records.last()
            && *last != revision
        {
            let until = *last;
            return Part { records, until };
        }
        size_bytes += record.encoded_len();
        records.push((revision, record));
    }
    Part { records, until: applied.index().max(after) }
}

/// What was changed after a revision, in order; none when that are more than `limit` records.
pub(crate) fn changes_after(
    view: &Snapshot,
    generation: u32,
    revision: u64,
    limit: usize,
) -> Option<Vec<KeyChange>> {
    let mut changes = Vec::new();
    for (count, (_, record)) in scan_of(view, generation, revision).enumerate() {
        if count >= limit {
            return None;
        }
        let changed = record.changes.into_iter();
        changes.extend(changed.map(|change| (change.key, change.value)));
    }
    Some(changes)
}

/// What the keys that changed after a revision were before; none for those that were absent.
pub(crate) fn undo_after(
    view: &Snapshot,
    applied: &Applied,
    revision: u64,
) -> BTreeMap<Bytes, Option<Versioned>> {
    let mut before = BTreeMap::new();
    for (_, record) in scan_after(view, applied, revision) {
        for change in record.changes {
            let previous = change
                .previous
                .map(|value| Versioned { value: value.value, revision: value.revision });
            before.entry(change.key).or_insert(previous);
        }
    }
    before
}

/// What was done to a key, from the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) key: Bytes,
    pub(crate) before: Option<Bytes>,
    pub(crate) after: Option<Bytes>,
}

/// What was done at one revision, and the keys that were changed later.
#[derive(Debug, Default)]
pub(crate) struct PastRevision {
    pub(crate) changes: Vec<Past>,
    pub(crate) later: BTreeSet<Bytes>,
}

/// What was done at a revision, and what was changed after it.
pub(crate) fn past(view: &Snapshot, applied: &Applied, revision: u64) -> PastRevision {
    let mut past = PastRevision::default();
    for (at, record) in scan_after(view, applied, revision.saturating_sub(1)) {
        if at > revision {
            past.later.extend(record.changes.into_iter().map(|change| change.key));
            continue;
        }
        past.changes.extend(record.changes.into_iter().map(|change| Past {
            key: change.key,
            before: change.previous.map(|value| value.value),
            after: change.value,
        }));
    }
    past
}

/// The revision before which the history is older or longer than wanted; 0 when all of it is wanted.
pub(crate) fn compact_before(view: &Snapshot, applied: &Applied, retention: Retention) -> u64 {
    let by_count = applied.index().saturating_sub(retention.revisions_max);
    let age_ms = u64::try_from(retention.age_max.as_millis()).unwrap_or(u64::MAX);
    let oldest_ms = applied.clock_ms.saturating_sub(age_ms);
    let oldest_byte = applied.history_bytes.saturating_sub(retention.bytes_max);
    let first = first_kept(view, applied, |record| {
        record.time_ms >= oldest_ms && record.bytes_before >= oldest_byte
    });
    by_count.max(first)
}

/// The first revision from which on all records are kept. Time and length only grow from record to
/// record, so few of them need to be looked at.
fn first_kept(
    view: &Snapshot,
    applied: &Applied,
    is_kept: impl Fn(&wire::HistoryRecord) -> bool,
) -> u64 {
    let keeps_from = |revision: u64| {
        let first = scan_after(view, applied, revision - 1).next();
        first.is_none_or(|(_, record)| is_kept(&record))
    };
    let (mut low, mut high) = (applied.oldest() + 1, applied.index() + 1);
    if keeps_from(low) {
        return 0;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if keeps_from(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The history on disk, as who asks for the past reads it.
pub(crate) struct Disk<'a> {
    view: &'a Snapshot,
    applied: &'a Applied,
}

impl<'a> Disk<'a> {
    pub(crate) fn new(view: &'a Snapshot, applied: &'a Applied) -> Self {
        Self { view, applied }
    }
}

impl Records for Disk<'_> {
    fn oldest(&self) -> u64 {
        self.applied.oldest()
    }

    fn last(&self) -> u64 {
        self.applied.index()
    }

    fn value(&self, key: &[u8]) -> Option<Versioned> {
        let stored = self.view.get(Table::State, &keys::state(self.applied.generation, key))?;
        match stored::decode_value(stored) {
            Ok(value) => Some(Versioned { value: value.value, revision: value.revision }),
            Err(error) => end_process("decoding a value of the store", &error),
        }
    }

    fn after(&self, revision: u64) -> Box<dyn Iterator<Item = Record> + '_> {
        Box::new(scan_after(self.view, self.applied, revision))
    }

    fn back(&self, before: u64) -> Box<dyn Iterator<Item = Record> + '_> {
        let generation = self.applied.generation;
        let from = keys::history(generation, self.oldest().saturating_add(1), 0);
        let to = keys::history(generation, before, 0);
        let scan = self.view.scan_back(Table::History, from, Some(to));
        Box::new(scan.map(|(key, value)| decoded(&key, value.into_vec())))
    }
}

fn scan_after<'a>(
    view: &'a Snapshot,
    applied: &Applied,
    after: u64,
) -> impl Iterator<Item = (u64, wire::HistoryRecord)> + use<'a> {
    scan_of(view, applied.generation, after)
}

fn scan_of(
    view: &Snapshot,
    generation: u32,
    after: u64,
) -> impl Iterator<Item = (u64, wire::HistoryRecord)> + use<'_> {
    let from = keys::history(generation, after.saturating_add(1), 0);
    let to = keys::end_of_prefix(&keys::generation(generation));
    let scan: Scan<'_> = view.scan(Table::History, from, to);
    scan.map(|(key, value)| decoded(&key, value.into_vec()))
}

fn decoded(key: &[u8], value: Vec<u8>) -> Record {
    let revision = keys::history_revision(key).unwrap_or_default();
    match stored::decode_shared(value) {
        Ok(record) => (revision, record),
        Err(error) => end_process("decoding the history of the store", &error),
    }
}
