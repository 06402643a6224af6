//! The answering side of the simulated network: what `network::server` is over gRPC.

use std::sync::Arc;

use futures::StreamExt;
use openraft::Snapshot;
use prost::Message;
use proto::raft as wire;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::network::Network;
use crate::network::convert;
use crate::node::Node;
use crate::state::SnapshotFile;
use crate::stored::StoredError;
use crate::types::{LeaderId, Member, Vote};

pub(super) async fn vote(
    node: Arc<Node>,
    request: wire::VoteRequest,
) -> Result<wire::VoteReply, String> {
    let vote = convert::vote_request_from_wire(request).map_err(unreadable)?;
    let reply = node.raft.vote(vote).await.map_err(stopped)?;
    Ok(convert::vote_reply_to_wire(&reply))
}

pub(super) async fn pre_vote(
    node: Arc<Node>,
    request: wire::VoteRequest,
) -> Result<wire::VoteReply, String> {
    let vote = convert::vote_request_from_wire(request).map_err(unreadable)?;
    let reply = node.raft.pre_vote(vote).await.map_err(stopped)?;
    Ok(convert::vote_reply_to_wire(&reply))
}

pub(super) async fn transfer_leader(
    node: Arc<Node>,
    request: wire::TransferLeaderRequest,
) -> Result<wire::TransferLeaderReply, String> {
    let transfer = convert::transfer_from_wire(request).map_err(unreadable)?;
    let reply = node.raft.handle_transfer_leader(transfer).await.map_err(stopped)?;
    Ok(convert::transferred_to_wire(reply))
}

/// Serves a stream of requests until either side ends it.
pub(super) async fn append(
    network: Network,
    (from, to): (u64, u64),
    node: Arc<Node>,
    requests: mpsc::UnboundedReceiver<(Option<Instant>, Vec<u8>)>,
    replies: mpsc::UnboundedSender<(Option<Instant>, wire::AppendReply)>,
) {
    let arriving = network.clone();
    let requests = futures::stream::unfold(requests, move |mut requests| {
        let network = arriving.clone();
        async move {
            let (arrives, content) = requests.recv().await?;
            network.arrival(from, to, arrives).await.ok()?;
            let request = wire::AppendRequest::decode(content.as_slice()).ok()?;
            Some((convert::append_from_wire(request).ok()?, requests))
        }
    });
    let mut served = Box::pin(node.raft.stream_append(Box::pin(requests)));
    while let Some(Ok(result)) = served.next().await {
        node.contact.appended(&result);
        let reply = convert::appended_to_wire(result);
        let arrives = network.send(to, from, &reply.encode_to_vec());
        if replies.send((arrives, reply)).is_err() {
            return;
        }
    }
}

/// Takes in a snapshot: a copy of the file under this node's folder, as a transfer leaves it.
pub(super) async fn install_snapshot(
    node: Arc<Node>,
    caller: u64,
    vote: Vote,
    snapshot: Snapshot<LeaderId, u64, Member, SnapshotFile>,
) -> Result<Vote, String> {
    let Ok(_one_at_a_time) = node.receiving.try_lock() else {
        return Err("another transfer of a snapshot is under way".to_owned());
    };
    let name = format!("from-{caller}-{:016x}.part", crate::runtime::random());
    let path = node.snapshots.join(name);
    let Snapshot { meta, snapshot: sent } = snapshot;
    let size_bytes = sent.size_bytes().map_err(|error| error.to_string())?;
    let length = usize::try_from(size_bytes).unwrap_or(usize::MAX);
    let content = sent.chunk(0, length).map_err(|error| error.to_string())?;
    std::fs::write(&path, content).map_err(|error| error.to_string())?;
    let (file, _) = SnapshotFile::open(&path).map_err(|error| error.to_string())?;
    let snapshot = Snapshot { meta, snapshot: file };
    let reply = node.raft.install_full_snapshot(vote, snapshot).await.map_err(stopped)?;
    node.contact.heard();
    // Normally it has its final name now; a snapshot that was not wanted goes.
    std::fs::remove_file(path).ok();
    Ok(reply.vote)
}

fn unreadable(error: StoredError) -> String {
    error.to_string()
}

fn stopped(error: impl std::fmt::Display) -> String {
    error.to_string()
}
