//! Transactions that come together at a follower go to the leader together, and each has an answer
//! of its own.

use futures::future::join_all;
use raft_store::txn::{Compare, Expected, TransactError, Txn};

use super::support::{Cluster, Node, bytes, put, stop, value, wait_for_leader};

/// Transactions at the same time.
const COUNT: usize = 200;

async fn follower(nodes: &[Node]) -> &Node {
    let leader = wait_for_leader(&nodes[0].store).await;
    let follower = nodes.iter().find(|node| node.id != leader).expect("three nodes");
    wait_for_leader(&follower.store).await;
    follower
}

/// Every tenth compares with what never was.
fn txn(number: usize) -> Txn {
    let never = Compare { key: bytes("absent"), expected: Expected::Revision(1) };
    let compares = if is_refused(number) { vec![never] } else { Vec::new() };
    Txn { compares, ..put(&format!("key/{number}"), &number.to_string()) }
}

fn is_refused(number: usize) -> bool {
    number.is_multiple_of(10)
}

async fn check_each(follower: &Node) {
    let txns = (0..COUNT).map(|number| follower.store.transact(txn(number)));
    for (number, outcome) in join_all(txns).await.into_iter().enumerate() {
        let shown = value(&follower.store, &format!("key/{number}")).await;
        if is_refused(number) {
            assert_eq!(Err(TransactError::Conflict { key: bytes("absent") }), outcome, "{number}");
            assert_eq!(None, shown);
        } else {
            outcome.expect("committed");
            assert_eq!(Some(number.to_string()), shown);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_together_goes_together_and_is_settled_one_by_one() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(3).await;
    check_each(follower(&nodes).await).await;
    let [one, each] = ["Transact", "TransactEach"].map(|method| cluster.calls().of(method));
    assert!(each > 0 && one + each < COUNT / 4, "{one} and {each} messages");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_of_an_older_version_is_sent_one_by_one() {
    let cluster = Cluster::new().without_method("TransactEach");
    let nodes = cluster.start_all(3).await;
    check_each(follower(&nodes).await).await;
    assert!(cluster.calls().of("TransactEach") > 0, "it was tried");
    stop(nodes).await;
}
