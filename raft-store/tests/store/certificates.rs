//! Certificates are replaced while the cluster works, and so is the authority that signs them.

use identity::node::NodeRequest;
use identity::{CertificateAuthority, ExpectedPeer, Identity, Role};
use proto::raft as wire;
use proto::raft::raft_client::RaftClient;
use raft_store::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{Cluster, Node, put, stop};

/// Gives a running node a new key and a certificate of this authority.
fn renew(identity: &Identity, authority: &CertificateAuthority, node_id: u64) {
    let request = NodeRequest::create().expect("key");
    let issued = authority.issue(&request.request_pem, Role::Region { node_id });
    identity.renew(&request, &issued.expect("issued")).expect("renewed");
}

/// Gives every node a certificate of this authority and has it make its connections anew; the
/// nodes before it are ahead of those after it.
async fn renew_all(cluster: &Cluster, nodes: &mut [Node], authority: &CertificateAuthority) {
    for at in 0..nodes.len() {
        renew(cluster.identity(nodes[at].id), authority, nodes[at].id);
        cluster.disconnect(&mut nodes[at]);
        cluster.reconnect(&mut nodes[at]).await;
        for node in &*nodes {
            node.store.transact(put("renewed", "x")).await.expect("put on every node");
        }
    }
    // What was connected with an old certificate is not any more.
    for node in &mut *nodes {
        cluster.disconnect(node);
        cluster.reconnect(node).await;
        node.store.transact(put("connected", "x")).await.expect("put on every node");
    }
}

/// Writes until it is told to stop; every write must succeed. Returns how many.
async fn write(store: Store, enough: CancellationToken) -> u64 {
    let mut written = 0;
    while !enough.is_cancelled() {
        store.transact(put("always", "x")).await.expect("the cluster works");
        written += 1;
    }
    written
}

/// Whether a node talks to this peer.
async fn is_let_in(node: &Node, peer: &Identity) -> bool {
    let channel = peer.channel(&node.address.to_string(), ExpectedPeer::Region(node.id));
    let mut request = tonic::Request::new(wire::ReadIndexRequest {});
    let metadata = request.metadata_mut();
    metadata.insert("ironraft-cluster", peer.cluster_id().parse().expect("ascii"));
    metadata.insert("ironraft-from", 5.into());
    metadata.insert("ironraft-to", node.id.into());
    RaftClient::new(channel).read_index(request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_is_replaced_while_the_cluster_works() {
    let cluster = Cluster::new();
    let mut nodes = cluster.start_all(3).await;
    let enough = CancellationToken::new();
    let mut writers = JoinSet::new();
    for node in &nodes {
        writers.spawn(write(node.store.clone(), enough.clone()));
    }
    let old = cluster.authority();
    let new = old.successor().expect("a new authority");
    let trusting = old.clone().trusting(&new);
    // It trusts both, and is trusted as long as its own authority is.
    let peer = cluster.enroll(Role::Region { node_id: 5 });
    renew(&peer, &trusting, 5);

    renew_all(&cluster, &mut nodes, &trusting).await;
    assert!(is_let_in(&nodes[0], &peer).await, "signed by the old one");
    renew_all(&cluster, &mut nodes, &new).await;
    assert!(is_let_in(&nodes[0], &peer).await, "both are trusted");
    renew_all(&cluster, &mut nodes, &new.alone()).await;
    assert!(!is_let_in(&nodes[0], &peer).await, "the old one is trusted no more");
    renew(&peer, &new.alone(), 5);
    assert!(is_let_in(&nodes[0], &peer).await, "signed by the new one");

    enough.cancel();
    assert!(writers.join_all().await.into_iter().all(|written| written > 0), "on every node");
    stop(nodes).await;
}
