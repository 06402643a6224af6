//! What was done to a key, at a revision, and until a time: the same of the store in memory and the real one, after a restart, a
//! snapshot and a compaction.

use bytes::Bytes;
use raft_store::Store;
use raft_store::past::TimeError;
use raft_store::past::records::{PastOfKey, PastTxn, PastTxns, SEARCHED_MAX};
use raft_store::read::ReadError;
use raft_store::txn::{Meta, Txn, Write};

use super::support::{Cluster, bytes, stop, wait_for_leader};

/// Writes, or deletes, some keys. A store in memory takes its time from the transaction, a real one from the leader's clock.
async fn write(store: &Store, step: u64, keys: &[(&str, Option<&str>)]) -> u64 {
    let write = |(key, value): &(&str, Option<&str>)| match value {
        Some(value) => Write::Put { key: bytes(key), value: bytes(value) },
        None => Write::Delete { key: bytes(key) },
    };
    let (actor, reason) = (format!("user:{step}"), "test".to_owned());
    let meta = Meta { actor, reason, time_ms: step, ..Meta::default() };
    let txn = Txn { writes: keys.iter().map(write).collect(), meta, ..Txn::default() };
    store.transact(txn).await.expect("committed").revision
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each change as `revision actor before>after`.
fn shown(past: &PastOfKey) -> Vec<String> {
    let value = |value: Option<&Bytes>| value.map(text).unwrap_or_default();
    let changes = past.changes.iter().map(|change| {
        let before = value(change.before.as_ref().map(|before| &before.value));
        let (done, after) = (&change.done, value(change.after.as_ref()));
        format!("{} {} {before}>{after}", done.revision, done.actor)
    });
    changes.collect()
}

/// Time 100 times the step: `a` is written, changed, deleted, and written again; `b` is changed with it once.
async fn lived(store: &Store) -> [u64; 5] {
    [
        write(store, 100, &[("a", Some("1"))]).await,
        write(store, 200, &[("a", Some("2")), ("b", Some("x"))]).await,
        write(store, 300, &[("a", None)]).await,
        write(store, 400, &[("b", Some("y"))]).await,
        write(store, 500, &[("a", Some("3"))]).await,
    ]
}

/// When the log says that a revision was written.
async fn time_of(store: &Store, revision: u64) -> u64 {
    store.changes_of(revision).await.expect("changes")[0].done.time_ms
}

async fn is_remembered(store: &Store, revisions: [u64; 5]) {
    let [first, second, third, fourth, fifth] = revisions;
    let past = async |key: &str, before, limit| {
        store.past_of(bytes(key), before, limit).await.expect("past")
    };
    let all = past("a", None, 9).await;
    let expected = [
        format!("{fifth} user:500 >3"),
        format!("{third} user:300 2>"),
        format!("{second} user:200 1>2"),
        format!("{first} user:100 >1"),
    ];
    assert_eq!((shown(&all).as_slice(), all.known_after, all.next), (&expected[..], 0, None));
    let mut pages = Vec::new();
    let mut next = None;
    loop {
        let page = past("a", next, 1).await;
        pages.extend(shown(&page));
        next = page.next;
        if next.is_none() {
            break;
        }
        assert_eq!(page.known_after + 1, page.changes[0].done.revision);
    }
    assert_eq!(pages, expected, "page by page");
    for (before, skipped) in [(fifth, 1), (fourth, 1), (third, 2), (second, 3), (first, 4)] {
        assert_eq!(
            shown(&past("a", Some(before), 9).await),
            expected[skipped..],
            "before {before}"
        );
    }
    assert_eq!(shown(&past("b", None, 1).await), [format!("{fourth} user:400 x>y")]);
    assert_eq!(shown(&past("none", None, 9).await), Vec::<String>::new());

    let txns = store.changes_of(second).await.expect("changes");
    let changes = txns.iter().flat_map(|txn| &txn.changes);
    let keys: Vec<_> = changes.map(|change| (text(&change.key), change.before.is_some())).collect();
    assert_eq!(keys, [("a".to_owned(), true), ("b".to_owned(), false)]);
    assert_eq!((txns[0].done.actor.as_str(), txns[0].done.reason.as_str()), ("user:200", "test"));
    let future = store.changes_of(fifth + 1000).await;
    assert!(matches!(future, Err(ReadError::Unavailable { .. })), "{future:?}");
    let nothing = store.changes_of(0).await;
    assert!(matches!(nothing, Err(ReadError::Compacted { .. })), "{nothing:?}");

    let by = |page: &PastTxns| page.txns.iter().map(|txn| txn.done.revision).collect::<Vec<_>>();
    let of_a = |txn: &PastTxn| txn.changes.iter().any(|change| change.key == "a");
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let page = store.changes_before(next, 1, of_a).await.expect("changes");
        seen.extend(by(&page));
        next = page.next;
        if next.is_none() {
            assert_eq!(page.known_after, 0);
            break;
        }
        assert_eq!(next, Some(page.known_after + 1));
    }
    assert_eq!(seen, [fifth, third, second, first]);
    let page = store.changes_before(Some(fifth), 1, |_| true).await.expect("changes");
    assert_eq!((by(&page), page.next), (vec![fourth], Some(fourth)));

    let mut times = Vec::new();
    for revision in revisions {
        times.push((revision, time_of(store, revision).await));
    }
    for (_, time) in &times {
        // More than one may be of the same millisecond.
        let last = times.iter().filter(|(_, other)| other <= time).map(|(revision, _)| *revision);
        assert_eq!(store.revision_at(*time).await.ok(), last.max(), "at {time}");
    }
    assert_eq!(store.revision_at(u64::MAX).await, Ok(fifth));
    assert!(store.revision_at(times[0].1 - 1).await.expect("before everything") < first);
}

