//! The one RocksDB of a node: options, tables, reads and owned snapshots.
//!
//! One database with one write-ahead log, because recovery to any prefix of it is then a legal Raft
//! state: an entry stands in it before its effects, and the two can never disagree. For the same
//! reason no table may ever be written without the log. Only the writer thread writes.

use std::path::Path;
use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode,
    DBWithThreadMode, IteratorMode, Options, ReadOptions, SingleThreaded, SnapshotWithThreadMode,
    WriteBatch, WriteOptions,
};

use crate::fatal::end_process;
use crate::keys::{self, Table};

const CACHE_BYTES: usize = 256 << 20;
const WAL_BYTES_MAX: u64 = 256 << 20;

type Rocks = DBWithThreadMode<SingleThreaded>;

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

/// The database.
pub(crate) struct Database {
    rocks: Rocks,
}

impl Database {
    /// Opens or creates it.
    pub(crate) fn open(path: &Path) -> Result<Self, rocksdb::Error> {
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let tables = Table::ALL
            .map(|table| ColumnFamilyDescriptor::new(table.name(), table_options(table, &cache)));
        let rocks = Rocks::open_cf_descriptors(&database_options(), path, tables)?;
        Ok(Self { rocks })
    }

    fn family(&self, table: Table) -> &rocksdb::ColumnFamily {
        self.rocks.cf_handle(table.name()).expect("all tables are opened")
    }

    /// Writes the changes as one atomic batch, visible at once and durable with the next
    /// [`flush`](Self::flush).
    pub(crate) fn write<'a>(
        &self,
        ops: impl Iterator<Item = &'a Op>,
    ) -> Result<(), rocksdb::Error> {
        let mut batch = WriteBatch::default();
        for op in ops {
            match op {
                Op::Put { table, key, value } => batch.put_cf(self.family(*table), key, value),
                Op::Delete { table, key } => batch.delete_cf(self.family(*table), key),
                Op::DeleteRange { table, from, to } => {
                    batch.delete_range_cf(self.family(*table), from, to);
                }
            }
        }
        self.rocks.write_opt(batch, &WriteOptions::default())
    }

    /// Makes everything written so far durable.
    pub(crate) fn flush(&self) -> Result<(), rocksdb::Error> {
        self.rocks.flush_wal(true)
    }

    /// The latest value of a key. A read error ends the process.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        match self.rocks.get_cf(self.family(table), key) {
            Ok(value) => value,
            Err(error) => end_process("reading the database", &error),
        }
    }

    /// Keys and values from `from` up to, not including, `to`, as they are now.
    pub(crate) fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Scan<'_> {
        let options = bounded(from, to);
        let iterator = self.rocks.iterator_cf_opt(self.family(table), options, IteratorMode::Start);
        Scan { iterator }
    }

    /// The last key of a table.
    pub(crate) fn last_key(&self, table: Table) -> Option<Vec<u8>> {
        let mut iterator = self.rocks.iterator_cf(self.family(table), IteratorMode::End);
        match iterator.next()? {
            Ok((key, _)) => Some(key.into_vec()),
            Err(error) => end_process("reading the database", &error),
        }
    }
}

/// Keys and values in order. A read error ends the process.
pub(crate) struct Scan<'a> {
    iterator: rocksdb::DBIteratorWithThreadMode<'a, Rocks>,
}

impl Iterator for Scan<'_> {
    type Item = (Box<[u8]>, Box<[u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.iterator.next()? {
            Ok(pair) => Some(pair),
            Err(error) => end_process("reading the database", &error),
        }
    }
}

type Borrowed<'a> = SnapshotWithThreadMode<'a, Rocks>;

self_cell::self_cell!(
    struct Held {
        owner: Arc<Database>,
        #[covariant]
        dependent: Borrowed,
    }
);

/// The database as it was at one moment; keeps the database open.
pub(crate) struct Snapshot {
    held: Held,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The database as it is now.
    pub(crate) fn take(database: Arc<Database>) -> Self {
        Self { held: Held::new(database, |database| database.rocks.snapshot()) }
    }

    /// The value of a key. A read error ends the process.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        let family = self.held.borrow_owner().family(table);
        match self.held.borrow_dependent().get_cf(family, key) {
            Ok(value) => value,
            Err(error) => end_process("reading the database", &error),
        }
    }

    /// Keys and values from `from` up to, not including, `to`.
    pub(crate) fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Scan<'_> {
        let family = self.held.borrow_owner().family(table);
        let snapshot = self.held.borrow_dependent();
        let options = bounded(from, to);
        Scan { iterator: snapshot.iterator_cf_opt(family, options, IteratorMode::Start) }
    }

    /// All keys with the prefix.
    pub(crate) fn scan_prefix(&self, table: Table, prefix: Vec<u8>) -> Scan<'_> {
        let end = keys::end_of_prefix(&prefix);
        self.scan(table, prefix, end)
    }
}

fn bounded(from: Vec<u8>, to: Option<Vec<u8>>) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(from);
    if let Some(to) = to {
        options.set_iterate_upper_bound(to);
    }
    options
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // With false, a failed write of the log would be ignored.
    options.set_paranoid_checks(true);
    // A torn tail is cut off; it was never acknowledged.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_avoid_unnecessary_blocking_io(true);
    options.set_skip_stats_update_on_db_open(true);
    options.set_bytes_per_sync(1 << 20);
    options.set_wal_bytes_per_sync(512 << 10);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(4);
    options.set_stats_dump_period_sec(0);
    options
}

fn table_options(table: Table, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    let mut options = Options::default();
    match table {
        Table::Log => options.set_write_buffer_size(64 << 20),
        Table::Meta => options.set_write_buffer_size(1 << 20),
        Table::State | Table::History | Table::Sessions => {
            blocks.set_bloom_filter(10.0, false);
            options.set_write_buffer_size(32 << 20);
        }
    }
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_block_based_table_factory(&blocks);
    options
}
