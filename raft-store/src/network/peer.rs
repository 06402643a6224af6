//! Connections to the other nodes: made once, shared, and kept apart by purpose.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::connect::default_endpoint;
use identity::{ExpectedPeer, Identity, PeerIdentity};
use proto::raft::raft_client::RaftClient;
use tonic::Request;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// Request metadata: the cluster of the caller.
const CLUSTER: &str = "ironraft-cluster";
/// Request metadata: the caller's node id.
const FROM: &str = "ironraft-from";
/// Request metadata: the node id that the caller means to reach.
const TO: &str = "ironraft-to";

/// The greatest message: one read of the log, or one entry of the greatest size.
pub(super) const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// How long a connection may take; a lost node must not hold up a vote.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const WINDOW_BYTES: u32 = 4 << 20;

/// What a connection is for: a long transfer must not delay a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Replication,
    Heartbeat,
    Snapshot,
    Requests,
}

/// Address and channel by node and purpose.
type Channels = BTreeMap<(u64, Purpose), (String, Channel)>;

/// The connections of a node; clones share them.
#[derive(Clone)]
pub(crate) struct Peers {
    cluster_id: Arc<str>,
    node_id: u64,
    identity: Identity,
    open: Arc<Mutex<Channels>>,
}

impl Peers {
    pub(crate) fn new(cluster_id: &str, node_id: u64, identity: Identity) -> Self {
        Self { cluster_id: cluster_id.into(), node_id, identity, open: Arc::default() }
    }

    /// A client of another node.
    pub(crate) fn client(
        &self,
        target: u64,
        address: &str,
        purpose: Purpose,
    ) -> RaftClient<Channel> {
        let mut open = self.open.lock().expect("no panic while locked");
        let channel = match open.get(&(target, purpose)) {
            Some((known, channel)) if known == address => channel.clone(),
            Some(_) | None => {
                let expected = ExpectedPeer::Region(target);
                let channel = self.identity.channel_with(endpoint(), address, expected);
                open.insert((target, purpose), (address.to_owned(), channel.clone()));
                channel
            }
        };
        RaftClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// A request that says who calls whom.
    pub(crate) fn request<T>(&self, target: u64, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        if let Ok(cluster) = MetadataValue::try_from(self.cluster_id.as_ref()) {
            metadata.insert(CLUSTER, cluster);
        }
        metadata.insert(FROM, MetadataValue::from(self.node_id));
        metadata.insert(TO, MetadataValue::from(target));
        request
    }

    /// Checks that a request is meant for this node of this cluster and that its caller is proven;
    /// returns the caller.
    pub(crate) fn check<T>(&self, request: &Request<T>) -> Result<u64, tonic::Status> {
        let metadata = request.metadata();
        let cluster = metadata.get(CLUSTER).and_then(|value| value.to_str().ok());
        if cluster != Some(self.cluster_id.as_ref()) {
            return Err(tonic::Status::permission_denied("the caller is of another cluster"));
        }
        if number(metadata, TO) != Some(self.node_id) {
            let reached = format!("this is node {}, and not the one that is meant", self.node_id);
            return Err(tonic::Status::failed_precondition(reached));
        }
        let caller = number(metadata, FROM)
            .ok_or_else(|| tonic::Status::permission_denied("the caller does not say who it is"))?;
        if !is_proven(request, &self.cluster_id, caller) {
            let unproven = format!("the caller is not proven to be node {caller}");
            return Err(tonic::Status::permission_denied(unproven));
        }
        Ok(caller)
    }
}

/// Whether the caller's certificate is of this region node of this cluster.
fn is_proven<T>(request: &Request<T>, cluster_id: &str, node_id: u64) -> bool {
    PeerIdentity::of(request)
        .is_some_and(|peer| peer.cluster_id == cluster_id && peer.node_id() == Some(node_id))
}

fn endpoint() -> Endpoint {
    default_endpoint()
        .connect_timeout(CONNECT_TIMEOUT)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
}

fn number(metadata: &MetadataMap, name: &str) -> Option<u64> {
    metadata.get(name)?.to_str().ok()?.parse().ok()
}
