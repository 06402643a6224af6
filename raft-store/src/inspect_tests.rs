//! What looking into a folder shows of what stands in it, and what it says of damage.

use std::path::Path;

use bytes::Bytes;
use proto::raft as wire;
use tempfile::TempDir;

use crate::config::MemoryPolicy;
use crate::database::{Database, Op};
use crate::inspect::{Damage, InspectError, Record, inspect};
use crate::keys::{self, Table};
use crate::stored;

fn log_id(index: u64) -> wire::LogId {
    wire::LogId { term: 2, node_id: 1, index }
}

fn entry(index: u64) -> wire::Entry {
    let payload = wire::entry::Payload::Blank(wire::Blank {});
    wire::Entry { log_id: Some(log_id(index)), payload: Some(payload) }
}

fn put(table: Table, key: Vec<u8>, value: Vec<u8>) -> Op {
    Op::Put { table, key, value }
}

fn put_entry(at: u64, index: u64) -> Op {
    put(Table::Log, keys::log(at), stored::encode(&entry(index)))
}

/// A folder of a node that was stopped, with these records.
fn folder(ops: &[Op]) -> TempDir {
    let dir = TempDir::new().expect("temporary folder");
    std::fs::write(dir.path().join("VERSION"), "ironraft-store 1\n").expect("written");
    let database =
        Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database");
    drop(crate::marker::Marker::open(dir.path(), 1, false).expect("marker"));
    database.write(ops.iter()).expect("written");
    database.flush().expect("flushed");
    dir
}

fn look(dir: &Path) -> (Vec<Record>, Vec<Damage>) {
    let mut records = Vec::new();
    let mut show = |record| {
        records.push(record);
        Ok(())
    };
    let damaged = inspect(dir, &mut show).expect("looked into");
    (records, damaged)
}

fn damage(part: &str, reason: &str) -> Damage {
    Damage { part: part.to_owned(), reason: reason.to_owned() }
}

#[test]
fn everything_is_shown_in_order_and_nothing_is_written() {
    let identity = wire::Identity { cluster_id: "c1".to_owned(), node_id: 1 };
    let vote = wire::VoteValue { term: 2, node_id: 1, committed: true };
    let applied = wire::Applied { log_id: Some(log_id(5)), generation: 3, ..Default::default() };
    let value = wire::Value { revision: 4, value: Bytes::from_static(b"value") };
    let history = wire::HistoryRecord { actor: "admin".to_owned(), ..Default::default() };
    let session = wire::SessionRecord { revision: 4, time_ms: 7 };
    let meta = |key: &[u8], value| put(Table::Meta, key.to_vec(), value);
    let dir = folder(&[
        meta(keys::META_IDENTITY, stored::encode(&identity)),
        meta(keys::META_VOTE, stored::encode(&vote)),
        meta(keys::META_PURGED, stored::encode(&log_id(3))),
        meta(keys::META_APPLIED, stored::encode(&applied)),
        put_entry(5, 5),
        put_entry(4, 4),
        put(Table::State, keys::state(3, b"b"), stored::encode(&value)),
        put(Table::State, keys::state(3, b"a"), stored::encode(&value)),
        put(Table::State, keys::state(2, b"of another generation"), Vec::new()),
        put(Table::History, keys::history(3, 4, 1), stored::encode(&history)),
        put(Table::Sessions, keys::session(3, b"id"), stored::encode(&session)),
        put(Table::Sessions, keys::session_expiry(3, 7, b"id"), Vec::new()),
    ]);
    let files = || {
        let files = std::fs::read_dir(dir.path().join("db")).expect("listed").flatten();
        let mut files: Vec<_> =
            files.map(|file| (file.path(), std::fs::read(file.path()).expect("read"))).collect();
        files.sort();
        files
    };
    let before = files();
    let (records, damaged) = look(dir.path());
    assert_eq!(Vec::<Damage>::new(), damaged);
    let Record::Marker { recovered, .. } = records[1] else { panic!("{records:?}") };
    let expected = vec![
        Record::Folder("ironraft-store 1".to_owned()),
        Record::Marker { node_id: 1, durable: 0, recovered },
        Record::Identity(identity),
        Record::Vote(vote),
        Record::Purged(log_id(3)),
        Record::Applied(applied),
        Record::Entry(entry(4)),
        Record::Entry(entry(5)),
        Record::State(Bytes::from_static(b"a"), value.clone()),
        Record::State(Bytes::from_static(b"b"), value),
        Record::History { revision: 4, sequence: 1, record: history },
        Record::Session(Bytes::from_static(b"id"), session),
    ];
    assert_eq!(expected, records);
    assert!(before == files(), "nothing was written");
}

