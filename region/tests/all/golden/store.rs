//! Stores in memory: one that today's program fills, and one that is made of the lines.

use std::collections::BTreeMap;

use bytes::Bytes;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Meta, Txn, Write};
use tables::error::TableError;
use tables::indexes::{ADDED, Filled};
use tables::read::View;
use tables::update::{Cause, Tables};

use crate::golden::lines::Line;
use crate::golden::today;

/// The guard and the counters that the lines have one of each.
const GUARD: &str = "subnets";
const COUNTERS: &[&str] = &["system-id", "interface", "machine"];

/// What today's program writes: all its rows, and what comes with them.
pub(crate) async fn of_today() -> Vec<Line> {
    let tables = Tables::new(Store::in_memory());
    let rows = today::rows();
    let filled: Result<(), TableError> = tables
        .update(&Cause::new("test", "golden"), |tx| {
            tx.guard(GUARD);
            for counter in COUNTERS {
                tx.next_number(counter, 1)?;
            }
            rows.iter().try_for_each(|row| (row.put)(tx))
        })
        .await;
    filled.unwrap();
    let at = tables.store().read(Consistency::Linearizable).await.unwrap();
    let line = |(key, stored): (Bytes, raft_store::read::Versioned)| {
        let row = rows.iter().find(|row| row.key == key);
        let what = row.map_or_else(|| kind(&key), |row| row.what);
        Line::of(&key, &stored.value, what)
    };
    at.range(b"").into_iter().map(line).collect()
}

fn kind(key: &[u8]) -> &'static str {
    match key.first() {
        Some(b'u') => "unique key",
        Some(b'i') => "index",
        Some(b'c') => "counter",
        Some(b'g') => "guard",
        Some(b't') => "part of a row",
        _ => panic!("{} is no key of ours", String::from_utf8_lossy(key)),
    }
}

/// A store that holds the newest line of every key.
async fn filled(lines: &[Line]) -> Tables {
    let newest: BTreeMap<Vec<u8>, Vec<u8>> =
        lines.iter().map(|line| (line.store_key(), line.bytes())).collect();
    let put =
        |(key, value): (Vec<u8>, Vec<u8>)| Write::Put { key: key.into(), value: value.into() };
    let writes = newest.into_iter().map(put).collect();
    let store = Store::in_memory();
    store.transact(Txn { compares: Vec::new(), writes, meta: Meta::default() }).await.unwrap();
    Tables::new(store)
}

/// The view of a store that holds the lines.
pub(crate) async fn of_lines(lines: &[Line]) -> View {
    filled(lines).await.view().await.unwrap()
}

/// The same, and the view after all added indexes were filled.
pub(crate) async fn of_lines_before_and_after_filling(lines: &[Line]) -> [View; 2] {
    let tables = filled(lines).await;
    let before = tables.view().await.unwrap();
    for index in ADDED {
        while tables.fill_index(index, 3).await.unwrap() != Filled::Complete {}
    }
    [before, tables.view().await.unwrap()]
}

/// What a counter of such a store gives next.
pub(crate) async fn next_number(lines: &[Line], counter: &str) -> u64 {
    let tables = filled(lines).await;
    let cause = Cause::new("test", "golden");
    let next: Result<u64, TableError> =
        tables.update(&cause, |tx| tx.next_number(counter, 1)).await;
    next.unwrap()
}