#[tokio::test]
async fn the_past_is_known_in_memory() {
    let store = Store::in_memory();
    let revisions = lived(&store).await;
    is_remembered(&store, revisions).await;
}

#[tokio::test]
async fn the_past_is_known_on_disk_and_after_a_restart_and_a_snapshot() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let revisions = lived(&nodes[0].store).await;
    is_remembered(&nodes[0].store, revisions).await;
    nodes[0].store.snapshot().await.expect("snapshot");
    is_remembered(&nodes[0].store, revisions).await;
    stop(nodes).await;
    let node = cluster.start(1, None).await;
    wait_for_leader(&node.store).await;
    is_remembered(&node.store, revisions).await;
    stop(vec![node]).await;
}

#[tokio::test]
async fn what_is_compacted_is_said_to_be_unknown() {
    let cluster = Cluster::new().with_history_of(3);
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    let revisions = lived(store).await;
    let time = time_of(store, revisions[0]).await;
    let later = write(store, 600, &[("a", Some("4"))]).await;
    let mut last = later;
    for step in 0..4 {
        last = write(store, 700 + step, &[("c", Some("z"))]).await;
    }
    store.compact().await.expect("compaction");
    let oldest = match store.changes_of(revisions[0]).await {
        Err(ReadError::Compacted { oldest, .. }) => oldest,
        other => panic!("{other:?}"),
    };
    assert!(oldest >= later);
    let past = store.past_of(bytes("a"), None, 9).await.expect("past");
    assert_eq!((past.changes.len(), past.known_after, past.next), (0, oldest, None));
    assert_eq!(store.revision_at(time - 1).await, Err(TimeError::BeforeHistory { oldest }));
    assert_eq!(store.revision_at(time_of(store, last).await).await, Ok(last));
    stop(nodes).await;
}

#[tokio::test]
async fn a_deletion_is_searched_for_so_far_and_no_further() {
    let store = Store::in_memory();
    write(&store, 1, &[("a", Some("1"))]).await;
    let deleted = write(&store, 2, &[("a", None)]).await;
    for _ in 0..SEARCHED_MAX {
        write(&store, 3, &[("b", Some("x"))]).await;
    }
    let past = store.past_of(bytes("a"), None, 9).await.expect("past");
    assert_eq!((past.changes.len(), past.known_after, past.next), (0, deleted, Some(deleted + 1)));
    let rest = store.past_of(bytes("a"), past.next, 9).await.expect("past");
    assert_eq!(shown(&rest), ["2 user:2 1>", "1 user:1 >1"]);
}
