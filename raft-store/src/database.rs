//! The interface between the store and what keeps its bytes: tables of ordered keys, atomic
//! batches, one log.
//!
//! `rocks` is what production runs on. `memory` has the same behaviour and a crash that a test can
//! cause; one battery of tests runs on both. Only the writer writes.

#[cfg(test)]
mod battery;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod memory;
mod rocks;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::rocks::RocksDatabase;
use crate::config::MemoryPolicy;
use crate::fatal::end_process;
use crate::keys::{self, Table};
use crate::metrics::IoCounts;

/// One change of the database.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Put {
        table: Table,
        key: Vec<u8>,
        value: Vec<u8>,
    },
    Delete {
        table: Table,
        key: Vec<u8>,
    },
    /// Removes the keys from `from` up to, not including, `to`.
    DeleteRange {
        table: Table,
        from: Vec<u8>,
        to: Vec<u8>,
    },
}

impl Op {
    /// Roughly how much it adds to the log.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.len() + value.len(),
            Self::Delete { key, .. } => key.len(),
            Self::DeleteRange { from, to, .. } => from.len() + to.len(),
        }
    }
}

/// A key and its value.
pub(crate) type Pair = (Box<[u8]>, Box<[u8]>);

/// Pairs in the order of their keys.
pub(crate) type Pairs<'a> = Box<dyn Iterator<Item = io::Result<Pair>> + Send + 'a>;

/// What can be read of a database, or of how it was at one moment.
pub(crate) trait View: Send + Sync {
    /// The value of a key.
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>>;

    /// The pairs from `from` up to, not including, `to`.
    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_>;

    /// The same pairs, the last one first.
    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_>;
}

/// What the store needs of a database. A batch is atomic, visible when `write` returns, and durable
/// with the next `flush`. After a crash everything that was flushed is there; of the batches after it
/// any may be, each whole, and a later one without an earlier one.
pub(crate) trait KeyValue: View + 'static {
    /// Writes one batch.
    fn write(&self, ops: &mut dyn Iterator<Item = &Op>) -> io::Result<()>;

    /// Makes everything written so far durable.
    fn flush(&self) -> io::Result<()>;

    /// The number of the last change. It only grows, also when keys are removed, and is recovered
    /// after a crash with the batches that remain.
    fn sequence(&self) -> u64;

    /// How many writes in the background failed; after the first one nothing can be trusted.
    fn background_errors(&self) -> u64;

    /// The size of all files but the write-ahead log, in bytes.
    fn size_bytes(&self) -> u64;

    /// The database as it is now; what is written later does not show.
    fn snapshot(self: Arc<Self>) -> Box<dyn View>;
}

/// Opens a database on disk that nobody else has open, to read only: nothing is written.
pub(crate) fn open_to_read(path: &Path) -> Result<Arc<dyn KeyValue>, rocksdb::Error> {
    Ok(Arc::new(RocksDatabase::open_to_read(path)?))
}

/// The database. A read error ends the process.
pub(crate) struct Database {
    engine: Arc<dyn KeyValue>,
    batches: AtomicU64,
    fsyncs: AtomicU64,
}

impl Database {
    /// Opens or creates it on disk.
    pub(crate) fn open(path: &Path, memory: MemoryPolicy) -> Result<Self, rocksdb::Error> {
        Ok(Self::on(Arc::new(RocksDatabase::open(path, memory)?)))
    }

    /// The database on another engine.
    pub(crate) fn on(engine: Arc<dyn KeyValue>) -> Self {
        Self { engine, batches: AtomicU64::new(0), fsyncs: AtomicU64::new(0) }
    }

    /// Writes the changes as one atomic batch, visible at once and durable with the next
    /// [`flush`](Self::flush).
    pub(crate) fn write<'a>(&self, mut ops: impl Iterator<Item = &'a Op>) -> io::Result<()> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.engine.write(&mut ops)
    }

    /// Makes everything written so far durable.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.fsyncs.fetch_add(1, Ordering::Relaxed);
        self.engine.flush()
    }

    /// The number of the last change. It only grows, also when keys are removed.
    pub(crate) fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    /// What was written since it was opened.
    pub(crate) fn io_counts(&self) -> IoCounts {
        IoCounts {
            batches: self.batches.load(Ordering::Relaxed),
            fsyncs: self.fsyncs.load(Ordering::Relaxed),
        }
    }

    /// How many writes in the background failed; after the first one nothing can be trusted.
    pub(crate) fn background_errors(&self) -> u64 {
        self.engine.background_errors()
    }

    /// The size of all files but the write-ahead log, in bytes.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.engine.size_bytes()
    }

    /// The latest value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        or_end(self.engine.get(table, key))
    }

    /// Keys and values from `from` up to, not including, `to`, as they are now.
    pub(crate) fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Scan<'_> {
        Scan { pairs: self.engine.scan(table, from, to) }
    }

    /// Like [`scan`](Self::scan), for a caller that can say what a read error means.
    pub(crate) fn try_scan(&self, table: Table, from: Vec<u8>) -> Pairs<'_> {
        self.engine.scan(table, from, None)
    }
}

/// Keys and values in order. A read error ends the process.
pub(crate) struct Scan<'a> {
    pairs: Pairs<'a>,
}

impl Iterator for Scan<'_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Self::Item> {
        self.pairs.next().map(or_end)
    }
}

/// The database as it was at one moment; keeps the database open. A read error ends the process.
pub(crate) struct Snapshot {
    view: Box<dyn View>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The database as it is now.
    pub(crate) fn take(database: &Database) -> Self {
        Self { view: Arc::clone(&database.engine).snapshot() }
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        or_end(self.view.get(table, key))
    }

    /// Keys and values from `from` up to, not including, `to`.
    pub(crate) fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Scan<'_> {
        Scan { pairs: self.view.scan(table, from, to) }
    }

    /// What [`scan`](Self::scan) gives, the last key first.
    pub(crate) fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Scan<'_> {
        Scan { pairs: self.view.scan_back(table, from, to) }
    }

    /// All keys with the prefix.
    pub(crate) fn scan_prefix(&self, table: Table, prefix: Vec<u8>) -> Scan<'_> {
        let end = keys::end_of_prefix(&prefix);
        self.scan(table, prefix, end)
    }
}

fn or_end<T>(read: io::Result<T>) -> T {
    match read {
        Ok(value) => value,
        Err(error) => end_process("reading the database", &error),
    }
}
