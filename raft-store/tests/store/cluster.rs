//! Three nodes: every one serves, and nothing acknowledged is lost when the leader is.

use std::time::{Duration, Instant};

use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::status::Role;

use super::support::{
    Cluster, Node, bytes, put, put_once, stop, value, wait_for_leader, wait_for_other_leader,
};

/// Takes the leader out of the nodes.
async fn take_leader(nodes: &mut Vec<Node>) -> Node {
    let leader = wait_for_leader(&nodes[0].store).await;
    let at = nodes.iter().position(|node| node.id == leader).expect("the leader is a node");
    nodes.remove(at)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_writes_and_reads() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    for node in &nodes {
        wait_for_leader(&node.store).await;
        let key = format!("from/{}", node.id);
        node.store.transact(put(&key, "x")).await.expect("put on every node");
    }
    for node in &nodes {
        let view = node.store.read(Consistency::Linearizable).await.expect("read on every node");
        assert_eq!(3, view.range(b"from/").len());
    }
    let status = nodes[0].store.status().expect("status");
    assert_eq!(Role::Leader, status.role);
    assert_eq!(vec![1, 2, 3], status.members.iter().map(|member| member.id).collect::<Vec<_>>());
    assert!(status.members.iter().all(|member| member.voter && member.lag.is_some()));
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_the_leader_loses_nothing() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    wait_for_leader(&nodes[2].store).await;
    let first = nodes[2].store.transact(put_once("a", "1", 9)).await.expect("put").revision;
    let mut watch = nodes[2].store.watch(vec![bytes("")], first - 1).await.expect("watch");
    let leader = take_leader(&mut nodes).await;
    let (lost, address) = (leader.id, leader.address);
    leader.kill().await;
    let killed = Instant::now();
    let store = &nodes[1].store;
    let second = store.transact(put("b", "2")).await.expect("put after the loss").revision;
    assert!(killed.elapsed() < Duration::from_secs(5), "gap of {:?}", killed.elapsed());
    wait_for_other_leader(store, lost).await;
    for node in &nodes {
        assert_eq!(Some("1".to_owned()), value(&node.store, "a").await);
    }
    let again = store.transact(put_once("a", "other", 9)).await.expect("repeated");
    assert_eq!(first, again.revision, "the first answer is known to the new leader");
    for revision in [first, second] {
        assert_eq!(revision, watch.next().await.expect("watch goes on").revision);
    }
    let back = cluster.start(lost, Some(address)).await;
    assert_eq!(Some("2".to_owned()), value(&back.store, "b").await);
    back.kill().await;
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_nothing_is_acknowledged() {
    let cluster = Cluster::new().with_request_timeout(Duration::from_millis(800));
    let mut nodes = cluster.start_all(3).await;
    let follower = nodes.pop().expect("three nodes");
    wait_for_leader(&follower.store).await;
    follower.store.transact(put("a", "1")).await.expect("put");
    for node in nodes {
        node.kill().await;
    }
    follower.store.transact(put("a", "2")).await.expect_err("no quorum");
    follower.store.read(Consistency::Linearizable).await.expect_err("no quorum");
    let stale = follower.store.read(Consistency::Stale).await.expect("stale read");
    assert_eq!(bytes("1"), stale.get(b"a").expect("the value").value);
    drop(stale);
    follower.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_no_quorum_answers_leads_nobody_until_one_does() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    let mut leader = take_leader(&mut nodes).await;
    for node in &mut nodes {
        cluster.disconnect(node);
    }
    wait_until_leaderless(&leader.store).await;
    assert_eq!(None, leader.store.status().expect("status").leader);
    for node in &mut nodes {
        cluster.reconnect(node).await;
    }
    wait_for_leader(&leader.store).await;
    // And so for who follows and is not reached, though it may vote.
    cluster.disconnect(&mut leader);
    let first = wait_for_leader(&nodes[0].store).await;
    let follower = if first == nodes[0].id { nodes.remove(1) } else { nodes.remove(0) };
    nodes.push(leader);
    for node in &mut nodes {
        cluster.disconnect(node);
    }
    stop(nodes).await;
    wait_until_leaderless(&follower.store).await;
    assert_eq!(None, follower.store.status().expect("status").leader);
    follower.kill().await;
}

/// Waits until the store knows of no leader.
async fn wait_until_leaderless(store: &Store) {
    let mut leadership = store.leadership();
    let none = leadership.wait_for(|now| now.leader.is_none() && !now.leading);
    tokio::time::timeout(Duration::from_secs(20), none).await.expect("in time").expect("running");
}

#[tokio::test(flavor = "multi_thread")]
async fn leadership_is_handed_over_on_request() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let to = if leader == 1 { 2 } else { 1 };
    let from = nodes.iter().find(|node| node.id == leader).expect("the leader is a node");
    nodes[0].store.transact(put("a", "1")).await.expect("put");
    from.store.transfer_leader(to).await.expect("transfer begins");
    wait_for_other_leader(&from.store, leader).await;
    assert_eq!(Some("1".to_owned()), value(&from.store, "a").await);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_node_is_no_member() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[0].store).await;
    let removed = if leader == 3 { 2 } else { 3 };
    let leading = nodes.iter().find(|node| node.id == leader).expect("the leader is a node");
    leading.store.remove(removed).await.expect("removed");
    leading.store.transact(put("a", "1")).await.expect("two of two are a quorum");
    let members = leading.store.status().expect("status").members;
    assert!(members.iter().all(|member| member.id != removed));
    stop(nodes).await;
}
