//! What a store of one node does, and that it is still there after a restart.

use raft_store::Store;
use raft_store::read::{Consistency, ReadError};
use raft_store::txn::{Compare, Expected, TransactError, Txn, Write};
use raft_store::version;
use raft_store::watch::WatchError;

use super::support::{Cluster, Node, bytes, put, put_once, stop, value, wait_for_leader};

#[tokio::test]
async fn a_transaction_is_applied_whole_or_not_at_all() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    let first = store.transact(put("a", "1")).await.expect("first put");
    let compare = |revision| Compare { key: bytes("a"), expected: Expected::Revision(revision) };
    let write = |text: &str| Write::Put { key: bytes(text), value: bytes(text) };
    let stale = Txn {
        compares: vec![compare(first.revision + 1)],
        writes: vec![write("b")],
        ..Txn::default()
    };
    let conflict = TransactError::Conflict { key: bytes("a") };
    assert_eq!(Err(conflict), store.transact(stale).await);
    assert_eq!(None, value(store, "b").await);
    let delete = Write::Delete { key: bytes("a") };
    let fresh = Txn {
        compares: vec![compare(first.revision)],
        writes: vec![write("b"), delete],
        ..Txn::default()
    };
    let second = store.transact(fresh).await.expect("the compare holds");
    assert!(second.revision > first.revision);
    let view = store.read(Consistency::Linearizable).await.expect("read");
    assert_eq!(
        vec![bytes("b")],
        view.range(b"").into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    );
    let twice = Txn { writes: vec![write("c"), write("c")], ..Txn::default() };
    assert!(matches!(store.transact(twice).await, Err(TransactError::Invalid { .. })));
    stop(nodes).await;
}

#[tokio::test]
async fn earlier_revisions_can_be_read() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    let first = store.transact(put("a", "1")).await.expect("put a").revision;
    let second = store.transact(put("b", "2")).await.expect("put b").revision;
    store.transact(put("a", "3")).await.expect("put a again");
    let delete = Txn { writes: vec![Write::Delete { key: bytes("b") }], ..Txn::default() };
    let last = store.transact(delete).await.expect("delete b").revision;
    let shown = async |revision| {
        let view = store.read_at(revision).await.expect("read at a revision");
        let range = view.range(b"").into_iter();
        range.map(|(key, found)| (key, found.value, found.revision)).collect::<Vec<_>>()
    };
    let (a, b) = (bytes("a"), bytes("b"));
    assert_eq!(vec![(a.clone(), bytes("1"), first)], shown(first).await);
    let both = vec![(a.clone(), bytes("1"), first), (b, bytes("2"), second)];
    assert_eq!(both, shown(second).await);
    assert_eq!(vec![(a, bytes("3"), last - 1)], shown(last).await);
    let future = store.read_at(last + 1000).await;
    assert!(matches!(future, Err(ReadError::Unavailable { .. })));
    stop(nodes).await;
}

#[tokio::test]
async fn changes_after_a_revision_are_told_as_far_as_the_history_goes() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    for store in [nodes[0].store.clone(), Store::in_memory()] {
        let first = store.transact(put("a", "1")).await.expect("put a").revision;
        store.transact(put("b", "2")).await.expect("put b");
        let delete = Txn { writes: vec![Write::Delete { key: bytes("a") }], ..Txn::default() };
        let last = store.transact(delete).await.expect("delete a").revision;
        let view = store.read(Consistency::Linearizable).await.expect("read");
        let changes = vec![(bytes("b"), Some(bytes("2"))), (bytes("a"), None)];
        assert_eq!(Some(changes), view.changes_after(first, 2));
        assert_eq!(None, view.changes_after(first, 1), "there are more");
        assert_eq!(Some(Vec::new()), view.changes_after(last, 0));
        store.transact(put("c", "3")).await.expect("put c");
        assert_eq!(Some(Vec::new()), view.changes_after(last, 9), "a view shows nothing later");
    }
    let past = nodes[0].store.read_at(1).await;
    assert!(past.is_err() || past.is_ok_and(|past| past.changes_after(0, 9).is_none()));
    stop(nodes).await;
}

