//! The writes of a batch that is being applied, on top of the database.
//!
//! An entry sees what the entries before it wrote, and the database sees the batch at once.

use std::collections::BTreeMap;

use crate::database::{Database, Op};
use crate::keys::{self, Table};

/// Reads through to the database what the batch did not write.
pub(crate) struct Overlay<'a> {
    database: &'a Database,
    generation: u32,
    ranges: Vec<Op>,
    pending: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(database: &'a Database, generation: u32) -> Self {
        Self { database, generation, ranges: Vec::new(), pending: BTreeMap::new() }
    }

    /// Stands in front of all replicated keys.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn get(&self, table: Table, key: Vec<u8>) -> Option<Vec<u8>> {
        let name = (table, key);
        match self.pending.get(&name) {
            Some(written) => written.clone(),
            None => self.database.get(table, &name.1),
        }
    }

    pub(crate) fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.pending.insert((table, key), Some(value));
    }

    pub(crate) fn delete(&mut self, table: Table, key: Vec<u8>) {
        self.pending.insert((table, key), None);
    }

    /// Removes the history before a revision that is not greater than any the batch writes.
    pub(crate) fn drop_history_before(&mut self, revision: u64) {
        let from = keys::generation(self.generation);
        let to = keys::history(self.generation, revision, 0);
        self.ranges.push(Op::DeleteRange { table: Table::History, from, to });
        let kept = |table: Table, key: &[u8]| {
            table != Table::History || keys::history_revision(key) >= Some(revision)
        };
        self.pending.retain(|(table, key), _| kept(*table, key));
    }

    /// The changes of the batch.
    pub(crate) fn into_ops(self) -> Vec<Op> {
        let mut ops = self.ranges;
        ops.extend(self.pending.into_iter().map(|((table, key), value)| match value {
            Some(value) => Op::Put { table, key, value },
            None => Op::Delete { table, key },
        }));
        ops
    }
}
