//! One battery of tests for every engine under the store.

use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::memory::MemoryDatabase;
use super::{Database, Op, Snapshot};
use crate::config::MemoryPolicy;
use crate::keys::Table;

/// Every engine, empty.
fn engines() -> (TempDir, [Database; 2]) {
    let dir = TempDir::new().expect("temporary folder");
    let rocks = Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database");
    (dir, [rocks, Database::on(Arc::new(MemoryDatabase::default()))])
}

fn put(table: Table, key: &str, value: &str) -> Op {
    Op::Put { table, key: key.into(), value: value.into() }
}

fn delete(table: Table, key: &str) -> Op {
    Op::Delete { table, key: key.into() }
}

fn delete_range(table: Table, from: &str, to: &str) -> Op {
    Op::DeleteRange { table, from: from.into(), to: to.into() }
}

fn write(database: &Database, ops: &[Op]) {
    database.write(ops.iter()).expect("a working disk");
}

/// The pairs of a table, as `key=value`.
fn pairs(database: &Database, table: Table) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let scan = database.scan(table, Vec::new(), None);
    scan.map(|(key, value)| format!("{}={}", text(&key), text(&value))).collect()
}

#[test]
fn the_sequence_grows_with_every_change() {
    let (_dir, engines) = engines();
    for database in engines {
        let mut last = database.sequence();
        let ops = [put(Table::Log, "a", "1"), delete_range(Table::Log, "a", "b")];
        for op in ops.into_iter().chain([delete(Table::Meta, "absent")]) {
            write(&database, &[op]);
            assert!(database.sequence() > last);
            last = database.sequence();
        }
        database.flush().expect("a working disk");
        assert_eq!(last, database.sequence());
    }
}

#[test]
fn a_batch_takes_effect_in_its_order() {
    let (_dir, engines) = engines();
    for database in engines {
        write(&database, &[put(Table::State, "a", "1"), put(Table::State, "b", "1")]);
        let ops = [
            put(Table::State, "c", "1"),
            delete_range(Table::State, "a", "c"),
            put(Table::State, "b", "2"),
            delete(Table::State, "absent"),
        ];
        write(&database, &ops);
        assert_eq!(["b=2", "c=1"], pairs(&database, Table::State)[..]);
        assert_eq!(None, database.get(Table::State, b"a"));
        assert_eq!(Some(b"2".to_vec()), database.get(Table::State, b"b"));
    }
}

#[test]
fn tables_are_apart_and_scans_end_before_their_bound() {
    let (_dir, engines) = engines();
    for database in engines {
        write(&database, &[put(Table::Log, "a", ""), put(Table::Log, "b", "")]);
        write(&database, &[put(Table::Meta, "z", "")]);
        let keys = |from: &str, to: &str| {
            let scan = database.scan(Table::Log, from.into(), Some(to.into()));
            scan.map(|(key, _)| key.into_vec()).collect::<Vec<_>>()
        };
        assert_eq!(vec![b"a".to_vec()], keys("a", "b"));
        assert!(keys("b", "a").is_empty() && keys("a", "a").is_empty());
    }
}

#[test]
fn a_snapshot_does_not_see_later_writes_and_outlives_the_handle() {
    let (_dir, engines) = engines();
    for database in engines {
        write(&database, &[put(Table::State, "a", "1")]);
        let snapshot = Snapshot::take(&database);
        write(&database, &[put(Table::State, "a", "2"), put(Table::State, "b", "2")]);
        drop(database);
        assert_eq!(Some(b"1".to_vec()), snapshot.get(Table::State, b"a"));
        assert_eq!(1, snapshot.scan_prefix(Table::State, Vec::new()).count());
    }
}

#[test]
fn what_was_flushed_is_there_after_opening_again() {
    let (dir, [rocks, _]) = engines();
    write(&rocks, &[put(Table::Log, "a", "1")]);
    rocks.flush().expect("a working disk");
    drop(rocks);
    let rocks = Database::open(&dir.path().join("db"), MemoryPolicy::default()).expect("database");
    assert_eq!(["a=1"], pairs(&rocks, Table::Log)[..]);
}

#[test]
fn a_crash_keeps_what_was_flushed_and_any_of_the_rest() {
    let expected: [([bool; 2], &[&str]); 4] = [
        ([false, false], &["a=1"]),
        ([true, false], &["b=1"]),
        ([false, true], &["a=1", "c=1"]),
        ([true, true], &["b=1", "c=1"]),
    ];
    for (kept, expected) in expected {
        let memory = Arc::new(MemoryDatabase::default());
        let database = Database::on(Arc::clone(&memory) as _);
        write(&database, &[put(Table::Log, "a", "1")]);
        database.flush().expect("memory");
        write(&database, &[put(Table::Log, "b", "1"), delete(Table::Log, "a")]);
        write(&database, &[put(Table::Log, "c", "1")]);
        let found = Database::on(Arc::new(memory.after_crash(|unflushed| {
            assert_eq!(2, unflushed);
            kept.to_vec()
        })));
        write(&database, &[put(Table::Log, "late", "1")]);
        assert_eq!(expected, pairs(&found, Table::Log));
    }
}

fn any_op() -> impl Strategy<Value = Op> {
    let key = || prop::sample::select(vec!["a", "aa", "b", "c", "d"]);
    let table = || prop::sample::select(Table::ALL.to_vec());
    prop_oneof![
        4 => (table(), key(), "[a-c]{0,2}").prop_map(|(table, key, value)| put(table, key, &value)),
        1 => (table(), key()).prop_map(|(table, key)| delete(table, key)),
        1 => (table(), key(), key()).prop_filter_map("empty range", |(table, from, to)| {
            (from < to).then(|| delete_range(table, from, to))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn all_engines_agree(batches in prop::collection::vec(prop::collection::vec(any_op(), 1..8), 1..20)) {
        let (_dir, [rocks, memory]) = engines();
        for batch in batches {
            write(&rocks, &batch);
            write(&memory, &batch);
            for table in Table::ALL {
                prop_assert_eq!(pairs(&rocks, table), pairs(&memory, table));
            }
        }
    }
}