#[tokio::test]
async fn parts_of_a_range_are_read_on_disk_and_at_an_earlier_revision() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    for number in 1..=4 {
        store.transact(put(&format!("e/{number}"), "x")).await.expect("put");
    }
    let then = store.transact(put("f", "x")).await.expect("put").revision;
    let delete = Txn { writes: vec![Write::Delete { key: bytes("e/4") }], ..Txn::default() };
    store.transact(delete).await.expect("delete");
    let names = |range: Vec<(bytes::Bytes, _)>| -> Vec<String> {
        range.into_iter().map(|(key, _)| String::from_utf8_lossy(&key).into_owned()).collect()
    };
    let now = store.read(Consistency::Linearizable).await.expect("read");
    assert_eq!(["e/3", "e/2"], names(now.range_back(b"e/", 2))[..]);
    assert_eq!(["e/1"], names(now.range_back_before(b"e/", b"e/2", 2))[..]);
    assert_eq!(["e/2", "e/3"], names(now.range_from(b"e/", b"e/2", 5))[..]);
    let view = store.read_at(then).await.expect("read at a revision");
    assert_eq!(["e/4", "e/3"], names(view.range_back(b"e/", 2))[..]);
    stop(nodes).await;
}

#[tokio::test]
async fn the_cluster_version_is_known_without_a_quorum() {
    let cluster = Cluster::new();
    let node = cluster.start(1, None).await;
    assert_eq!(version::FIRST, node.store.cluster_version(), "of a node that is no member yet");
    stop(vec![node]).await;
    assert_eq!(version::SUPPORTED, Store::in_memory().cluster_version());
    assert_eq!(7, Store::in_memory_at_version(7).cluster_version());
}

#[tokio::test]
async fn a_new_cluster_begins_with_the_version_of_its_program() {
    let cluster = Cluster::new();
    let first = cluster.start(1, None).await;
    first.store.init().await.expect("new cluster");
    assert_eq!(version::SUPPORTED, first.store.cluster_version());
    let second = cluster.start(2, None).await;
    first.store.add_learner(2, second.address.to_string()).await.expect("learner");
    first.store.promote(2).await.expect("voter");
    second.store.transact(put("a", "1")).await.expect("what is applied there");
    for node in [&first, &second] {
        assert_eq!(version::SUPPORTED, node.store.cluster_version(), "of node {}", node.id);
    }
    stop(vec![first, second]).await;
}

#[tokio::test]
async fn a_watch_delivers_history_and_then_what_comes() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let store = &nodes[0].store;
    let first = store.transact(put("m/1", "a")).await.expect("put").revision;
    store.transact(put("other", "x")).await.expect("put");
    let mut watch = store.watch(vec![bytes("m/")], first - 1).await.expect("watch");
    assert_eq!(first, watch.next().await.expect("history").revision);
    let (next, committed) = tokio::join!(watch.next(), store.transact(put("m/2", "b")));
    let (batch, revision) = (next.expect("live"), committed.expect("put").revision);
    assert_eq!(revision, batch.revision);
    assert_eq!(bytes("m/2"), batch.changes[0].key);
    assert_eq!(Some(bytes("b")), batch.changes[0].value);
    store.shutdown().await;
    drop(nodes);
    assert_eq!(Err(WatchError::Ended), watch.next().await);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(1).await;
    let node = nodes.remove(0);
    let first = node.store.transact(put_once("a", "1", 7)).await.expect("put");
    let address = node.address;
    node.kill().await;
    let node = cluster.start(1, Some(address)).await;
    wait_for_leader(&node.store).await;
    assert_eq!(Some("1".to_owned()), value(&node.store, "a").await);
    let again = node.store.transact(put_once("a", "2", 7)).await;
    assert_eq!(Ok(first), again, "the first answer is returned");
    assert_eq!(Some("1".to_owned()), value(&node.store, "a").await);
    node.kill().await;
}

/// A leader that was killed may have lost entries that others have, with its term on them.
#[tokio::test]
async fn a_node_never_leads_twice_in_one_term() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(1).await;
    let term = |node: &Node| node.store.status().expect("a real store").term;
    let first = term(&nodes[0]);
    nodes.pop().expect("a node").kill().await;
    let again = cluster.start(1, None).await;
    wait_for_leader(&again.store).await;
    assert!(term(&again) > first, "it leads in term {first} again");
    again.kill().await;
}
