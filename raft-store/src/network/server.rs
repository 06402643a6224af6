//! The answering side of Raft's transport, and requests that other nodes forward to the leader.

use std::pin::Pin;
use std::sync::{Arc, Weak};

use futures::{Stream, StreamExt};
use openraft::Snapshot;
use proto::raft as wire;
use proto::raft::raft_server::{Raft, RaftServer};
use tonic::{Request, Response, Status, Streaming};

use super::convert;
use super::peer::MESSAGE_BYTES_MAX;
use super::receive::{self, Received};
use crate::node::Node;
use crate::stored::{self, StoredError};

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The gRPC service of a node; mount it on the region's mTLS server.
///
/// It does not keep the node open: connections may outlive it, and are refused then.
pub struct RaftService {
    node: Weak<Node>,
}

impl RaftService {
    pub(crate) fn of(node: &Arc<Node>) -> RaftServer<Self> {
        RaftServer::new(Self { node: Arc::downgrade(node) })
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// The node, if it runs and the request is meant for it and proven; and who calls.
    fn admit<T>(&self, request: &Request<T>) -> Result<(Arc<Node>, u64), Status> {
        let node = self.node.upgrade().ok_or_else(|| Status::unavailable("the node stopped"))?;
        let caller = node.peers.check(request)?;
        Ok((node, caller))
    }
}

#[tonic::async_trait]
impl Raft for RaftService {
    type AppendStream = Boxed<wire::AppendReply>;

    async fn append(
        &self,
        request: Request<Streaming<wire::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let (node, _) = self.admit(&request)?;
        // A request that cannot be read ends the stream; the leader begins another.
        let requests = request.into_inner().scan((), |(), request| {
            let readable = request.ok().and_then(|request| convert::append_from_wire(request).ok());
            std::future::ready(readable)
        });
        let replies = node.raft.stream_append(requests).map({
            let node = Arc::downgrade(&node);
            move |result| match result {
                Ok(result) => {
                    node.upgrade().inspect(|node| node.contact.appended(&result));
                    Ok(convert::appended_to_wire(result))
                }
                Err(fatal) => Err(Status::unavailable(fatal.to_string())),
            }
        });
        Ok(Response::new(Box::pin(replies)))
    }

    async fn vote(
        &self,
        request: Request<wire::VoteRequest>,
    ) -> Result<Response<wire::VoteReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let vote = convert::vote_request_from_wire(request.into_inner()).map_err(unreadable)?;
        let reply = node.raft.vote(vote).await.map_err(stopped)?;
        Ok(Response::new(convert::vote_reply_to_wire(&reply)))
    }

    async fn pre_vote(
        &self,
        request: Request<wire::VoteRequest>,
    ) -> Result<Response<wire::VoteReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let vote = convert::vote_request_from_wire(request.into_inner()).map_err(unreadable)?;
        let reply = node.raft.pre_vote(vote).await.map_err(stopped)?;
        Ok(Response::new(convert::vote_reply_to_wire(&reply)))
    }

    async fn snapshot_offset(
        &self,
        request: Request<wire::SnapshotOffer>,
    ) -> Result<Response<wire::SnapshotOffsetReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let offset = receive::offset(&node.snapshots, request.get_ref()).await;
        Ok(Response::new(wire::SnapshotOffsetReply { offset }))
    }

    async fn install_snapshot(
        &self,
        request: Request<Streaming<wire::SnapshotPart>>,
    ) -> Result<Response<wire::SnapshotReply>, Status> {
        let (node, caller) = self.admit(&request)?;
        let Ok(_one_at_a_time) = node.receiving.try_lock() else {
            return Err(Status::unavailable("another transfer of a snapshot is under way"));
        };
        let received = receive::receive(&node.snapshots, &node.disk, request.into_inner()).await?;
        let Received { vote, meta, file, path } = received;
        let index = meta.last_log_id.map_or(0, |log_id| log_id.index);
        tracing::info!(raft.index = index, "snapshot up to {index} received from node {caller}");
        let snapshot = Snapshot { meta, snapshot: file };
        // The installation goes on when the caller no longer waits, and needs the file.
        let reply = node.raft.install_full_snapshot(vote, snapshot).await.map_err(stopped)?;
        node.contact.heard();
        // Normally it has its final name now; a snapshot that was not wanted goes.
        drop(tokio::fs::remove_file(path).await);
        let vote = Some(stored::vote_to_wire(&reply.vote));
        Ok(Response::new(wire::SnapshotReply { vote }))
    }

    async fn transfer_leader(
        &self,
        request: Request<wire::TransferLeaderRequest>,
    ) -> Result<Response<wire::TransferLeaderReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let transfer = convert::transfer_from_wire(request.into_inner()).map_err(unreadable)?;
        let reply = node.raft.handle_transfer_leader(transfer).await.map_err(stopped)?;
        Ok(Response::new(convert::transferred_to_wire(reply)))
    }

    async fn transact(
        &self,
        request: Request<wire::TransactRequest>,
    ) -> Result<Response<wire::TransactReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let txn = request.into_inner().txn;
        let txn = txn.ok_or_else(|| unreadable(StoredError::Missing { field: "txn" }))?;
        let reply = node.answer_transact(vec![txn]).await.pop();
        Ok(Response::new(reply.unwrap_or_default()))
    }

    async fn transact_each(
        &self,
        request: Request<wire::TransactEachRequest>,
    ) -> Result<Response<wire::TransactEachReply>, Status> {
        let (node, _) = self.admit(&request)?;
        let replies = node.answer_transact(request.into_inner().txns).await;
        Ok(Response::new(wire::TransactEachReply { replies }))
    }

    async fn read_index(
        &self,
        request: Request<wire::ReadIndexRequest>,
    ) -> Result<Response<wire::ReadIndexReply>, Status> {
        let (node, _) = self.admit(&request)?;
        Ok(Response::new(node.answer_read_index().await))
    }

    async fn report(
        &self,
        request: Request<wire::ReportRequest>,
    ) -> Result<Response<wire::ReportReply>, Status> {
        let (node, _) = self.admit(&request)?;
        Ok(Response::new(node.report()))
    }
}

fn unreadable(error: StoredError) -> Status {
    Status::invalid_argument(error.to_string())
}

fn stopped(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}
