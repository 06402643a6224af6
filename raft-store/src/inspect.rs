//! Looking into the folder of a stopped node: every record in order, and what is damaged.
//!
//! Nothing is written, and the folder cannot be opened by a node meanwhile. Damage does not end it:
//! what cannot be read is named, and the rest is shown.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{F_RDLCK, SEEK_SET, flock};
use proto::raft as wire;

use crate::database::{self, KeyValue};
use crate::keys::{self, GENERATION_BYTES, Table};
use crate::marker::{Mark, MarkerError};
use crate::state::SnapshotFile;
use crate::stored::{self, StoredError};
use crate::version;

/// A record of a folder.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// The version of the folder, as the file says it.
    Folder(String),
    /// What was durable at least, and what the database has.
    Marker {
        /// The node that the folder is of.
        node_id: u64,
        /// The sequence number that was durable.
        durable: u64,
        /// The sequence number of the database.
        recovered: u64,
    },
    /// Whose folder it is.
    Identity(wire::Identity),
    /// The last vote.
    Vote(wire::VoteValue),
    /// The last entry that was purged from the log.
    Purged(wire::LogId),
    /// What was applied, the membership too.
    Applied(wire::Applied),
    /// That this node took itself out.
    Diverged(wire::Diverged),
    /// The current snapshot, after all of its file was read.
    Snapshot {
        /// The name of the file.
        name: String,
        /// The last entry in it.
        last: u64,
    },
    /// An entry of the log.
    Entry(wire::Entry),
    /// A key and what is stored under it.
    State(Bytes, wire::Value),
    /// A transaction that was applied.
    History {
        /// Its revision.
        revision: u64,
        /// Which one of its entry it is, from 0.
        sequence: u32,
        /// What it did.
        record: wire::HistoryRecord,
    },
    /// A request id and its first answer.
    Session(Bytes, wire::SessionRecord),
}

/// A part of a folder that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which one.
    pub part: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a folder cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// There is no store.
    #[error("{} is not a folder of a store: it has no file db/CURRENT", dir.display())]
    NoStore {
        /// The folder.
        dir: PathBuf,
    },
    /// A node is running on it.
    #[error("a running node uses {}: stop it first", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A file cannot be read.
    #[error("file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The database does not open; RocksDB names the file.
    #[error("database in {} does not open", dir.display())]
    Database {
        /// The folder of the database.
        dir: PathBuf,
        /// What RocksDB says.
        source: rocksdb::Error,
    },
    /// Nobody wants the records any more.
    #[error("cannot write a record")]
    Shown(#[source] io::Error),
}

/// Shows every record of a node's folder: files, meta, log, state, history, request ids; each table
/// in the order of its keys. Returns what is damaged.
///
/// # Errors
/// See [`InspectError`]; `Shown` with the error of `show`.
pub fn inspect(
    dir: &Path,
    show: &mut dyn FnMut(Record) -> io::Result<()>,
) -> Result<Vec<Damage>, InspectError> {
    let files = dir.join("db");
    if !files.join("CURRENT").exists() {
        return Err(InspectError::NoStore { dir: dir.to_path_buf() });
    }
    let _kept = lock(dir, &files)?;
    let database = database::open_to_read(&files)
        .map_err(|source| InspectError::Database { dir: files, source })?;
    let mut inspector = Inspector { dir, database, show, damaged: Vec::new() };
    inspector.files()?;
    let applied = inspector.meta()?;
    inspector.log()?;
    inspector.replicated(applied.generation)?;
    Ok(inspector.damaged)
}

/// Keeps nodes from opening the database, as another node would.
fn lock(dir: &Path, files: &Path) -> Result<File, InspectError> {
    let path = files.join("LOCK");
    let failed = |source| InspectError::Io { path: path.clone(), source };
    let file = File::open(&path).map_err(failed)?;
    // Of the whole file; it is given back when the file is closed.
    let shared = flock {
        l_type: i16::try_from(F_RDLCK).expect("one of three small numbers"),
        l_whence: i16::try_from(SEEK_SET).expect("one of three small numbers"),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(&file, FcntlArg::F_SETLK(&shared)) {
        Ok(_) => Ok(file),
        Err(Errno::EAGAIN | Errno::EACCES) => Err(InspectError::InUse { dir: dir.to_path_buf() }),
        Err(error) => Err(failed(error.into())),
    }
}

struct Inspector<'a> {
    dir: &'a Path,
    database: Arc<dyn KeyValue>,
    show: &'a mut dyn FnMut(Record) -> io::Result<()>,
    damaged: Vec<Damage>,
}

