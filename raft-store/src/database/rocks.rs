//! The one RocksDB of a node: options and tables.
//!
//! One database with one write-ahead log: all tables are recovered to the same moment, and no table
//! may ever be written without the log. The moment is not sharp when the power was cut. What was not
//! synced may be there in part: recovery skips a hole of zeros in a file of the log, and does not miss
//! what the end of a file lost, so a later batch may be found without an earlier one. The writer sees
//! to it that any of these is a legal Raft state.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBIteratorWithThreadMode,
    DBRecoveryMode, DBWithThreadMode, IteratorMode, Options, ReadOptions, SingleThreaded,
    SnapshotWithThreadMode, WriteBatch, WriteOptions, properties,
};

use super::{KeyValue, Op, Pairs, View};
use crate::config::MemoryPolicy;
use crate::keys::Table;

/// The write-ahead log is kept below so many write buffers.
const WAL_BUFFERS_MAX: usize = 8;
/// Write buffers of a table that may wait to be flushed, and the one that is written: with RocksDB's
/// two, all writes stop when a burst fills another while one flush is late.
const BUFFERS_MAX: i32 = 4;
/// The greatest write buffer of the table of single records.
const META_BUFFER_BYTES: usize = 1 << 20;
/// Files of the write-ahead log that are written again instead of being deleted: an fsync of a file
/// that does not grow has no inode to write, and takes half the time. Each record names its file, so
/// recovery stops where the old records begin; it goes on in the next file only if that continues
/// with the very next sequence number.
const WALS_KEPT: usize = 2;
/// What flushes and compactions may write at most, so that they leave the disk to the log.
const BACKGROUND_BYTES_PER_S: i64 = 64 << 20;
const RATE_REFILL_US: i64 = 100_000;
const RATE_FAIRNESS: i32 = 10;

/// The part of a write buffer that tells which keys are not in it: new keys and request ids are looked
/// up before they are written.
const MEMTABLE_BLOOM_RATIO: f64 = 0.02;

type Rocks = DBWithThreadMode<SingleThreaded>;

/// The database on disk.
pub(super) struct RocksDatabase {
    rocks: Rocks,
}

impl RocksDatabase {
    /// Opens or creates it.
    pub(super) fn open(path: &Path, memory: MemoryPolicy) -> Result<Self, rocksdb::Error> {
        let rocks = Rocks::open_cf_descriptors(&database_options(memory), path, tables(memory))?;
        Ok(Self { rocks })
    }

    /// Opens it without writing anything; the write-ahead log is read into memory.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, rocksdb::Error> {
        let memory = MemoryPolicy::default();
        let mut options = database_options(memory);
        options.create_if_missing(false);
        options.create_missing_column_families(false);
        let rocks = Rocks::open_cf_descriptors_read_only(&options, path, tables(memory), false)?;
        Ok(Self { rocks })
    }

    fn family(&self, table: Table) -> &rocksdb::ColumnFamily {
        self.rocks.cf_handle(table.name()).expect("all tables are opened")
    }
}

impl View for RocksDatabase {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.rocks.get_cf(self.family(table), key).map_err(io::Error::other)
    }

    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let options = bounded(from, to);
        pairs(self.rocks.iterator_cf_opt(self.family(table), options, IteratorMode::Start))
    }

    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let options = bounded(from, to);
        pairs(self.rocks.iterator_cf_opt(self.family(table), options, IteratorMode::End))
    }
}

impl KeyValue for RocksDatabase {
    fn write(&self, ops: &mut dyn Iterator<Item = &Op>) -> io::Result<()> {
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
        self.rocks.write_opt(batch, &WriteOptions::default()).map_err(io::Error::other)
    }

    fn flush(&self) -> io::Result<()> {
        self.rocks.flush_wal(true).map_err(io::Error::other)
    }

    fn sequence(&self) -> u64 {
        self.rocks.latest_sequence_number()
    }

    fn background_errors(&self) -> u64 {
        let found = self.rocks.property_int_value(properties::BACKGROUND_ERRORS);
        found.ok().flatten().unwrap_or(0)
    }

    fn size_bytes(&self) -> u64 {
        let name = properties::TOTAL_SST_FILES_SIZE;
        let size = |table| self.rocks.property_int_value_cf(self.family(table), name);
        let sizes = Table::ALL.into_iter().map(|table| size(table).ok().flatten().unwrap_or(0));
        sizes.sum()
    }

    fn snapshot(self: Arc<Self>) -> Box<dyn View> {
        Box::new(RocksView { held: Held::new(self, |database| database.rocks.snapshot()) })
    }
}

type Borrowed<'a> = SnapshotWithThreadMode<'a, Rocks>;

self_cell::self_cell!(
    struct Held {
        owner: Arc<RocksDatabase>,
        #[covariant]
        dependent: Borrowed,
    }
);

/// The database as it was at one moment; keeps the database open.
struct RocksView {
    held: Held,
}

