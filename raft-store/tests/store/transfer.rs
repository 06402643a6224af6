//! The transfer of a snapshot goes on where it was interrupted, and takes in nothing damaged.

use identity::ExpectedPeer;
use proto::raft as wire;
use proto::raft::raft_client::RaftClient;
use proto::raft::snapshot_part::Part;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::support::{Cluster, Node, put, stop};

/// A node that sends a snapshot, badly.
struct Sender<'a> {
    cluster: &'a Cluster,
    client: RaftClient<Channel>,
}

impl<'a> Sender<'a> {
    fn new(cluster: &'a Cluster, to: &Node) -> Self {
        let address = to.address.to_string();
        let channel = cluster.identity(2).channel(&address, ExpectedPeer::Region(to.id));
        Self { cluster, client: RaftClient::new(channel) }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        let cluster_id = self.cluster.identity(2).cluster_id();
        metadata.insert("ironraft-cluster", cluster_id.parse().expect("ascii"));
        metadata.insert("ironraft-from", 2.into());
        metadata.insert("ironraft-to", 1.into());
        request
    }

    async fn offset(&mut self, offer: &wire::SnapshotOffer) -> u64 {
        let request = self.request(offer.clone());
        self.client.snapshot_offset(request).await.expect("offset").into_inner().offset
    }

    /// Sends the offer and chunks, and no more than that.
    async fn send(
        &mut self,
        offer: wire::SnapshotOffer,
        chunks: Vec<wire::SnapshotChunk>,
    ) -> Status {
        let parts = [Part::Offer(offer)].into_iter().chain(chunks.into_iter().map(Part::Chunk));
        let parts: Vec<_> = parts.map(|part| wire::SnapshotPart { part: Some(part) }).collect();
        let request = self.request(futures::stream::iter(parts));
        self.client.install_snapshot(request).await.expect_err("no snapshot")
    }
}

fn offer(id: u64, offset: u64) -> wire::SnapshotOffer {
    let log_id = wire::LogId { term: 1, node_id: 2, index: 50 };
    wire::SnapshotOffer {
        vote: Some(wire::VoteValue { term: 1, node_id: 2, committed: true }),
        last_log_id: Some(log_id),
        membership: None,
        size_bytes: 10,
        id,
        offset,
    }
}

fn chunk(data: &'static [u8]) -> wire::SnapshotChunk {
    wire::SnapshotChunk { crc: crc32fast::hash(data), data: data.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_transfer_goes_on_where_it_was() {
    let cluster = Cluster::new();
    let nodes = cluster.start_all(1).await;
    let mut sender = Sender::new(&cluster, &nodes[0]);
    assert_eq!(0, sender.offset(&offer(7, 0)).await);
    let cut_off = sender.send(offer(7, 0), vec![chunk(b"abc")]).await;
    assert_eq!((Code::DataLoss, 3), (cut_off.code(), sender.offset(&offer(7, 0)).await));
    let damaged = wire::SnapshotChunk { crc: 1, ..chunk(b"xyz") };
    let refused = sender.send(offer(7, 3), vec![chunk(b"de"), damaged]).await;
    assert!(refused.message().contains("damaged on its way"), "{refused}");
    assert_eq!(5, sender.offset(&offer(7, 0)).await, "the damaged chunk is not taken in");
    let hole = sender.send(offer(7, 8), vec![chunk(b"ij")]).await;
    assert_eq!(Code::OutOfRange, hole.code());
    // All bytes are there, and they are no snapshot: the next transfer begins anew.
    let nonsense = sender.send(offer(7, 5), vec![chunk(b"fghij")]).await;
    assert_eq!((Code::DataLoss, 0), (nonsense.code(), sender.offset(&offer(7, 0)).await));
    sender.send(offer(7, 0), vec![chunk(b"abc")]).await;
    assert_eq!(0, sender.offset(&offer(8, 0)).await, "another snapshot of the same entry");
    sender.send(offer(8, 0), vec![chunk(b"a")]).await;
    assert_eq!(0, sender.offset(&offer(7, 0)).await, "parts of older ones are removed");
    nodes[0].store.transact(put("a", "1")).await.expect("the node works on");
    stop(nodes).await;
}