#[test]
fn damage_is_named_and_the_rest_is_shown() {
    let dir = folder(&[
        put(Table::Meta, keys::META_VOTE.to_vec(), vec![9, 9]),
        put(Table::Meta, keys::META_SNAPSHOT.to_vec(), b"1.snapshot".to_vec()),
        put_entry(0, 0),
        put_entry(3, 3),
        put_entry(4, 7),
        put(Table::Log, keys::log(5), Vec::new()),
        put_entry(6, 6),
        put(Table::State, keys::state(0, b"k"), vec![1, 0xff]),
    ]);
    std::fs::remove_file(dir.path().join("durable")).expect("removed");
    let (records, damaged) = look(dir.path());
    let missing = dir.path().join("durable");
    let missing = format!("file {} is missing beside a database", missing.display());
    let (first, rest) = damaged.split_at(2);
    assert_eq!(
        first,
        [damage("file durable", &missing), damage("meta vote", "format 9 is unknown")]
    );
    assert_eq!("snapshot 1.snapshot", rest[0].part);
    assert_eq!(
        rest[1..5],
        [
            damage("log entries 1 to 2", "they are missing"),
            damage("log entry 4", "it is of another index"),
            damage("log \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x05", "value is empty"),
            damage("log entries 5 to 5", "they are missing"),
        ]
    );
    assert_eq!("state \\x00\\x00\\x00\\x00k", rest[5].part);
    assert_eq!(6, rest.len(), "{rest:?}");
    assert!(records.contains(&Record::Entry(entry(6))), "{records:?}");
}

#[test]
fn a_lost_end_and_a_damaged_table_are_named() {
    let dir = folder(&[put_entry(0, 0)]);
    let mut marker = crate::marker::Marker::open(dir.path(), 1, true).expect("marker");
    marker.write(1000).expect("written");
    let (_, damaged) = look(dir.path());
    assert_eq!("write-ahead log of the database", damaged[0].part);
    assert!(damaged[0].reason.ends_with("of 1000 changes that were on disk: its end is lost"));

    // What was in the write-ahead log is in a table when the database was opened again.
    drop(Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database"));
    let files = std::fs::read_dir(dir.path().join("db")).expect("listed").flatten();
    let table =
        files.map(|file| file.path()).find(|path| path.extension().is_some_and(|it| it == "sst"));
    let table = table.expect("a table");
    let mut bytes = std::fs::read(&table).expect("read");
    bytes[3] ^= 0x10;
    std::fs::write(&table, bytes).expect("written");
    let (_, damaged) = look(dir.path());
    let name = table.file_name().expect("a name").to_string_lossy();
    let found = damaged.iter().find(|damage| damage.part == "table log").expect("named");
    assert!(found.reason.contains(&*name), "{found:?}");
}

#[test]
fn a_folder_without_a_store_is_refused() {
    let dir = TempDir::new().expect("temporary folder");
    let refused = inspect(dir.path(), &mut |_| Ok(())).expect_err("no store");
    assert!(matches!(refused, InspectError::NoStore { .. }), "{refused}");
    let gone = folder(&[put_entry(0, 0)]);
    let full = || Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
    let refused = inspect(gone.path(), &mut |_| full()).expect_err("nobody reads");
    assert!(matches!(refused, InspectError::Shown(_)), "{refused}");
}
