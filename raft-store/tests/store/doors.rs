//! Who is let in: only this cluster's nodes, only as themselves, and only to whom they mean.

use identity::{ExpectedPeer, Identity, Role};
use proto::raft as wire;
use proto::raft::raft_client::RaftClient;
use raft_store::{OpenError, Store};
use tonic::{Code, Request};

use super::support::{Cluster, Node, POLL, put};

/// Asks a node for its read index as `from` of `cluster_id`, meaning node `to`.
async fn ask(
    node: &Node,
    identity: &Identity,
    cluster_id: &str,
    (from, to): (u64, u64),
) -> Option<Code> {
    let channel = identity.channel(&node.address.to_string(), ExpectedPeer::Region(node.id));
    let mut request = Request::new(wire::ReadIndexRequest {});
    let metadata = request.metadata_mut();
    metadata.insert("ironraft-cluster", cluster_id.parse().expect("ascii"));
    metadata.insert("ironraft-from", from.into());
    metadata.insert("ironraft-to", to.into());
    RaftClient::new(channel).read_index(request).await.err().map(|status| status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_who_its_certificate_says() {
    let cluster = Cluster::new();
    let node = cluster.start_all(1).await.remove(0);
    let second = cluster.identity(2);
    let id = second.cluster_id();
    assert_eq!(None, ask(&node, second, &id, (2, 1)).await);
    assert_eq!(Some(Code::PermissionDenied), ask(&node, second, &id, (3, 1)).await);
    assert_eq!(Some(Code::PermissionDenied), ask(&node, second, "other", (2, 1)).await);
    assert_eq!(Some(Code::FailedPrecondition), ask(&node, second, &id, (2, 4)).await);
    let rack = cluster.enroll(Role::Rack { system_id: "abc".into() });
    assert_eq!(Some(Code::PermissionDenied), ask(&node, &rack, &id, (2, 1)).await);
    node.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_another_node_is_refused() {
    let cluster = Cluster::new();
    let node = cluster.start_all(1).await.remove(0);
    node.store.transact(put("a", "1")).await.expect("put");
    let config = cluster.config(1, node.address);
    let other = raft_store::Config { node_id: 2, ..config };
    node.kill().await;
    let refused = loop {
        match Store::open(other.clone()).await.expect_err("another node's folder") {
            // The node that was killed closes its files.
            OpenError::Database { .. } => tokio::time::sleep(POLL).await,
            error => break error,
        }
    };
    assert!(matches!(refused, OpenError::OtherNode { .. }), "{refused:?}");
}