impl View for RocksView {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let family = self.held.borrow_owner().family(table);
        self.held.borrow_dependent().get_cf(family, key).map_err(io::Error::other)
    }

    fn scan(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let family = self.held.borrow_owner().family(table);
        let snapshot = self.held.borrow_dependent();
        pairs(snapshot.iterator_cf_opt(family, bounded(from, to), IteratorMode::Start))
    }

    fn scan_back(&self, table: Table, from: Vec<u8>, to: Option<Vec<u8>>) -> Pairs<'_> {
        let family = self.held.borrow_owner().family(table);
        let snapshot = self.held.borrow_dependent();
        pairs(snapshot.iterator_cf_opt(family, bounded(from, to), IteratorMode::End))
    }
}

fn pairs<'a>(iterator: DBIteratorWithThreadMode<'a, Rocks>) -> Pairs<'a> {
    Box::new(iterator.map(|pair| pair.map_err(io::Error::other)))
}

fn bounded(from: Vec<u8>, to: Option<Vec<u8>>) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(from);
    if let Some(to) = to {
        options.set_iterate_upper_bound(to);
    }
    options
}

fn database_options(memory: MemoryPolicy) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // With false, a failed write of the log would be ignored.
    options.set_paranoid_checks(true);
    // A torn tail is cut off; it was never acknowledged.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size((WAL_BUFFERS_MAX * memory.write_buffer_bytes) as u64);
    options.set_recycle_log_file_num(WALS_KEPT);
    options.set_avoid_unnecessary_blocking_io(true);
    options.set_skip_stats_update_on_db_open(true);
    options.set_bytes_per_sync(1 << 20);
    options.set_wal_bytes_per_sync(512 << 10);
    options.set_max_background_jobs(2);
    options.set_auto_tuned_ratelimiter(BACKGROUND_BYTES_PER_S, RATE_REFILL_US, RATE_FAIRNESS);
    options.set_keep_log_file_num(4);
    options.set_stats_dump_period_sec(0);
    options
}

fn tables(memory: MemoryPolicy) -> [ColumnFamilyDescriptor; Table::ALL.len()] {
    let cache = Cache::new_lru_cache(memory.cache_bytes);
    Table::ALL.map(|table| {
        let options = table_options(table, &cache, memory.write_buffer_bytes);
        ColumnFamilyDescriptor::new(table.name(), options)
    })
}

fn table_options(table: Table, cache: &Cache, write_buffer_bytes: usize) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    let mut options = Options::default();
    match table {
        Table::Log => options.set_write_buffer_size(2 * write_buffer_bytes),
        Table::Meta => options.set_write_buffer_size(write_buffer_bytes.min(META_BUFFER_BYTES)),
        Table::State | Table::History | Table::Sessions => {
            blocks.set_bloom_filter(10.0, false);
            options.set_write_buffer_size(write_buffer_bytes);
            options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM_RATIO);
            options.set_memtable_whole_key_filtering(true);
        }
    }
    options.set_max_write_buffer_number(BUFFERS_MAX);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_block_based_table_factory(&blocks);
    options
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// What the database runs with, as it wrote it down itself.
    #[test]
    fn the_database_runs_with_the_options_that_durability_needs() {
        let dir = TempDir::new().expect("temporary folder");
        drop(RocksDatabase::open(dir.path(), MemoryPolicy::default()).expect("database"));
        let options =
            |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("OPTIONS-");
        let files = std::fs::read_dir(dir.path()).expect("folder").flatten();
        let file = files.filter(options).map(|entry| entry.path()).max().expect("options");
        let written = std::fs::read_to_string(file).expect("options");
        let wal_bytes = format!("max_total_wal_size={}", 256 << 20);
        for option in [
            "paranoid_checks=true",
            "wal_recovery_mode=kPointInTimeRecovery",
            "track_and_verify_wals_in_manifest=true",
            "recycle_log_file_num=2",
            "manual_wal_flush=false",
            "unordered_write=false",
            "allow_2pc=false",
            "max_write_buffer_number=4",
            &wal_bytes,
        ] {
            assert!(written.lines().any(|line| line.trim() == option), "{option}");
        }
    }

    #[test]
    fn files_of_the_write_ahead_log_are_written_again() {
        let dir = TempDir::new().expect("temporary folder");
        let memory = MemoryPolicy { write_buffer_bytes: 64 << 10, ..MemoryPolicy::default() };
        let database = RocksDatabase::open(dir.path(), memory).expect("database");
        for number in 0..4096_u32 {
            let (key, value) = (number.to_be_bytes().to_vec(), vec![b'v'; 1024]);
            let put = Op::Put { table: Table::State, key, value };
            database.write(&mut std::iter::once(&put)).expect("written");
        }
        database.flush().expect("flushed");
        drop(database);
        let log = std::fs::read_to_string(dir.path().join("LOG")).expect("what it did");
        assert!(log.contains("reusing log"), "no file was used again");
        let database = RocksDatabase::open(dir.path(), memory).expect("database");
        let keys = database.scan(Table::State, Vec::new(), None).map(|pair| pair.expect("read").0);
        let expected = (0..4096_u32).map(|number| number.to_be_bytes().into());
        assert!(keys.eq(expected), "all is there after opening again");
    }
}
