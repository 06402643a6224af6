//! Every stage that a transaction goes through is measured.

use raft_store::Store;
use raft_store::read::Consistency;

use super::support::{Cluster, bytes, put, stop, wait_for_leader, wait_until};

/// How often a stage was measured.
fn count(store: &Store, name: &str) -> u64 {
    let stages = store.metrics().expect("measured").distributions;
    stages.iter().find(|stage| stage.name == name).expect("such a stage").count()
}

/// The other nodes that answered what was replicated to them.
fn answering(store: &Store) -> Vec<u64> {
    let peers = store.metrics().expect("measured").replication;
    peers.into_iter().filter(|(_, time)| time.count() > 0).map(|(node_id, _)| node_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stages_of_a_transaction_are_timed_where_they_are() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let (leading, following): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| node.id == leader);
    let (leading, follower) = (&leading[0].store, &following[0].store);
    let before: Vec<u64> =
        ["propose_seconds", "commit_seconds"].map(|name| count(leading, name)).to_vec();
    let mut watch = follower.watch(vec![bytes("k")], 0).await.expect("watch");
    for _ in 0..5 {
        follower.transact(put("k", "1")).await.expect("put");
    }
    watch.next().await.expect("change");
    assert_eq!(5, count(follower, "transact_seconds"));
    assert_eq!(0, count(follower, "propose_seconds"), "the leader proposes");
    assert_eq!(5, count(leading, "propose_seconds") - before[0]);
    assert!(count(leading, "commit_seconds") >= before[1] + 5);
    assert!(count(leading, "commit_to_apply_seconds") > 0);
    assert!(count(follower, "watch_lag_revisions") > 0);
    let others: Vec<u64> = following.iter().map(|node| node.id).collect();
    wait_until(|| answering(leading) == others).await;
    drop(watch);
    stop(nodes).await;
}

/// Each linearizable read asks all followers whether this node leads.
#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_share_a_stream() {
    const READS: usize = 50;
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let leading = &nodes.iter().find(|node| node.id == leader).expect("three nodes").store;
    leading.read(Consistency::Linearizable).await.expect("read");
    let before = cluster.calls().of("Append");
    for _ in 0..READS {
        leading.read(Consistency::Linearizable).await.expect("read");
    }
    let calls = cluster.calls().of("Append") - before;
    assert!(calls < READS / 2, "{calls} calls for {READS} heartbeats to each of two nodes");
    stop(nodes).await;
}
