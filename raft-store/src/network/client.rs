//! The calling side of Raft's transport.
//!
//! Each call has a deadline of its own, because a reply that never comes would stop replication for
//! ever. A node that cannot be reached is `Unreachable`, so that openraft backs off.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::Either;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::base::BoxFuture;
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{
    Backoff, NetBackoff, NetSnapshot, NetStreamAppend, NetTransferLeader, NetVote, RPCOption,
    RaftNetworkFactory,
};
use openraft::raft::{
    AppendEntriesRequest, SnapshotResponse, StreamAppendResult, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, Snapshot};
use proto::raft as wire;
use proto::raft::raft_client::RaftClient;
use tonic::transport::Channel;

use super::heartbeat::Heartbeats;
use super::hold::{RemoteRequests, hold};
use super::peer::{Peers, Purpose};
use super::{convert, send};
use crate::metrics::{Histogram, Stages};
use crate::state::{SnapshotFile, Transfers};
use crate::stored;
use crate::types::{Member, TypeConfig, Vote};

type RpcError = RPCError<TypeConfig>;
type Appended = Result<StreamAppendResult<TypeConfig>, RpcError>;

/// The shortest time after which a stream without progress is given up.
pub(crate) const IDLE_MIN: Duration = Duration::from_millis(500);
/// How long to wait before a node that was not reached is called again.
pub(crate) const BACKOFF: Duration = Duration::from_millis(100);

/// Makes the clients that openraft asks for.
pub(crate) struct Network {
    peers: Peers,
    transfers: Transfers,
    stages: Arc<Stages>,
    remote_requests: RemoteRequests,
}

impl Network {
    pub(crate) fn new(
        peers: Peers,
        transfers: Transfers,
        stages: Arc<Stages>,
        remote_requests: RemoteRequests,
    ) -> Self {
        Self { peers, transfers, stages, remote_requests }
    }

    fn peer(&self, target: u64, member: &Member, purpose: Purpose) -> Peer {
        let (peers, transfers) = (self.peers.clone(), self.transfers.clone());
        let (stages, remote_requests) = (Arc::clone(&self.stages), self.remote_requests.clone());
        Peer {
            peers,
            transfers,
            stages,
            remote_requests,
            target,
            address: member.address.clone(),
            purpose,
            heartbeats: Heartbeats::default(),
        }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, member: &Member) -> Peer {
        self.peer(target, member, Purpose::Replication)
    }

    async fn new_heartbeat_client(&mut self, target: u64, member: &Member) -> Peer {
        self.peer(target, member, Purpose::Heartbeat)
    }

    async fn new_snapshot_client(&mut self, target: u64, member: &Member) -> Peer {
        self.peer(target, member, Purpose::Snapshot)
    }
}

/// Another node.
pub(crate) struct Peer {
    peers: Peers,
    transfers: Transfers,
    pub(super) stages: Arc<Stages>,
    remote_requests: RemoteRequests,
    target: u64,
    address: String,
    purpose: Purpose,
    heartbeats: Heartbeats,
}

impl Peer {
    pub(super) fn client(&self) -> RaftClient<Channel> {
        self.peers.client(self.target, &self.address, self.purpose)
    }

    /// A request that says who calls whom.
    pub(super) fn request<T>(&self, message: T) -> tonic::Request<T> {
        self.peers.request(self.target, message)
    }

    /// Where its answers are timed; those to heartbeats, which bring nothing to disk, are not.
    fn timed(&self) -> Arc<Histogram> {
        match self.purpose {
            Purpose::Replication => self.stages.replication.to(self.target),
            Purpose::Heartbeat | Purpose::Snapshot | Purpose::Requests => Arc::default(),
        }
    }

    async fn ask_vote(
        &self,
        request: VoteRequest<TypeConfig>,
        pre_vote: bool,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let mut client = self.client();
        let request = self.peers.request(self.target, convert::vote_request_to_wire(&request));
        let call = async {
            if pre_vote { client.pre_vote(request).await } else { client.vote(request).await }
        };
        let reply = within(option.soft_ttl(), call).await?;
        convert::vote_reply_from_wire(reply).map_err(|error| unreadable(&error))
    }
}

impl NetBackoff<TypeConfig> for Peer {
    fn backoff(&self) -> Option<Backoff> {
        Some(Backoff::new(std::iter::repeat(BACKOFF)))
    }
}

impl NetVote<TypeConfig> for Peer {
    async fn vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        self.ask_vote(request, false, option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        self.ask_vote(request, true, option).await
    }
}

impl NetTransferLeader<TypeConfig> for Peer {
    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RpcError> {
        let mut client = self.client();
        let request = self.peers.request(self.target, convert::transfer_to_wire(&request));
        let reply = within(option.soft_ttl(), client.transfer_leader(request)).await?;
        convert::transferred_from_wire(reply).map_err(|error| unreadable(&error))
    }
}

