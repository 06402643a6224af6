//! The writes of a batch that is being applied, on top of the database.
//!
//! An entry sees what the entries before it wrote, and the database sees the batch at once.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::recent::Recent;
use crate::database::{Database, Op};
use crate::keys::{self, Table};

/// Reads through to the database what the batch did not write.
pub(crate) struct Overlay<'a> {
    database: &'a Database,
    recent: &'a mut Recent,
    generation: u32,
    ranges: Vec<Op>,
    /// Records of the history, in their order; nothing that is applied reads them.
    history: Vec<(u64, Op)>,
    pending: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(database: &'a Database, recent: &'a mut Recent, generation: u32) -> Self {
        let (ranges, history, pending) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { database, recent, generation, ranges, history, pending }
    }

    /// Stands in front of all replicated keys.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn get(&mut self, table: Table, key: Vec<u8>) -> Option<Bytes> {
        let name = (table, key);
        if let Some(written) = self.pending.get(&name) {
            return written.as_deref().map(Bytes::copy_from_slice);
        }
        let (table, key) = name;
        if table != Table::State {
            return self.database.get(table, &key).map(Bytes::from);
        }
        if let Some(known) = self.recent.get(&key) {
            return known;
        }
        let stored = self.database.get(table, &key).map(Bytes::from);
        self.recent.learn(&key, stored.as_deref());
        stored
    }

    pub(crate) fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.pending.insert((table, key), Some(value));
    }

    pub(crate) fn delete(&mut self, table: Table, key: Vec<u8>) {
        self.pending.insert((table, key), None);
    }

    /// Adds the record of a transaction; `sequence` is its place in the entry.
    pub(crate) fn record(&mut self, revision: u64, sequence: u32, record: Vec<u8>) {
        let key = keys::history(self.generation, revision, sequence);
        self.history.push((revision, Op::Put { table: Table::History, key, value: record }));
    }

    /// Removes the history before a revision that is not greater than any the batch writes.
    pub(crate) fn drop_history_before(&mut self, revision: u64) {
        let from = keys::generation(self.generation);
        let to = keys::history(self.generation, revision, 0);
        self.ranges.push(Op::DeleteRange { table: Table::History, from, to });
        self.history.retain(|(written, _)| *written >= revision);
    }

    /// The changes of the batch.
    pub(crate) fn into_ops(self) -> Vec<Op> {
        let mut ops = self.ranges;
        ops.reserve(self.history.len() + self.pending.len());
        ops.extend(self.history.into_iter().map(|(_, op)| op));
        for ((table, key), value) in self.pending {
            if table == Table::State {
                self.recent.learn(&key, value.as_deref());
            }
            ops.push(match value {
                Some(value) => Op::Put { table, key, value },
                None => Op::Delete { table, key },
            });
        }
        ops
    }
}
