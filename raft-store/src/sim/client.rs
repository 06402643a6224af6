//! The calling side of the simulated network: what `network::client` is over gRPC.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{BoxFuture, Either};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{
    Backoff, NetBackoff, NetSnapshot, NetStreamAppend, NetTransferLeader, NetVote, RPCOption,
    RaftNetworkFactory,
};
use openraft::raft::{
    AppendEntriesRequest, SnapshotResponse, StreamAppendResult, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{AsyncRuntime, OptionalSend, Snapshot};
use openraft_rt_tokio::TokioRuntime;
use prost::Message;
use proto::raft as wire;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::network::{Network, Target};
use super::server;
use crate::network::client::{BACKOFF, IDLE_MIN};
use crate::network::convert;
use crate::network::hold::{RemoteRequests, hold};
use crate::network::requests::Requests;
use crate::node::Node;
use crate::runtime::{clock, scoped};
use crate::state::SnapshotFile;
use crate::types::{LeaderId, Member, TypeConfig, Vote};

type RpcError = RPCError<TypeConfig>;
type Appended = Result<StreamAppendResult<TypeConfig>, RpcError>;

/// Makes the clients that openraft asks for.
pub(super) struct Factory {
    pub(super) network: Network,
    pub(super) from: u64,
    pub(super) remote_requests: RemoteRequests,
}

impl RaftNetworkFactory<TypeConfig> for Factory {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, _: &Member) -> Peer {
        let holding = Some(self.remote_requests.clone());
        Peer { network: self.network.clone(), from: self.from, to: target, holding }
    }

    async fn new_heartbeat_client(&mut self, target: u64, _: &Member) -> Peer {
        Peer { network: self.network.clone(), from: self.from, to: target, holding: None }
    }
}

/// Another node.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) network: Network,
    pub(super) from: u64,
    pub(super) to: u64,
    /// Given when what is committed travels with entries.
    pub(super) holding: Option<RemoteRequests>,
}

impl Peer {
    /// Sends a message, has it served as a task of the other node, and waits for the reply.
    async fn call<Q, R>(&self, request: Q, serve: Serve<Q, R>) -> Result<R, String>
    where
        Q: Message + Default,
        R: Message + 'static,
    {
        let content = request.encode_to_vec();
        let arrives = self.network.send(self.from, self.to, &content);
        self.network.arrival(self.from, self.to, arrives).await?;
        let Target { process, node } =
            self.network.target(self.to).ok_or("the connection is refused")?;
        let request = Q::decode(content.as_slice()).map_err(|error| error.to_string())?;
        let serving = serve(node, request);
        let (done, served) = oneshot::channel();
        // It belongs to the other process, and goes on when the caller gives up.
        TokioRuntime::spawn(async move { done.send(process.run(serving).await).is_ok() });
        let reply = served.await.map_err(|_| "the connection is reset".to_owned())?;
        let reply = reply.map_err(|ended| ended.to_string())??;
        let arrives = self.network.send(self.to, self.from, &reply.encode_to_vec());
        self.network.arrival(self.to, self.from, arrives).await?;
        Ok(reply)
    }

    async fn ask_vote(
        &self,
        request: VoteRequest<TypeConfig>,
        serve: Serve<wire::VoteRequest, wire::VoteReply>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let request = convert::vote_request_to_wire(&request);
        let reply = within(option.soft_ttl(), self.call(request, serve)).await?;
        if self.network.doubled() {
            // A late second copy must change nothing.
            let again = self.clone();
            TokioRuntime::spawn(scoped(async move { again.call(request, serve).await.is_ok() }));
        }
        convert::vote_reply_from_wire(reply).map_err(|error| unreachable(&error.to_string()))
    }
}

type Serve<Q, R> = fn(Arc<Node>, Q) -> BoxFuture<'static, Result<R, String>>;

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
        self.ask_vote(request, |node, request| Box::pin(server::vote(node, request)), option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let serve =
            |node, request| -> BoxFuture<'static, _> { Box::pin(server::pre_vote(node, request)) };
        self.ask_vote(request, serve, option).await
    }
}

impl NetTransferLeader<TypeConfig> for Peer {
    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RpcError> {
        let call = self.call(convert::transfer_to_wire(&request), |node, request| {
            Box::pin(server::transfer_leader(node, request))
        });
        let reply = within(option.soft_ttl(), call).await?;
        convert::transferred_from_wire(reply).map_err(|error| unreachable(&error.to_string()))
    }
}

/// A message of a stream with the moment it arrives; none when it is lost.
type Timed<T> = (Option<Instant>, T);

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
            // openraft backs off inside `input`.
            let mut input = input.peekable();
            if Pin::new(&mut input).peek().await.is_none() {
                return Ok(futures::stream::empty().boxed());
            }
            let Some(target) = self.network.target(self.to) else {
                clock::sleep(IDLE_MIN / 10).await;
                return Err(unreachable("the connection is refused"));
            };
            let (requests, incoming) = mpsc::unbounded_channel();
            let (outgoing, replies) = mpsc::unbounded_channel();
            let link = (self.from, self.to);
            let network = self.network.clone();
            let serving = server::append(network, link, target.node, incoming, outgoing);
            TokioRuntime::spawn(async move { target.process.run(serving).await.is_ok() });
            let sent = Arc::new(Sent::default());
            let input = match &self.holding {
                Some(remote_requests) => Either::Left(hold(input, remote_requests).boxed()),
                None => Either::Right(input),
            };
            let pump = pump(self.network.clone(), link, input, requests, Arc::clone(&sent));
            let mut pumping = JoinSet::new();
            pumping.spawn(scoped(pump));
            let replies = Replies {
                network: self.network.clone(),
                from: self.to,
                to: self.from,
                replies,
                sent,
                received: 0,
                idle: option.soft_ttl().max(IDLE_MIN),
                _pumping: pumping,
            };
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

