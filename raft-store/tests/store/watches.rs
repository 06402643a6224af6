//! A watch is ordered, unique, without a gap, whole, resumable and bookmarked, whatever happens.

use std::time::Duration;

use raft_store::Store;
use raft_store::config::SnapshotPolicy;
use raft_store::txn::{Txn, Write};
use raft_store::watch::{Batch, Watch, WatchError};

use super::support::{
    Cluster, bytes, put, stop, wait_for_leader, wait_for_other_leader, wait_until,
};

/// Two keys with the same value, which must always be seen together.
fn pair(value: u64) -> Txn {
    let write = |key| Write::Put { key: bytes(key), value: bytes(&value.to_string()) };
    Txn { writes: vec![write("w/one"), write("w/two")], ..Txn::default() }
}

async fn next(watch: &mut Watch) -> Batch {
    let next = tokio::time::timeout(Duration::from_secs(30), watch.next());
    next.await.expect("in time").expect("the watch goes on")
}

/// Reads the pairs from `first` to `last` and checks all that a watch promises; returns the last
/// revision.
async fn expect_pairs(watch: &mut Watch, after: u64, (first, last): (u64, u64)) -> u64 {
    let mut revision = after;
    let mut expected = first;
    while expected <= last {
        let batch = next(watch).await;
        assert!(batch.revision > revision, "in order and each once");
        revision = batch.revision;
        if batch.changes.is_empty() {
            continue;
        }
        let value = Some(bytes(&expected.to_string()));
        let keys: Vec<_> = batch.changes.iter().map(|change| change.key.clone()).collect();
        assert_eq!(vec![bytes("w/one"), bytes("w/two")], keys, "whole");
        assert!(batch.changes.iter().all(|change| change.value == value), "no gap at {expected}");
        expected += 1;
    }
    revision
}

