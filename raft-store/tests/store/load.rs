//! Many at once: increments that compare what they read lose nothing and count nothing twice.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use raft_store::Store;
use raft_store::read::Consistency;
use raft_store::txn::{Compare, Expected, TransactError, Txn, Write};
use tokio::task::JoinSet;

use super::support::{Cluster, bytes, put, stop, value, wait_for_leader, wait_for_other_leader};

const WRITERS: usize = 12;
const INCREMENTS: usize = 10;

/// Adds one to the counter, evaluating again after each conflict.
async fn increment(store: &Store) {
    loop {
        let view = store.read(Consistency::Stale).await.expect("stale read");
        let known = view.get(b"counter").expect("the counter is there");
        let count = number(&known.value);
        let expected = Expected::Revision(known.revision);
        let write = Write::Put { key: bytes("counter"), value: bytes(&(count + 1).to_string()) };
        let compares = vec![Compare { key: bytes("counter"), expected }];
        let txn = Txn { compares, writes: vec![write], ..Txn::default() };
        match store.transact(txn).await {
            Ok(_) => return,
            Err(TransactError::Conflict { .. }) => {}
            Err(error) => panic!("increment: {error}"),
        }
    }
}

fn number(text: &Bytes) -> u64 {
    String::from_utf8_lossy(text).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_increments_are_all_counted_across_a_leader_change() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    let leader = wait_for_leader(&nodes[2].store).await;
    // Whether an increment that made the counter was applied could stay open.
    let made = nodes[2].store.transact(put("counter", "0")).await.expect("made").revision;
    for node in &nodes {
        node.store.read_at(made).await.expect("the counter is seen on every node");
    }
    let mut watch = nodes[1].store.watch(vec![bytes("counter")], made).await.expect("watch");
    let mut writers = JoinSet::new();
    // The writers are on nodes that do not lead, so that every transaction can be sent again.
    let followers: Vec<&Store> =
        nodes.iter().filter(|node| node.id != leader).map(|node| &node.store).collect();
    for writer in 0..WRITERS {
        let store = followers[writer % followers.len()].clone();
        writers.spawn(async move {
            for _ in 0..INCREMENTS {
                increment(&store).await;
            }
        });
    }
    let leading = nodes.iter().find(|node| node.id == leader).expect("the leader is a node");
    let to = nodes.iter().find(|node| node.id != leader).expect("a follower").id;
    leading.store.transfer_leader(to).await.expect("transfer begins");
    wait_for_other_leader(&leading.store, leader).await;
    let done = tokio::time::timeout(Duration::from_secs(60), writers.join_all());
    done.await.expect("all writers are done");
    let total = (WRITERS * INCREMENTS).to_string();
    assert_eq!(Some(total.clone()), value(&nodes[0].store, "counter").await);
    let mut seen = BTreeMap::new();
    while seen.len() < WRITERS * INCREMENTS {
        let batch = watch.next().await.expect("watch");
        let change = batch.changes.first().expect("a change");
        let count = number(change.value.as_ref().expect("a value"));
        assert!(seen.insert(batch.revision, count).is_none(), "a revision comes once");
    }
    let counts: Vec<u64> = seen.into_values().collect();
    let expected: Vec<u64> = (1..=counts.len() as u64).collect();
    assert_eq!(expected, counts, "changes come in order and without a gap");
    drop(watch);
    stop(nodes).await;
}
