//! Connections to the other nodes: made once, shared, and kept apart by purpose.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use proto::raft::raft_client::RaftClient;
use tonic::Request;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;

use super::{CLUSTER, Connector, FROM, MESSAGE_BYTES_MAX, TO};

/// What a connection is for: a long transfer must not delay a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Replication,
    Heartbeat,
    Snapshot,
    Requests,
}

/// The connections of a node; clones share them.
#[derive(Clone)]
pub(crate) struct Peers {
    cluster_id: Arc<str>,
    node_id: u64,
    connector: Arc<dyn Connector>,
    open: Arc<Mutex<BTreeMap<(u64, Purpose), (String, Channel)>>>,
}

impl Peers {
    pub(crate) fn new(cluster_id: &str, node_id: u64, connector: Arc<dyn Connector>) -> Self {
        Self { cluster_id: cluster_id.into(), node_id, connector, open: Arc::default() }
    }

    /// A client of another node.
    pub(crate) fn client(
        &self,
        target: u64,
        address: &str,
        purpose: Purpose,
    ) -> io::Result<RaftClient<Channel>> {
        let mut open = self.open.lock().expect("no panic while locked");
        let channel = match open.get(&(target, purpose)) {
            Some((known, channel)) if known == address => channel.clone(),
            Some(_) | None => {
                let channel = self.connector.channel(target, address)?;
                open.insert((target, purpose), (address.to_owned(), channel.clone()));
                channel
            }
        };
        let client = RaftClient::new(channel);
        Ok(client
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX))
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
        if !self.connector.proves(request.extensions(), &self.cluster_id, caller) {
            let unproven = format!("the caller is not proven to be node {caller}");
            return Err(tonic::Status::permission_denied(unproven));
        }
        Ok(caller)
    }
}

fn number(metadata: &MetadataMap, name: &str) -> Option<u64> {
    metadata.get(name)?.to_str().ok()?.parse().ok()
}