impl NetStreamAppend<TypeConfig> for Peer {
    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        option: RPCOption,
    ) -> BoxFuture<'s, Result<BoxStream<'s, Appended>, RpcError>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + Unpin + 'static,
    {
        let start = async move {
            // openraft backs off inside `input`: to call before it has a request would call a node
            // that is down again and again without a pause.
            let mut input = input.peekable();
            if Pin::new(&mut input).peek().await.is_none() {
                return Ok(futures::stream::empty().boxed());
            }
            let idle = option.soft_ttl().max(IDLE_MIN);
            if self.purpose == Purpose::Heartbeat {
                return Ok(self.beat(input, idle).boxed());
            }
            let mut client = self.client();
            let sent = Sent::default();
            let (noted, timed) = (Arc::clone(&sent), self.timed());
            let input = match self.purpose {
                Purpose::Replication => Either::Left(hold(input, &self.remote_requests)),
                Purpose::Heartbeat | Purpose::Snapshot | Purpose::Requests => Either::Right(input),
            };
            let requests = input.map(move |request| {
                noted.lock().expect("no panic while locked").push_back(Instant::now());
                convert::append_to_wire(&request)
            });
            let request = self.peers.request(self.target, requests);
            let replies = within(idle, client.append(request)).await?;
            let replies = Replies { replies, sent, timed, idle };
            let stream = futures::stream::unfold(Some(replies), |replies| async move {
                let mut replies = replies?;
                let item = replies.next().await?;
                let rest = matches!(item, Ok(Ok(_))).then_some(replies);
                Some((item, rest))
            });
            Ok(stream.boxed())
        };
        Box::pin(start)
    }
}

impl Peer {
    /// Sends heartbeats one by one, each after the answer to the one before.
    fn beat<'s>(
        &'s mut self,
        input: impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
        idle: Duration,
    ) -> impl Stream<Item = Appended> + Send + 's {
        futures::stream::unfold(Some((self, input)), move |rest| async move {
            let (peer, mut input) = rest?;
            let message = convert::append_to_wire(&input.next().await?);
            let (peers, target, client) = (peer.peers.clone(), peer.target, peer.client());
            let open = async move |messages| {
                let mut client = client;
                client.append(peers.request(target, messages)).await
            };
            let answer = tokio::time::timeout(idle, peer.heartbeats.send(message, open)).await;
            let answer = match answer {
                Ok(Ok(reply)) => {
                    convert::appended_from_wire(reply).map_err(|error| unreadable(&error))
                }
                Ok(Err(status)) => Err(failed(&status)),
                Err(_) => Err(unreachable("the peer does not answer")),
            };
            if !matches!(answer, Ok(Ok(_))) {
                peer.heartbeats.close();
            }
            let rest = matches!(answer, Ok(Ok(_))).then_some((peer, input));
            Some((answer, rest))
        })
    }
}

/// When the requests were sent that were not answered yet.
type Sent = Arc<Mutex<VecDeque<Instant>>>;

/// The replies to a stream of requests.
struct Replies {
    replies: tonic::Streaming<wire::AppendReply>,
    sent: Sent,
    timed: Arc<Histogram>,
    idle: Duration,
}

impl Replies {
    /// The next reply. A stream without open requests may rest; one that owes a reply for the whole
    /// of two idle times is broken.
    async fn next(&mut self) -> Option<Appended> {
        let mut owed_before = false;
        let reply = loop {
            match tokio::time::timeout(self.idle, self.replies.message()).await {
                Ok(reply) => break reply,
                Err(_) => {
                    let owed = !self.sent.lock().expect("no panic while locked").is_empty();
                    if owed && owed_before {
                        return Some(Err(unreachable("the peer does not answer")));
                    }
                    owed_before = owed;
                }
            }
        };
        let sent = self.sent.lock().expect("no panic while locked").pop_front();
        match reply {
            Ok(reply) => {
                self.timed.record_time(sent.map(|sent| sent.elapsed()).unwrap_or_default());
                Some(convert::appended_from_wire(reply?).map_err(|error| unreadable(&error)))
            }
            Err(status) => Some(Err(failed(&status))),
        }
    }
}

impl NetSnapshot<TypeConfig> for Peer {
    type SnapshotData = SnapshotFile;

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<crate::types::LeaderId, u64, Member, SnapshotFile>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let _held_back = self.transfers.begin();
        send::send(self, vote, snapshot, cancel, option.hard_ttl()).await
    }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, RpcError> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(failed(&status)),
        Err(_) => Err(unreachable("the peer does not answer")),
    }
}

fn failed(status: &tonic::Status) -> RpcError {
    RPCError::Unreachable(Unreachable::from_string(identity::reason::of_status(status)))
}

fn unreachable(reason: &str) -> RpcError {
    RPCError::Unreachable(Unreachable::from_string(reason))
}

fn unreadable(error: &stored::StoredError) -> RpcError {
    RPCError::Network(NetworkError::new(error))
}
