//! Raft's log and vote on the database.
//!
//! New entries are readable at once from the tail in memory, while the writer thread brings them to
//! disk; older ones are read from the database. The log never has a hole: what is missing is missing
//! at the ends.
//!
//! What is committed is not written down: the state tells what was applied, and the rest is known
//! again with the next leader. The state may be ahead of the log: entries that a quorum had are
//! applied here before they are on this disk. The log then goes on behind the state.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, RwLock};

use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use openraft::{EntryPayload, OptionalSend};
use proto::raft as wire;

use crate::database::{Database, Op};
use crate::keys::{self, Table};
use crate::log_size::LogSize;
use crate::runtime::mutant;
use crate::stored::{self, StoredError};
use crate::tail::Tail;
use crate::types::{Entry, LogId, TypeConfig, Vote};
use crate::writer::Writer;

/// How much one read for replication returns at most.
const READ_BYTES_MAX: usize = 1 << 20;

/// Why the log on disk cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A record does not decode.
    #[error("log record {record} is unreadable")]
    Unreadable {
        /// Its name or index.
        record: String,
        /// Why.
        source: StoredError,
    },
    /// An entry is missing in the middle.
    #[error("log entry {index} is missing")]
    Hole {
        /// The first one that is missing.
        index: u64,
    },
    /// An entry stands where another one belongs.
    #[error("log entry {index} says that it is entry {found}")]
    Displaced {
        /// Where it stands.
        index: u64,
        /// What it says.
        found: u64,
    },
    /// The database cannot be read; it names the file.
    #[error("log cannot be read")]
    Read {
        /// What the database says.
        source: io::Error,
    },
}