impl Inspector<'_> {
    fn show(&mut self, record: Record) -> Result<(), InspectError> {
        (self.show)(record).map_err(InspectError::Shown)
    }

    fn damage(&mut self, part: impl Into<String>, reason: impl ToString) {
        self.damaged.push(Damage { part: part.into(), reason: reason.to_string() });
    }

    /// The small files beside the database.
    fn files(&mut self) -> Result<(), InspectError> {
        match version::read_folder(self.dir) {
            Ok(version) => self.show(Record::Folder(version))?,
            Err(error) => self.damage("file VERSION", error),
        }
        match Mark::of_folder(self.dir) {
            Ok(Mark { node_id, sequence: durable, .. }) => {
                let recovered = self.database.sequence();
                self.show(Record::Marker { node_id, durable, recovered })?;
                if recovered < durable {
                    let reason = format!(
                        "it has {recovered} of {durable} changes that were on disk: its end is lost"
                    );
                    self.damage("write-ahead log of the database", reason);
                }
            }
            Err(error) => self.damage_of_marker(&error),
        }
        Ok(())
    }

    fn damage_of_marker(&mut self, error: &MarkerError) {
        let source = std::error::Error::source(error);
        let reason = source.map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
        self.damage("file durable", reason);
    }

    /// The single records; returns what was applied.
    fn meta(&mut self) -> Result<wire::Applied, InspectError> {
        self.meta_record(keys::META_IDENTITY, Record::Identity)?;
        self.meta_record(keys::META_VOTE, Record::Vote)?;
        self.meta_record(keys::META_PURGED, Record::Purged)?;
        let applied = self.meta_record(keys::META_APPLIED, Record::Applied)?.unwrap_or_default();
        self.meta_record(keys::META_DIVERGED, Record::Diverged)?;
        self.snapshot()?;
        Ok(applied)
    }

    fn meta_record<M: prost::Message + Default + Clone>(
        &mut self,
        key: &[u8],
        record: impl FnOnce(M) -> Record,
    ) -> Result<Option<M>, InspectError> {
        let part = || format!("meta {}", String::from_utf8_lossy(key));
        match self.database.get(Table::Meta, key).map(|found| found.map(|it| stored::decode(&it))) {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(message))) => {
                let message: M = message;
                self.show(record(message.clone()))?;
                return Ok(Some(message));
            }
            Ok(Some(Err(error))) => self.damage(part(), described(&error)),
            Err(error) => self.damage(part(), error),
        }
        Ok(None)
    }

    /// Reads the whole file of the current snapshot.
    fn snapshot(&mut self) -> Result<(), InspectError> {
        let name = match self.database.get(Table::Meta, keys::META_SNAPSHOT) {
            Ok(None) => return Ok(()),
            Ok(Some(name)) => String::from_utf8_lossy(&name).into_owned(),
            Err(error) => {
                self.damage("meta snapshot", error);
                return Ok(());
            }
        };
        let opened = SnapshotFile::open(&self.dir.join("snapshots").join(&name));
        let read = opened.and_then(|(file, applied)| {
            file.read()?.verify()?;
            Ok(applied.index())
        });
        match read {
            Ok(last) => self.show(Record::Snapshot { name, last })?,
            Err(error) => self.damage(format!("snapshot {name}"), error),
        }
        Ok(())
    }

    /// The log, which must have every entry from the one after the last that was purged.
    fn log(&mut self) -> Result<(), InspectError> {
        let purged = self.database.get(Table::Meta, keys::META_PURGED).ok().flatten();
        let purged = purged.and_then(|bytes| stored::decode::<wire::LogId>(&bytes).ok());
        let mut next = purged.map_or(0, |log_id| log_id.index + 1);
        self.table(Table::Log, keys::log(next), None, |inspector, key, entry: wire::Entry| {
            let index = keys::log_index(key).unwrap_or_default();
            if index != next {
                let part = format!("log entries {next} to {}", index - 1);
                inspector.damage(part, "they are missing");
            }
            next = index + 1;
            if entry.log_id.map(|log_id| log_id.index) != Some(index) {
                inspector.damage(format!("log entry {index}"), "it is of another index");
            }
            Record::Entry(entry)
        })
    }

    /// What all replicas have, of the current generation.
    fn replicated(&mut self, generation: u32) -> Result<(), InspectError> {
        let from = keys::generation(generation);
        let to = keys::end_of_prefix(&from);
        let own = |key: &[u8]| Bytes::copy_from_slice(key.get(GENERATION_BYTES..).unwrap_or(key));
        self.table(Table::State, from.clone(), to.clone(), |_, key, value| {
            Record::State(own(key), value)
        })?;
        self.table(Table::History, from, to, |_, key, record| {
            let revision = keys::history_revision(key).unwrap_or_default();
            let sequence = keys::history_sequence(key).unwrap_or_default();
            Record::History { revision, sequence, record }
        })?;
        // Behind them stands the order of expiry, which has nothing else.
        let from = keys::session(generation, &[]);
        let to = keys::end_of_prefix(&from);
        self.table(Table::Sessions, from.clone(), to, |_, key, record| {
            Record::Session(Bytes::copy_from_slice(key.get(from.len()..).unwrap_or(key)), record)
        })
    }

    fn table<M: prost::Message + Default>(
        &mut self,
        table: Table,
        from: Vec<u8>,
        to: Option<Vec<u8>>,
        mut record: impl FnMut(&mut Self, &[u8], M) -> Record,
    ) -> Result<(), InspectError> {
        let database = Arc::clone(&self.database);
        for pair in database.scan(table, from, to) {
            let (key, value) = match pair {
                Ok(pair) => pair,
                Err(error) => {
                    // Nothing behind it can be reached.
                    self.damage(format!("table {}", table.name()), error);
                    break;
                }
            };
            match stored::decode_shared::<M>(value.into_vec()) {
                Ok(message) => {
                    let record = record(self, &key, message);
                    self.show(record)?;
                }
                Err(error) => {
                    let part = format!("{} {}", table.name(), key.escape_ascii());
                    self.damage(part, described(&error));
                }
            }
        }
        Ok(())
    }
}

fn described(error: &StoredError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |why| format!("{error}: {why}"))
}