async fn write_pairs(store: &Store, (first, last): (u64, u64)) {
    for value in first..=last {
        store.transact(pair(value)).await.expect("put");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_keeps_its_promises_when_the_leader_changes() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let follower = nodes.iter().find(|node| node.id != leader).expect("a follower");
    let leading = nodes.iter().find(|node| node.id == leader).expect("the leader");
    let prefix = || vec![bytes("w/")];
    let mut at_follower = follower.store.watch(prefix(), 0).await.expect("watch");
    let mut at_leader = leading.store.watch(prefix(), 0).await.expect("watch");
    write_pairs(&follower.store, (1, 20)).await;
    leading.store.transfer_leader(follower.id).await.expect("transfer");
    wait_for_other_leader(&leading.store, leader).await;
    write_pairs(&leading.store, (21, 40)).await;
    let seen = expect_pairs(&mut at_follower, 0, (1, 40)).await;
    let middle = expect_pairs(&mut at_leader, 0, (1, 25)).await;
    // It goes on anywhere from the last revision that was seen.
    let third = nodes.iter().find(|node| ![leader, follower.id].contains(&node.id));
    let third = &third.expect("the third node").store;
    let mut resumed = third.watch(prefix(), middle).await.expect("watch");
    assert_eq!(seen, expect_pairs(&mut resumed, middle, (26, 40)).await);
    drop((at_follower, at_leader, resumed));
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_over_the_installation_of_a_snapshot() {
    let policy =
        SnapshotPolicy { every_entries: 40, keep_entries: 10, ..SnapshotPolicy::default() };
    let cluster = Cluster::new().with_snapshots(policy);
    let mut nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let at = nodes.iter().position(|node| node.id != leader).expect("a follower");
    let mut away = nodes.remove(at);
    let store = nodes.iter().find(|node| node.id == leader).expect("the leader").store.clone();
    write_pairs(&store, (1, 5)).await;
    let mut watch = away.store.watch(vec![bytes("w/")], 0).await.expect("watch");
    let seen = expect_pairs(&mut watch, 0, (1, 5)).await;
    // Nobody reaches the node for a while; meanwhile what it needs leaves the log.
    cluster.disconnect(&mut away);
    write_pairs(&store, (6, 150)).await;
    wait_until(|| store.status().is_some_and(|status| status.purged > Some(seen + 20))).await;
    cluster.reconnect(&mut away).await;
    expect_pairs(&mut watch, seen, (6, 150)).await;
    assert!(away.store.status().expect("status").snapshot > Some(seen), "through a snapshot");
    drop(watch);
    nodes.push(away);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_watcher_misses_nothing_until_the_history_is_dropped() {
    let cluster = Cluster::new().with_history_of(700);
    let node = cluster.start_all(1).await.remove(0);
    let mut slow = node.store.watch(vec![bytes("w/")], 0).await.expect("watch");
    let mut slower = node.store.watch(vec![bytes("w/")], 0).await.expect("watch");
    // More than is read at a time.
    write_pairs(&node.store, (1, 600)).await;
    let seen = expect_pairs(&mut slow, 0, (1, 600)).await;
    write_pairs(&node.store, (601, 1400)).await;
    node.store.compact().await.expect("compaction");
    let gap = slower.next().await.expect_err("it says that there is a gap");
    let WatchError::Compacted { requested: 0, oldest } = gap else { panic!("{gap}") };
    assert!(oldest > seen, "what only the first one saw is dropped");
    let refused = slow.next().await.expect_err("and so is what comes next for it");
    assert_eq!(WatchError::Compacted { requested: seen, oldest }, refused);
    let from = node.store.watch(vec![bytes("w/")], seen).await.expect_err("compacted");
    assert_eq!(refused, from);
    drop((slow, slower));
    node.kill().await;
}

#[tokio::test]
async fn an_idle_watch_is_told_how_far_it_is() {
    let cluster = Cluster::new();
    let node = cluster.start_all(1).await.remove(0);
    let mut watch = node.store.watch(vec![bytes("w/")], 0).await.expect("watch");
    let first = node.store.transact(pair(1)).await.expect("put").revision;
    assert_eq!(first, expect_pairs(&mut watch, 0, (1, 1)).await);
    let other = node.store.transact(put("other", "x")).await.expect("put").revision;
    let mark = next(&mut watch).await;
    assert!(mark.changes.is_empty() && mark.revision >= other, "{mark:?}");
    let resumed = node.store.watch(vec![bytes("w/")], mark.revision).await;
    let mut resumed = resumed.expect("a bookmark is where a watch can go on");
    node.store.transact(pair(2)).await.expect("put");
    expect_pairs(&mut resumed, mark.revision, (2, 2)).await;
    drop((watch, resumed));
    node.kill().await;
}

/// A watcher of what is not there yet gets nothing that is older.
async fn expect_only_later(store: &Store) {
    let first = store.transact(pair(1)).await.expect("put").revision;
    // The store writes entries of its own too: some revisions ahead.
    let wanted = first + 20;
    let mut watch = store.watch(vec![bytes("w/")], wanted).await.expect("watch");
    let mut value = 1;
    while store.transact(pair(value)).await.expect("put").revision <= wanted {
        value += 1;
    }
    let batch = next(&mut watch).await;
    assert!(batch.revision > wanted, "{batch:?}");
    assert_eq!(Some(bytes(&value.to_string())), batch.changes[0].value, "and it misses nothing");
}

#[tokio::test]
async fn a_watch_from_the_future_is_not_told_of_the_past() {
    expect_only_later(&Store::in_memory()).await;
    let cluster = Cluster::new();
    let node = cluster.start_all(1).await.remove(0);
    expect_only_later(&node.store).await;
    node.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_with_its_node_whoever_holds_the_store() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let held = nodes[0].store.clone();
    write_pairs(&held, (1, 2)).await;
    let mut watch = held.watch(vec![bytes("w/")], 0).await.expect("watch");
    stop(nodes).await;
    expect_pairs(&mut watch, 0, (1, 2)).await;
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            if let Err(error) = watch.next().await {
                return error;
            }
        }
    });
    assert_eq!(ended.await.expect("in time"), WatchError::Ended);
}
