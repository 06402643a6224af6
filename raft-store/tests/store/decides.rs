//! Transactions that decide several requests: each request is decided once, in whichever they come.

use raft_store::Store;
use raft_store::txn::{Committed, DecidedRequest, Meta, TransactError, Txn};
use raft_store::version::DECIDES_SINCE;

use super::support::{
    Cluster, Node, put, put_once, stop, value, wait_for_leader, wait_for_other_leader, wait_until,
};

/// Puts a value and decides requests, under an id of its own.
fn deciding(key: &str, own: u8, requests: &[u8]) -> Txn {
    let decides = requests.iter().map(|id| [*id; 16]).collect();
    Txn { meta: Meta { request_id: Some([own; 16]), decides, ..Meta::default() }, ..put(key, "v") }
}

fn decided(requests: &[(u8, u64)]) -> Result<Committed, TransactError> {
    let request =
        |(id, revision): &(u8, u64)| DecidedRequest { id: [*id; 16], revision: *revision };
    Err(TransactError::Decided { requests: requests.iter().map(request).collect() })
}

/// A node knows the version once it has applied what the founder of its cluster proposed.
async fn all_can_decide(nodes: &[Node]) {
    wait_until(|| nodes.iter().all(|node| node.store.cluster_version() >= DECIDES_SINCE)).await;
}

async fn check(store: &Store) {
    let first = store.transact(deciding("a", 100, &[1, 2])).await.expect("first").revision;
    let again = store.transact(deciding("never", 100, &[1, 2])).await;
    assert_eq!(Ok(Committed { revision: first }), again, "it is the same transaction");
    let alone = store.transact(put_once("b", "v", 3)).await.expect("one alone").revision;
    let earlier = store.transact(deciding("never", 101, &[4, 3, 2])).await;
    assert_eq!(decided(&[(3, alone), (2, first)]), earlier, "alone or with others");
    let single = store.transact(put_once("never", "v", 1)).await;
    assert_eq!(Ok(Committed { revision: first }), single, "and whether alone or with others now");
    store.transact(deciding("c", 102, &[4])).await.expect("it was not decided with those");
    for key in ["a", "b", "c", "never"] {
        let expected = (key != "never").then(|| "v".to_owned());
        assert_eq!(expected, value(store, key).await, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_decided_once_in_whichever_transactions_they_come() {
    check(&Store::in_memory()).await;
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    check(&nodes[0].store).await;
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_knows_what_was_decided_under_the_one_before() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    all_can_decide(&nodes).await;
    let old = wait_for_leader(&nodes[0].store).await;
    let at = nodes.iter().position(|node| node.id == old).expect("the leader");
    let leader = nodes.remove(at);
    let follower = &nodes[0].store;
    let first = follower.transact(deciding("a", 100, &[1, 2])).await.expect("first").revision;
    leader.kill().await;
    for node in &nodes {
        wait_for_other_leader(&node.store, old).await;
        let earlier = node.store.transact(deciding("never", 101, &[2, 3])).await;
        assert_eq!(decided(&[(2, first)]), earlier, "at node {}", node.id);
    }
    assert_eq!(None, value(&nodes[1].store, "never").await);
    stop(nodes).await;
}

#[tokio::test]
async fn what_decides_requests_needs_ids_and_a_cluster_that_can_apply_it() {
    let refused = |outcome| match outcome {
        Err(TransactError::Invalid { reason }) => reason,
        other => panic!("not refused: {other:?}"),
    };
    let old = Store::in_memory_at_version(DECIDES_SINCE - 1);
    let early = refused(old.transact(deciding("a", 100, &[1])).await);
    assert!(early.contains("needs cluster version"), "{early}");
    old.transact(put_once("a", "v", 1)).await.expect("one alone");
    let store = Store::in_memory();
    let mut nameless = deciding("a", 100, &[1]);
    nameless.meta.request_id = None;
    for (txn, expected) in [
        (nameless, "has no request id"),
        (deciding("a", 100, &[1, 2, 1]), "decides a request twice"),
        (deciding("a", 100, &[100]), "decides a request twice"),
    ] {
        let reason = refused(store.transact(txn).await);
        assert!(reason.contains(expected), "{reason}");
    }
}