impl From<LogError> for io::Error {
    fn from(error: LogError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

#[derive(Default)]
struct Position {
    vote: Option<Vote>,
    purged: Option<LogId>,
    last: Option<LogId>,
    tail: Tail,
    size: LogSize,
}

/// The log of a node; clones share it.
#[derive(Clone)]
pub(crate) struct LogStore {
    node_id: u64,
    database: Arc<Database>,
    writer: Writer,
    position: Arc<RwLock<Position>>,
}

impl LogStore {
    /// Reads the whole log: there must be every entry from the one after the last that was purged,
    /// in its place and readable. The database checks what it reads by the checksums of its blocks
    /// and of its own log.
    pub(crate) fn open(
        node_id: u64,
        database: Arc<Database>,
        writer: Writer,
    ) -> Result<Self, LogError> {
        let vote = read_meta(&database, keys::META_VOTE)?.map(stored::vote_from_wire);
        let purged = read_meta(&database, keys::META_PURGED)?.map(stored::log_id_from_wire);
        let first = purged.map_or(0, |log_id| log_id.index + 1);
        let (last, size) = check_entries(&database, first)?;
        let (last, tail) = (last.max(purged), Tail::default());
        let position = Position { vote, purged, last, tail, size };
        Ok(Self { node_id, database, writer, position: Arc::new(RwLock::new(position)) })
    }

    /// The size of all entries, in bytes.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.read(|position| position.size.bytes())
    }

    /// The entry up to which the log is greater than `bytes_max`; none when it is not.
    pub(crate) fn surplus(&self, bytes_max: u64) -> Option<u64> {
        self.read(|position| position.size.surplus(bytes_max))
    }

    fn read<R>(&self, view: impl FnOnce(&Position) -> R) -> R {
        view(&self.position.read().expect("no panic while locked"))
    }

    fn change<R>(&self, change: impl FnOnce(&mut Position) -> R) -> R {
        change(&mut self.position.write().expect("no panic while locked"))
    }

    /// Entries of `[start, end)` that exist, at least one if any does, up to `bytes_max`.
    fn entries(&self, start: u64, end: u64, bytes_max: usize) -> Result<Vec<Entry>, LogError> {
        let (start, end, from_tail, tail_start) = self.read(|position| {
            // What is truncated or purged may still be on disk until the writer comes to it.
            let start = start.max(position.purged.map_or(0, |log_id| log_id.index + 1));
            let end = end.min(position.last.map_or(0, |log_id| log_id.index + 1));
            let tail_start = position.tail.first_index().unwrap_or(u64::MAX).min(end);
            let from_tail = position.tail.copy(start.max(tail_start), end, bytes_max);
            (start, end, from_tail, tail_start)
        });
        if start >= tail_start || start >= end {
            return Ok(from_tail);
        }
        let mut entries = Vec::new();
        let mut size_bytes = 0;
        let stored = self.database.scan(Table::Log, keys::log(start), Some(keys::log(tail_start)));
        for (key, value) in stored {
            let index = keys::log_index(&key).unwrap_or_default();
            let entry = entry_from_disk(index, value)?;
            check_follows(&entries, &entry)?;
            size_bytes += entry_bytes(&entry);
            if size_bytes > bytes_max && !entries.is_empty() {
                return Ok(entries);
            }
            entries.push(entry);
        }
        for entry in from_tail {
            check_follows(&entries, &entry)?;
            size_bytes += entry_bytes(&entry);
            if size_bytes > bytes_max && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> Result<Vec<Entry>, io::Error>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = half_open(&range);
        Ok(self.entries(start, end, usize::MAX)?)
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, io::Error> {
        Ok(self.entries(start, end, READ_BYTES_MAX)?)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.read(|position| position.vote))
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        Ok(self.read(|position| LogState {
            last_purged_log_id: position.purged,
            last_log_id: position.last,
        }))
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let value = stored::encode(&stored::vote_to_wire(vote));
        if !mutant!(VoteNotSaved) {
            self.writer.durable_alone(vec![put_meta(keys::META_VOTE, value)]).await?;
        }
        self.change(|position| position.vote = Some(*vote));
        Ok(())
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: IOFlushed<TypeConfig>,
    ) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        if let Some(last) = entries.last() {
            self.writer.stages().journey.appended(last.index());
        }
        // A leader sends its entries while its own disk writes them.
        let leads = self.read(|position| {
            position.vote.is_some_and(|vote| vote.leader_id.node_id == self.node_id)
        });
        let ops = entries.iter().map(put_entry).collect();
        let written = self.writer.written();
        self.change(|position| {
            position.tail.forget_written(written);
            for entry in entries {
                position.last = Some(entry.log_id);
                position.size.append(entry.index(), entry_bytes(&entry) as u64);
                position.tail.push(entry);
            }
        });
        let job = if leads {
            self.writer.submit_flushed(ops, callback).await?
        } else {
            self.writer.flushed_here(ops, callback).await?
        };
        self.change(|position| position.tail.queued_as(job));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let from = last.map_or(0, |log_id| log_id.index + 1);
        self.change(|position| {
            position.tail.truncate(from);
            position.size.truncate(from);
            if position.last.is_some_and(|known| known.index >= from) {
                position.last = last.max(position.purged);
            }
        });
        if !mutant!(TruncationDropped) {
            self.writer.submit_first(vec![delete_log(from, u64::MAX)]).await?;
        }
        Ok(())
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        let past_the_end = self.change(|position| {
            let past_the_end = position.last < Some(log_id);
            position.purged = position.purged.max(Some(log_id));
            position.last = position.last.max(Some(log_id));
            position.tail.purge(log_id.index);
            position.size.purge(log_id.index);
            past_the_end
        });
        let value = stored::encode(&stored::log_id_to_wire(log_id));
        let behind = if mutant!(PurgeTooFar) { log_id.index + 3 } else { log_id.index + 1 };
        let ops = vec![put_meta(keys::META_PURGED, value), delete_log(0, behind)];
        if past_the_end {
            // Entries that follow would stand behind a hole without it.
            self.writer.submit_first(ops).await?;
        } else {
            self.writer.submit(ops).await?;
        }
        Ok(())
    }
}

/// The writes that take the log as purged up to what is applied, when the entry of that is not in it:
/// a quorum had the entry, and the power was cut before this disk did. What stands at its place or
/// behind it is then of an earlier leader, and its truncation was lost together with the entry.
pub(crate) fn behind_state(
    database: &Database,
    applied: Option<LogId>,
) -> Result<Vec<Op>, LogError> {
    let Some(applied) = applied else { return Ok(Vec::new()) };
    if read_meta(database, keys::META_PURGED)?.map(stored::log_id_from_wire) >= Some(applied) {
        return Ok(Vec::new());
    }
    let key = keys::log(applied.index);
    let is_behind = match database.get(Table::Log, &key) {
        Some(bytes) => entry_from_disk(applied.index, bytes.into())?.log_id != applied,
        // A log that goes on behind a missing entry is damaged, and is refused when it is opened.
        None => database.scan(Table::Log, key, None).next().is_none(),
    };
    if !is_behind {
        return Ok(Vec::new());
    }
    let value = stored::encode(&stored::log_id_to_wire(applied));
    Ok(vec![delete_log(0, u64::MAX), put_meta(keys::META_PURGED, value)])
}

fn read_meta<M: prost::Message + Default>(
    database: &Database,
    key: &[u8],
) -> Result<Option<M>, LogError> {
    let Some(bytes) = database.get(Table::Meta, key) else { return Ok(None) };
    let record = || String::from_utf8_lossy(key).into_owned();
    let message = stored::decode(&bytes)
        .map_err(|source| LogError::Unreadable { record: record(), source })?;
    Ok(Some(message))
}

/// Reads the entries from `first` on; returns the id of the last one, and their size.
fn check_entries(database: &Database, first: u64) -> Result<(Option<LogId>, LogSize), LogError> {
    let mut last: Option<LogId> = None;
    let mut size = LogSize::default();
    for pair in database.try_scan(Table::Log, keys::log(first)) {
        let (key, value) = pair.map_err(|source| LogError::Read { source })?;
        let index = keys::log_index(&key).unwrap_or_default();
        let expected = last.map_or(first, |log_id| log_id.index + 1);
        if index != expected {
            return Err(LogError::Hole { index: expected });
        }
        let entry = entry_from_disk(index, value)?;
        let found = entry.log_id;
        if found.index != index {
            return Err(LogError::Displaced { index, found: found.index });
        }
        size.append(index, entry_bytes(&entry) as u64);
        last = Some(found);
    }
    Ok((last, size))
}

fn entry_from_disk(index: u64, bytes: Box<[u8]>) -> Result<Entry, LogError> {
    stored::decode_shared::<wire::Entry>(bytes.into_vec())
        .and_then(stored::entry_from_wire)
        .map_err(|source| LogError::Unreadable { record: index.to_string(), source })
}

fn check_follows(entries: &[Entry], next: &Entry) -> Result<(), LogError> {
    match entries.last() {
        Some(last) if last.index() + 1 != next.index() => {
            Err(LogError::Hole { index: last.index() + 1 })
        }
        Some(_) | None => Ok(()),
    }
}

fn put_entry(entry: &Entry) -> Op {
    let value = stored::encode(&stored::entry_to_wire(entry));
    Op::Put { table: Table::Log, key: keys::log(entry.index()), value }
}

fn put_meta(key: &[u8], value: Vec<u8>) -> Op {
    Op::Put { table: Table::Meta, key: key.to_vec(), value }
}

fn delete_log(from: u64, to: u64) -> Op {
    Op::DeleteRange { table: Table::Log, from: keys::log(from), to: keys::log(to) }
}

/// Roughly how much memory and wire an entry takes.
pub(crate) fn entry_bytes(entry: &Entry) -> usize {
    const OVERHEAD: usize = 64;
    match &entry.payload {
        EntryPayload::Normal(command) => OVERHEAD + command.encoded.len(),
        EntryPayload::Blank | EntryPayload::Membership(_) => OVERHEAD,
    }
}

fn half_open(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(index) => *index,
        Bound::Excluded(index) => index.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(index) => index.saturating_add(1),
        Bound::Excluded(index) => *index,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::memory::MemoryDatabase;
    use crate::types::LeaderId;
    use crate::writer::JoinOnDrop;

    fn entry(index: u64) -> Entry {
        let leader_id = LeaderId { term: 2, node_id: 1 };
        Entry::new(LogId { leader_id, index }, EntryPayload::Blank)
    }

    fn displaced(at: u64, index: u64) -> Op {
        let value = stored::encode(&stored::entry_to_wire(&entry(index)));
        Op::Put { table: Table::Log, key: keys::log(at), value }
    }

    /// Opens a log of these records; how it was purged is one of them.
    fn open(ops: &[Op]) -> Result<Option<LogId>, LogError> {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        database.write(ops.iter()).expect("written");
        let (writer, thread) = Writer::start(Arc::clone(&database)).expect("writer");
        let opened = LogStore::open(1, database, writer);
        let last = opened.map(|log| log.read(|position| position.last));
        drop(JoinOnDrop::new(thread));
        last
    }

    /// The last entry of a log of these records beside a state that has applied this entry.
    fn beside(ops: &[Op], applied: LogId) -> Result<Option<LogId>, LogError> {
        let database = Database::on(Arc::new(MemoryDatabase::default()));
        database.write(ops.iter()).expect("written");
        let more = behind_state(&database, Some(applied)).expect("readable");
        open(&[ops, &more].concat())
    }

    #[test]
    fn a_log_whose_end_was_lost_goes_on_behind_the_state() {
        let put = |index| put_entry(&entry(index));
        let newer =
            |index| LogId { leader_id: LeaderId { term: 3, node_id: 2 }, ..entry(index).log_id };
        let whole = [put(0), put(1), put(2)];
        assert_eq!(Some(entry(2).log_id), beside(&whole, entry(1).log_id).expect("whole"));
        let lost = beside(&whole, newer(5));
        assert_eq!(Some(newer(5)), lost.expect("the entries after 2 are lost"));
        // Of another leader: a new one truncated them, and both are lost.
        for stale in [1, 2] {
            let found = beside(&whole, newer(stale));
            assert_eq!(Some(newer(stale)), found.expect("what stood there was to be truncated"));
        }
        let hole = beside(&[put(0), put(2)], entry(1).log_id);
        assert!(matches!(hole, Err(LogError::Hole { index: 1 })), "{hole:?}");
    }

    #[test]
    fn a_log_opens_only_when_it_is_whole() {
        let purged = |index| {
            let value = stored::encode(&stored::log_id_to_wire(entry(index).log_id));
            put_meta(keys::META_PURGED, value)
        };
        let put = |index| put_entry(&entry(index));
        let last = |index| Some(entry(index).log_id);
        assert_eq!(None, open(&[]).expect("empty"));
        assert_eq!(last(1), open(&[put(0), put(1)]).expect("from the beginning"));
        assert_eq!(last(7), open(&[purged(5), put(6), put(7)]).expect("from where it was purged"));
        assert_eq!(last(5), open(&[purged(5)]).expect("all purged"));
        let hole = open(&[purged(5), put(6), put(8)]);
        assert!(matches!(hole, Err(LogError::Hole { index: 7 })), "{hole:?}");
        let begins_late = open(&[purged(5), put(7)]);
        assert!(matches!(begins_late, Err(LogError::Hole { index: 6 })), "{begins_late:?}");
        let moved = open(&[put(0), displaced(1, 4)]);
        assert!(matches!(moved, Err(LogError::Displaced { index: 1, found: 4 })), "{moved:?}");
        let key = keys::log(1);
        let damaged = open(&[put(0), Op::Put { table: Table::Log, key, value: vec![1, 0xff] }]);
        assert!(matches!(damaged, Err(LogError::Unreadable { .. })), "{damaged:?}");
    }
}
