//! A database in memory whose crash a test can cause: of what was not flushed any batch may be lost.
//!
//! It stands in for RocksDB where a whole cluster is simulated, and is held to the same battery of
//! tests.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::{KeyValue, Op, Pair, Pairs, View};
use crate::keys::Table;

type Keys = BTreeMap<Bytes, Bytes>;

/// All tables; clones share what they have in common.
#[derive(Debug, Clone, Default)]
struct Tables {
    keys: [Arc<Keys>; Table::ALL.len()],
    /// Counts the changes.
    sequence: u64,
}

impl Tables {
    fn of(&self, table: Table) -> &Keys {
        &self.keys[table as usize]
    }

    /// The pairs from `from` up to, not including, `to`.
    fn between(
        &self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
    ) -> impl DoubleEndedIterator<Item = (&Bytes, &Bytes)> {
        let end = to.map_or(Bound::Unbounded, |to| Bound::Excluded(Bytes::from(to)));
        let from = Bytes::from(from);
        let empty = matches!(&end, Bound::Excluded(end) if *end <= from);
        let range = (!empty).then(|| self.of(table).range((Bound::Included(from), end)));
        range.into_iter().flatten()
    }

    fn apply(&mut self, op: &Op) {
        self.sequence += 1;
        match op {
            Op::Put { table, key, value } => {
                let (key, value) = (Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
                Arc::make_mut(&mut self.keys[*table as usize]).insert(key, value);
            }
            Op::Delete { table, key } => {
                Arc::make_mut(&mut self.keys[*table as usize]).remove(&key[..]);
            }
            Op::DeleteRange { table, from, to } => {
                let inside = |key: &Bytes| from[..] <= key[..] && key[..] < to[..];
                let keys = Arc::make_mut(&mut self.keys[*table as usize]);
                keys.retain(|key, _| !inside(key));
            }
        }
    }
}

fn owned((key, value): (&Bytes, &Bytes)) -> io::Result<Pair> {
    Ok((key.to_vec().into(), value.to_vec().into()))
}

impl View for Tables {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        Ok(self.of(table).get(key).map(|value| value.to_vec()))
    }

    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        Box::new(self.between(table, from, to).map(owned))
    }

    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        Box::new(self.between(table, from, to).rev().map(owned))
    }
}

#[derive(Debug, Default)]
struct Content {
    now: Tables,
    /// Has no keys in common with `now`, which would be copied at the first write after a flush.
    durable: Tables,
    /// The batches after the last flush.
    unflushed: Vec<Vec<Op>>,
}

/// The database; it lives as long as its handles, and goes on after a crash as another one.
#[derive(Debug, Default)]
pub(crate) struct MemoryDatabase {
    content: Mutex<Content>,
}

impl MemoryDatabase {
    fn content<R>(&self, with: impl FnOnce(&mut Content) -> R) -> R {
        with(&mut self.content.lock().expect("no panic while locked"))
    }

    fn tables(&self) -> Tables {
        self.content(|content| content.now.clone())
    }

    /// What is found after a crash now: everything flushed, and of the batches after it those that
    /// `kept` chooses, given how many there are. Later writes to this database do not reach it.
    pub(crate) fn after_crash(&self, kept: impl FnOnce(usize) -> Vec<bool>) -> Self {
        let tables = self.content(|content| {
            let mut tables = content.durable.clone();
            let kept = kept(content.unflushed.len());
            let kept =
                content.unflushed.iter().zip(kept).filter_map(|(ops, kept)| kept.then_some(ops));
            kept.flatten().for_each(|op| tables.apply(op));
            tables
        });
        let content = Content { now: tables.clone(), durable: tables, unflushed: Vec::new() };
        Self { content: Mutex::new(content) }
    }
}

impl View for MemoryDatabase {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.content(|content| content.now.get(table, key))
    }

    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let found: Vec<_> = self.tables().scan(table, from, to).collect();
        Box::new(found.into_iter())
    }

    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let found: Vec<_> = self.tables().scan_back(table, from, to).collect();
        Box::new(found.into_iter())
    }
}

impl KeyValue for MemoryDatabase {
    fn write(&self, ops: &mut dyn Iterator<Item = &Op>) -> io::Result<()> {
        let batch: Vec<Op> = ops.cloned().collect();
        self.content(|content| {
            batch.iter().for_each(|op| content.now.apply(op));
            content.unflushed.push(batch);
        });
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.content(|content| {
            let Content { durable, unflushed, .. } = content;
            unflushed.drain(..).flatten().for_each(|op| durable.apply(&op));
        });
        Ok(())
    }

    fn sequence(&self) -> u64 {
        self.content(|content| content.now.sequence)
    }

    fn background_errors(&self) -> u64 {
        0
    }

    fn size_bytes(&self) -> u64 {
        let tables = self.tables();
        let pairs = tables.keys.iter().flat_map(|keys| keys.iter());
        pairs.map(|(key, value)| (key.len() + value.len()) as u64).sum()
    }

    fn snapshot(self: Arc<Self>) -> Box<dyn View> {
        Box::new(self.tables())
    }
}
