//! The history of a store in memory, as the replicated one has it.

use std::collections::VecDeque;

use proto::raft as wire;

use super::records::{Record, Records};
use crate::read::versioned::{Keys, Versioned};
use crate::txn::{Meta, Write};

/// All transactions, with their revisions.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    records: VecDeque<Record>,
    /// The greatest time seen.
    clock_ms: u64,
}

impl Kept {
    /// Notes what a transaction changes of some keys.
    pub(crate) fn note(&mut self, revision: u64, meta: &Meta, writes: &[Write], keys: &Keys) {
        self.clock_ms = self.clock_ms.max(meta.time_ms);
        let change = |write: &Write| {
            let previous = keys
                .get(write.key())
                .map(|found| wire::Value { value: found.value.clone(), revision: found.revision });
            let value = match write {
                Write::Put { value, .. } => Some(value.clone()),
                Write::Delete { .. } => None,
            };
            let changes = value.is_some() || previous.is_some();
            let key = write.key().clone();
            changes.then_some(wire::HistoryChange { key, value, previous })
        };
        let record = wire::HistoryRecord {
            changes: writes.iter().filter_map(change).collect(),
            actor: meta.actor.clone(),
            reason: meta.reason.clone(),
            time_ms: self.clock_ms,
            ..wire::HistoryRecord::default()
        };
        self.records.push_back((revision, record));
    }
}

/// The history with the values at its end.
pub(crate) struct InMemory<'a> {
    pub(crate) kept: &'a Kept,
    pub(crate) keys: &'a Keys,
    pub(crate) last: u64,
}

impl Records for InMemory<'_> {
    fn oldest(&self) -> u64 {
        0
    }

    fn last(&self) -> u64 {
        self.last
    }

    fn value(&self, key: &[u8]) -> Option<Versioned> {
        self.keys.get(key).cloned()
    }

    fn after(&self, revision: u64) -> Box<dyn Iterator<Item = Record> + '_> {
        let from = self.kept.records.partition_point(|(at, _)| *at <= revision);
        Box::new(self.kept.records.range(from..).cloned())
    }

    fn back(&self, before: u64) -> Box<dyn Iterator<Item = Record> + '_> {
        let to = self.kept.records.partition_point(|(at, _)| *at < before);
        Box::new(self.kept.records.range(..to).rev().cloned())
    }
}
