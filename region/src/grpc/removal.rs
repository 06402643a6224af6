//! Whether this region was taken out of the cluster: it asks the others.
//!
//! A removed node hears nothing any more, least of all the entry that removed it, and would go on as
//! one that waits for a leader. The others know, because ids of removed nodes are replicated.

use std::time::Duration;

use identity::{ExpectedPeer, Identity};
use model::controller::RegionController;
use proto::cluster::IsRemovedRequest;
use proto::cluster::cluster_client::ClusterClient;
use tokio::time::timeout;

use crate::grpc::cluster::peer_of;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::Tables;

/// How often one of the others is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long it has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Returns when a member says that the region node `own` was removed.
pub async fn removed(tables: Tables, identity: Identity, own: u64) {
    let mut ticks = tokio::time::interval(INTERVAL);
    for turn in 0.. {
        ticks.tick().await;
        if tables.store().is_removed(own) {
            return;
        }
        match others(&tables, own).await {
            Ok(others) if others.is_empty() => {}
            Ok(others) => {
                let (node_id, address) = &others[turn % others.len()];
                if says_so(&identity, *node_id, address).await {
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "the other regions are not known"),
        }
    }
}

/// The other regions that this node knows of, with the addresses of their gRPC.
async fn others(tables: &Tables, own: u64) -> Result<Vec<(u64, String)>, TableError> {
    let regions = tables.stale_view().await?.list::<RegionController>()?;
    let others = regions.iter().filter(|region| region.node_id != own);
    Ok(others.map(|region| (region.node_id, peer_of(region).grpc)).collect())
}

async fn says_so(identity: &Identity, node_id: u64, address: &str) -> bool {
    let channel = identity.channel(address, ExpectedPeer::Region(node_id));
    let mut client = ClusterClient::new(channel);
    match timeout(ANSWER_MAX, client.is_removed(IsRemovedRequest {})).await {
        Ok(Ok(reply)) => reply.into_inner().removed,
        Ok(Err(status)) => {
            tracing::debug!(%status, "region node {node_id} does not answer");
            false
        }
        Err(_) => false,
    }
}
