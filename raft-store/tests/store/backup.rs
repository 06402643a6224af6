//! The state in a file, and a new cluster from it.

use raft_store::backup::RestoreError;
use raft_store::read::ReadError;
use raft_store::watch::WatchError;
use raft_store::{Config, OpenError, Store};

use super::support::{Cluster, bytes, put, put_once, stop, value, wait_for_leader};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_cluster_begins_with_the_state_of_the_file() {
    let old = Cluster::new();
    let mut nodes = old.start_all(1).await;
    let first = nodes[0].store.transact(put_once("a", "1", 9)).await.expect("put").revision;
    let file = old.folder(9).with_extension("backup");
    let at = nodes[0].store.snapshot_to_file(&file).await.expect("file");
    let after = nodes[0].store.transact(put("a", "lost")).await.expect("after the file").revision;
    nodes.remove(0).kill().await;

    let new = Cluster::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("its address");
    drop(free);
    let config = new.config(1, address);
    let begin = Store::restore_from_file(&config, &file).await.expect("restored");
    assert!(begin > at && begin > after, "{begin} is behind everything the old cluster wrote");
    let node = new.start(1, Some(address)).await;
    wait_for_leader(&node.store).await;
    assert_eq!(Some("1".to_owned()), value(&node.store, "a").await);
    let again = node.store.transact(put_once("a", "2", 9)).await.expect("repeated");
    assert_eq!(first, again.revision, "request ids are in the file");
    for revision in [first, at, after] {
        let watch = node.store.watch(vec![bytes("")], revision).await.expect_err("another life");
        assert!(matches!(watch, WatchError::Compacted { .. }), "{watch}");
        let read = node.store.read_at(revision).await.expect_err("another life");
        assert!(matches!(read, ReadError::Compacted { .. }), "{read}");
    }
    let written = node.store.transact(put("b", "1")).await.expect("put").revision;
    assert!(written > begin);
    // It grows as any cluster does: the second node gets everything by a snapshot.
    let second = new.start(2, None).await;
    node.store.add_learner(2, second.address.to_string()).await.expect("learner");
    node.store.promote(2).await.expect("voter");
    assert_eq!(Some("1".to_owned()), value(&second.store, "a").await);
    stop(vec![node, second]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_and_nothing_damaged_is_restored() {
    let cluster = Cluster::new();
    let node = cluster.start_all(1).await.remove(0);
    node.store.transact(put("a", "1")).await.expect("put");
    let file = cluster.folder(9).with_extension("backup");
    node.store.snapshot_to_file(&file).await.expect("file");
    let config = cluster.config(1, node.address);
    let refused = Store::restore_from_file(&config, &file).await.expect_err("in use");
    assert!(matches!(refused, RestoreError::NotEmpty { .. }), "{refused}");
    let fresh = Config { dir: cluster.folder(7), ..config };
    let mut content = std::fs::read(&file).expect("file");
    let middle = content.len() / 2;
    content[middle] ^= 1;
    let damaged = file.with_extension("damaged");
    std::fs::write(&damaged, &content).expect("written");
    let refused = Store::restore_from_file(&fresh, &damaged).await.expect_err("damaged");
    assert!(matches!(refused, RestoreError::Snapshot(_)), "{refused}");
    assert!(!fresh.dir.exists(), "a failed attempt leaves nothing in its place");
    Store::restore_from_file(&fresh, &file).await.expect("and it may be done again");
    let other = Config { node_id: 2, ..fresh };
    let refused = Store::open(other).await.expect_err("of another node");
    assert!(matches!(refused, OpenError::OtherNode { .. }), "{refused}");
    node.kill().await;
}
