//! Snapshots: a node that joins or was away too long gets one, and it holds everything.

use raft_store::config::SnapshotPolicy;
use raft_store::read::ReadError;
use raft_store::watch::WatchError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{
    Cluster, Node, bytes, put, put_once, stop, value, wait_for_leader, wait_until,
};

/// Entries of the test, more than stay in the log.
const ENTRIES: u64 = 120;

async fn cluster_with_purged_log() -> (Cluster, Node, u64) {
    let policy =
        SnapshotPolicy { every_entries: 40, keep_entries: 10, ..SnapshotPolicy::default() };
    let cluster = Cluster::new().with_snapshots(policy);
    let first = cluster.start_all(1).await.remove(0);
    let revision = first.store.transact(put_once("k/first", "1", 3)).await.expect("put").revision;
    for index in 0..ENTRIES {
        first.store.transact(put(&format!("k/{index:03}"), "x")).await.expect("put");
    }
    wait_until(|| first.store.status().is_some_and(|status| status.purged > Some(revision))).await;
    (cluster, first, revision)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learner_joins_through_a_snapshot() {
    let (cluster, first, revision) = cluster_with_purged_log().await;
    let second = cluster.start(2, None).await;
    first.store.add_learner(2, second.address.to_string()).await.expect("learner");
    first.store.promote(2).await.expect("voter");
    wait_for_leader(&second.store).await;
    assert_eq!(Some("1".to_owned()), value(&second.store, "k/first").await);
    assert!(second.store.status().expect("status").snapshot.is_some());
    let again = second.store.transact(put_once("k/first", "2", 3)).await.expect("repeated");
    assert_eq!(revision, again.revision, "sessions are in the snapshot");
    let mut watch = second.store.watch(vec![bytes("k/")], revision - 1).await.expect("history");
    for _ in 0..=ENTRIES {
        watch.next().await.expect("history is in the snapshot");
    }
    // The node restarts on what was in the snapshot, and goes on.
    let address = second.address;
    drop(watch);
    second.kill().await;
    let second = cluster.start(2, Some(address)).await;
    second.store.transact(put("k/after", "1")).await.expect("put after the restart");
    assert_eq!(Some("1".to_owned()), value(&second.store, "k/after").await);
    assert_eq!(Some("1".to_owned()), value(&second.store, "k/first").await);
    stop(vec![first, second]).await;
}

/// Snapshots only when the log has too many bytes.
fn small_log(keep_bytes: u64) -> SnapshotPolicy {
    let many = 1_000_000;
    SnapshotPolicy { every_entries: many, keep_entries: many, keep_bytes }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_kept_within_its_bytes() {
    let cluster = Cluster::new().with_snapshots(small_log(300_000));
    let node = cluster.start_all(1).await.remove(0);
    let log_bytes = |node: &Node| {
        let levels = node.store.metrics().expect("measured").levels;
        levels.iter().find(|level| level.name == "log_bytes").expect("measured").value
    };
    let value = "x".repeat(10_000);
    for _ in 0..100 {
        node.store.transact(put("k", &value)).await.expect("put");
    }
    let purged = |node: &Node| node.store.status().is_some_and(|status| status.purged.is_some());
    wait_until(|| log_bytes(&node) <= 300_000 && purged(&node)).await;
    let status = node.store.status().expect("status");
    let kept = status.last_log - status.purged.expect("purged");
    assert!((15..=30).contains(&kept), "{kept} entries of 10,000 bytes");
    // It knows the size after a restart too.
    let (address, before) = (node.address, log_bytes(&node));
    node.kill().await;
    let node = cluster.start(1, Some(address)).await;
    wait_for_leader(&node.store).await;
    assert!(log_bytes(&node).abs_diff(before) < 1000, "{before}, now {}", log_bytes(&node));
    node.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_joins_while_the_log_is_trimmed_all_the_time() {
    let cluster = Cluster::new().with_snapshots(small_log(1_000_000));
    let first = cluster.start_all(1).await.remove(0);
    let enough = CancellationToken::new();
    let (store, stop_writing) = (first.store.clone(), enough.clone());
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        let value = "x".repeat(2000);
        while !stop_writing.is_cancelled() {
            store.transact(put("k", &value)).await.expect("put");
        }
        store.transact(put("last", "1")).await.expect("put");
    });
    wait_until(|| first.store.status().is_some_and(|status| status.purged > Some(500))).await;
    let second = cluster.start(2, None).await;
    first.store.add_learner(2, second.address.to_string()).await.expect("learner");
    let caught_up = || {
        let members = first.store.members();
        let second = members.iter().find(|member| member.id == 2);
        second.and_then(|member| member.lag).is_some_and(|lag| lag < 100)
    };
    wait_until(caught_up).await;
    assert!(second.store.status().expect("status").snapshot.is_some(), "through a snapshot");
    first.store.promote(2).await.expect("voter");
    enough.cancel();
    writing.join_all().await;
    assert_eq!(Some("1".to_owned()), value(&second.store, "last").await);
    stop(vec![first, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_on_a_purged_log_keeps_everything() {
    let (cluster, first, _) = cluster_with_purged_log().await;
    let address = first.address;
    first.kill().await;
    let first = cluster.start(1, Some(address)).await;
    wait_for_leader(&first.store).await;
    let view = first.store.read(raft_store::read::Consistency::Linearizable).await.expect("read");
    assert_eq!(121, view.range(b"k/").len());
    drop(view);
    first.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_below_the_history_is_refused() {
    let cluster = Cluster::new().with_history_of(10);
    let node = cluster.start_all(1).await.remove(0);
    let first = node.store.transact(put("a", "0")).await.expect("put").revision;
    for index in 0..30 {
        node.store.transact(put("a", &index.to_string())).await.expect("put");
    }
    let behind = node.store.watch(vec![bytes("a")], first).await.expect("history is there");
    node.store.compact().await.expect("compaction");
    let refused = node.store.watch(vec![bytes("a")], first).await.expect_err("compacted");
    let WatchError::Compacted { requested, oldest } = refused else { panic!("{refused}") };
    assert_eq!(first, requested);
    assert!(oldest > first);
    assert!(node.store.read_at(first).await.is_err());
    let mut behind = behind;
    assert_eq!(Err(WatchError::Compacted { requested: first, oldest }), behind.next().await);
    let mut at_oldest = node.store.watch(vec![bytes("a")], oldest).await.expect("oldest");
    assert!(at_oldest.next().await.expect("the rest of the history").revision > oldest);
    node.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_up_to_its_bytes() {
    let cluster = Cluster::new().with_history_bytes(10_000);
    let node = cluster.start_all(1).await.remove(0);
    let value = "x".repeat(900);
    let mut revisions = Vec::new();
    for index in 0..30 {
        let txn = put(&format!("k/{index}"), &value);
        revisions.push(node.store.transact(txn).await.expect("put").revision);
    }
    node.store.compact().await.expect("compaction");
    // Each record has a little more than 900 bytes: ten of them are kept.
    let kept = revisions[revisions.len() - 11];
    node.store.read_at(kept).await.expect("as it was before the ten");
    let refused = node.store.read_at(kept - 1).await.expect_err("eleven are too many");
    let expected = ReadError::Compacted { requested: kept - 1, oldest: kept };
    assert_eq!(expected, refused);
    node.kill().await;
}