/// Sends the requests of a stream, in their order.
async fn pump(
    network: Network,
    (from, to): (u64, u64),
    mut input: impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Unpin,
    requests: mpsc::UnboundedSender<Timed<Vec<u8>>>,
    sent: Arc<Sent>,
) {
    while let Some(request) = input.next().await {
        sent.count.fetch_add(1, Ordering::Relaxed);
        let content = convert::append_to_wire(&request).encode_to_vec();
        let arrives = network.send(from, to, &content);
        if requests.send((arrives, content)).is_err() {
            return;
        }
    }
    sent.ended.store(true, Ordering::Relaxed);
}

/// What was sent in a stream.
#[derive(Default)]
struct Sent {
    count: AtomicU64,
    ended: AtomicBool,
}

impl Sent {
    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether nothing more is sent, and everything was answered.
    fn is_all(&self, received: u64) -> bool {
        self.ended.load(Ordering::Relaxed) && self.count() == received
    }
}

/// The replies to a stream of requests.
struct Replies {
    network: Network,
    from: u64,
    to: u64,
    replies: mpsc::UnboundedReceiver<Timed<wire::AppendReply>>,
    sent: Arc<Sent>,
    received: u64,
    idle: Duration,
    /// Ends with the stream.
    _pumping: JoinSet<()>,
}

impl Replies {
    /// The next reply; an error when one is owed for the whole of two idle times.
    async fn next(&mut self) -> Option<Appended> {
        let mut owed_before = false;
        loop {
            let arrival = async {
                let Some((arrives, reply)) = self.replies.recv().await else { return Ok(None) };
                self.network.arrival(self.from, self.to, arrives).await?;
                Ok::<_, String>(Some(reply))
            };
            match clock::timeout(self.idle, arrival).await {
                Ok(Ok(Some(reply))) => {
                    self.received += 1;
                    let reply = convert::appended_from_wire(reply);
                    return Some(reply.map_err(|error| unreachable(&error.to_string())));
                }
                Ok(Ok(None)) if self.sent.is_all(self.received) => return None,
                Ok(Ok(None)) => return Some(Err(unreachable("the connection is reset"))),
                Ok(Err(lost)) => return Some(Err(unreachable(&lost))),
                Err(_) => {
                    let owed = self.sent.count() > self.received;
                    if owed && owed_before {
                        return Some(Err(unreachable("the peer does not answer")));
                    }
                    owed_before = owed;
                }
            }
        }
    }
}

impl NetSnapshot<TypeConfig> for Peer {
    type SnapshotData = SnapshotFile;

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot<LeaderId, u64, Member, SnapshotFile>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let unreachable =
            |reason: &str| StreamingError::Unreachable(Unreachable::from_string(reason));
        let call = async {
            let arrives = self.network.send(self.from, self.to, b"snapshot");
            self.network.arrival(self.from, self.to, arrives).await?;
            let Target { process, node } =
                self.network.target(self.to).ok_or("the connection is refused")?;
            let serving = server::install_snapshot(node, self.from, vote, snapshot);
            let reply = process.run(serving).await.map_err(|ended| ended.to_string())??;
            let arrives = self.network.send(self.to, self.from, b"installed");
            self.network.arrival(self.to, self.from, arrives).await?;
            Ok::<Vote, String>(reply)
        };
        tokio::select! {
            biased;
            closed = cancel => Err(StreamingError::Closed(closed)),
            reply = clock::timeout(option.soft_ttl(), call) => match reply {
                Ok(Ok(vote)) => Ok(SnapshotResponse::new(vote)),
                Ok(Err(reason)) => Err(unreachable(&reason)),
                Err(_) => Err(unreachable("the peer does not answer")),
            },
        }
    }
}

impl Requests for Peer {
    fn transact<'a>(
        &'a self,
        to: u64,
        _: &'a str,
        txns: Vec<wire::Txn>,
    ) -> BoxFuture<'a, Result<Vec<wire::TransactReply>, String>> {
        let peer = Self { to, ..self.clone() };
        Box::pin(async move {
            let serve = |node: Arc<Node>, request: wire::TransactEachRequest| -> BoxFuture<'_, _> {
                Box::pin(async move {
                    let replies = node.answer_transact(request.txns).await;
                    Ok(wire::TransactEachReply { replies })
                })
            };
            Ok(peer.call(wire::TransactEachRequest { txns }, serve).await?.replies)
        })
    }

    fn read_index<'a>(
        &'a self,
        to: u64,
        _: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReadIndexReply, String>> {
        let peer = Self { to, ..self.clone() };
        Box::pin(async move {
            let serve = |node: Arc<Node>, _| -> BoxFuture<'static, _> {
                Box::pin(async move { Ok(node.answer_read_index().await) })
            };
            peer.call(wire::ReadIndexRequest {}, serve).await
        })
    }

    fn report<'a>(
        &'a self,
        to: u64,
        _: &'a str,
    ) -> BoxFuture<'a, Result<wire::ReportReply, String>> {
        let peer = Self { to, ..self.clone() };
        Box::pin(async move {
            let serve = |node: Arc<Node>, _| -> BoxFuture<'static, _> {
                Box::pin(async move { Ok(node.report()) })
            };
            peer.call(wire::ReportRequest {}, serve).await
        })
    }
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, String>>,
) -> Result<T, RpcError> {
    match clock::timeout(limit, call).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(reason)) => Err(unreachable(&reason)),
        Err(_) => Err(unreachable("the peer does not answer")),
    }
}

fn unreachable(reason: &str) -> RpcError {
    RPCError::Unreachable(Unreachable::from_string(reason))
}
