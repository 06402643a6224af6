//! Store processes form a cluster, serve clients, survive the death of one, and stop cleanly.

use std::path::Path;

use chaos_tests::node::cluster::Cluster;
use chaos_tests::node::wire;
use chaos_tests::node::wire::txn_reply::Result as Reply;
use futures::StreamExt;

const BINARY: &str = env!("CARGO_BIN_EXE_ironraft-store-node");

fn put(key: &'static str, value: &'static str) -> wire::PutRequest {
    wire::PutRequest { key: key.into(), value: value.into(), request_id: vec![7; 16].into() }
}

async fn value_on(cluster: &Cluster, id: u64, key: &'static str) -> Option<Vec<u8>> {
    let request = wire::GetRequest { key: key.into(), ..wire::GetRequest::default() };
    let reply = cluster.node(id).expect("node").kv().get(request).await.expect("a read");
    reply.into_inner().value.map(|value| value.value.to_vec())
}

#[tokio::test]
async fn store_processes_serve_and_outlive_their_leader() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut cluster = Cluster::new(Path::new(BINARY), folder.path(), &[]).expect("cluster");
    cluster.form(3).await.expect("three voters");
    let leader = cluster.wait_leader().await.expect("leader");
    let follower = (1..=3).find(|id| *id != leader).expect("a follower");

    let mut kv = cluster.node(follower).expect("node").kv();
    let watch = wire::WatchRequest { prefixes: vec!["a".into()], after_revision: 0 };
    let mut watch = kv.watch(watch).await.expect("watch").into_inner();
    let reply = kv.put(put("a", "1")).await.expect("answer").into_inner();
    let Some(Reply::Committed(revision)) = reply.result else { panic!("{reply:?}") };
    let batch = watch.next().await.expect("a batch").expect("no error");
    assert_eq!(revision, batch.revision);
    assert_eq!(Some("1".into()), batch.changes[0].value);

    let compares = vec![wire::Compare { key: "a".into(), revision: revision + 1 }];
    let txn = wire::TxnRequest { compares, ..wire::TxnRequest::default() };
    let reply = kv.txn(txn).await.expect("answer").into_inner();
    assert_eq!(Some(Reply::Conflict("a".into())), reply.result);

    cluster.kill(leader).expect("killed");
    for id in (1..=3).filter(|id| *id != leader) {
        assert_eq!(Some(b"1".to_vec()), value_on(&cluster, id, "a").await, "node {id}");
    }
    cluster.start(leader).expect("started");
    cluster.wait_ready(leader).await.expect("ready");
    assert_eq!(Some(b"1".to_vec()), value_on(&cluster, leader, "a").await, "the old leader");
    let status = cluster.node(leader).expect("node").admin().status(wire::Nothing {}).await;
    assert_eq!(3, status.expect("status").into_inner().members.len());
    for id in 1..=3 {
        cluster.stop(id).await.expect("a clean stop");
    }
}
