//! Plans show what a transaction does, and carried out they do that or nothing.

use raft_store::Store;
use raft_store::plan::{Forecast, Plan, UndoError};
use raft_store::read::{Consistency, ReadError};
use raft_store::txn::{Compare, Expected, Meta, TransactError, Txn, Write};

use super::support::{Cluster, bytes, put, stop};

fn shown(plan: &Plan) -> Vec<(String, Option<String>, Option<String>)> {
    let text = |bytes: &bytes::Bytes| String::from_utf8_lossy(bytes).into_owned();
    let changes = plan.changes.iter().map(|change| {
        let before = change.before.as_ref().map(|found| text(&found.value));
        (text(&change.key), before, change.after.as_ref().map(text))
    });
    changes.collect()
}

fn change(
    key: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> (String, Option<String>, Option<String>) {
    (key.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
}

fn delete(key: &str) -> Write {
    Write::Delete { key: bytes(key) }
}

async fn content(store: &Store) -> Vec<(String, String)> {
    let view = store.read(Consistency::Linearizable).await.expect("read");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    view.range(b"").into_iter().map(|(key, found)| (text(&key), text(&found.value))).collect()
}

/// The same for the store in memory and the real one.
async fn a_plan_does_what_it_shows(store: &Store) {
    let first = store.transact(put("a", "1")).await.expect("put").revision;
    store.transact(put("b", "2")).await.expect("put");
    let writes = vec![
        Write::Put { key: bytes("a"), value: bytes("9") },
        delete("b"),
        Write::Put { key: bytes("c"), value: bytes("3") },
    ];
    let txn = Txn { writes, ..Txn::default() };
    let plan = store.plan(txn.clone()).await.expect("plan");
    assert_eq!(Forecast::Commits, plan.forecast);
    let expected = vec![
        change("a", Some("1"), Some("9")),
        change("b", Some("2"), None),
        change("c", None, Some("3")),
    ];
    assert_eq!(expected, shown(&plan));
    assert_eq!(2, content(store).await.len(), "a plan changes nothing");
    let stale = store.plan(txn).await.expect("plan");
    store.transact(plan.into_txn()).await.expect("carried out");
    let refused = store.transact(stale.into_txn()).await.expect_err("what it read has changed");
    assert_eq!(TransactError::Conflict { key: bytes("a") }, refused);
    let compares = vec![Compare { key: bytes("a"), expected: Expected::Revision(first) }];
    let conflicting = Txn { compares, ..put("d", "4") };
    let plan = store.plan(conflicting).await.expect("plan");
    assert_eq!(Forecast::Conflict { key: bytes("a") }, plan.forecast);
    assert!(plan.changes.is_empty());
    let twice = Txn { writes: vec![delete("x"), delete("x")], ..Txn::default() };
    let plan = store.plan(twice).await.expect("plan");
    assert!(matches!(plan.forecast, Forecast::Invalid { .. }), "{plan:?}");
}

/// The same for the store in memory and the real one.
async fn undoing_is_the_exact_inverse_or_refused(store: &Store) {
    store.transact(put("old", "1")).await.expect("put");
    store.transact(put("kept", "k")).await.expect("put");
    let before = content(store).await;
    let writes = vec![
        Write::Put { key: bytes("new"), value: bytes("n") },
        Write::Put { key: bytes("kept"), value: bytes("changed") },
        delete("old"),
    ];
    let txn = Txn { writes, ..Txn::default() };
    let revision = store.transact(txn).await.expect("committed").revision;
    store.transact(put("other", "x")).await.expect("another key does not matter");
    let plan = store.undo(revision, Meta::default()).await.expect("plan");
    let late = plan.clone();
    store.transact(plan.into_txn()).await.expect("undone");
    store.transact(Txn { writes: vec![delete("other")], ..Txn::default() }).await.expect("deleted");
    assert_eq!(before, content(store).await);
    store.transact(late.into_txn()).await.expect_err("it was undone already");
    let moved = store.undo(revision, Meta::default()).await.expect_err("changed since");
    assert!(matches!(moved, UndoError::Moved { .. }), "{moved}");
    let last = store.transact(put("again", "1")).await.expect("put").revision;
    let nothing = store.undo(last + 1, Meta::default()).await.expect_err("nothing there");
    assert_eq!(UndoError::Unchanged { revision: last + 1 }, nothing);
}

#[tokio::test]
async fn a_plan_does_what_it_shows_in_memory() {
    a_plan_does_what_it_shows(&Store::in_memory()).await;
}

#[tokio::test]
async fn a_plan_does_what_it_shows_on_disk() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    a_plan_does_what_it_shows(&nodes[0].store).await;
    stop(nodes).await;
}

#[tokio::test]
async fn undoing_is_the_exact_inverse_or_refused_in_memory() {
    undoing_is_the_exact_inverse_or_refused(&Store::in_memory()).await;
}

#[tokio::test]
async fn undoing_is_the_exact_inverse_or_refused_on_disk() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    undoing_is_the_exact_inverse_or_refused(&nodes[0].store).await;
    stop(nodes).await;
}

#[tokio::test]
async fn what_is_compacted_is_not_undone() {
    let cluster = Cluster::new().with_history_of(3);
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    let revision = store.transact(put("a", "1")).await.expect("put").revision;
    for index in 0..5 {
        store.transact(put("b", &index.to_string())).await.expect("put");
    }
    store.compact().await.expect("compaction");
    let refused = store.undo(revision, Meta::default()).await.expect_err("history is gone");
    let UndoError::Read(ReadError::Compacted { requested, oldest }) = refused else {
        panic!("{refused}")
    };
    assert_eq!(revision, requested);
    assert!(oldest > revision);
    stop(nodes).await;
}
