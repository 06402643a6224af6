//! Keeps the rack's certificate fresh: any region of the cluster renews it.

use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::{ExpectedPeer, Identity, renewal};
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;
use tonic::Status;

use crate::uplink::Uplink;

/// Looks at the certificate every `interval` and renews it when it is time, at the region that the
/// session is with or at any other, `seeds` (`host:port` of gRPC) last. Runs until dropped.
pub async fn keep(identity: Identity, seeds: Vec<String>, uplink: Uplink, interval: Duration) {
    let ask = |request_pem: String| {
        let mut addresses = uplink.grpc_addresses();
        addresses.extend(
            seeds.iter().filter(|seed| !addresses.contains(seed)).cloned().collect::<Vec<_>>(),
        );
        renew_at_any(identity.clone(), addresses, request_pem)
    };
    renewal::run(identity.clone(), interval, ask).await;
}

async fn renew_at_any(
    identity: Identity,
    addresses: Vec<String>,
    request_pem: String,
) -> Result<IssuedCertificate, Status> {
    let mut refused = Status::unavailable("no region is known");
    for address in addresses {
        let channel = identity.channel(&address, ExpectedPeer::AnyRegion);
        let request = RenewRequest { request_pem: request_pem.clone() };
        match ClusterClient::new(channel).renew(request).await {
            Ok(reply) => {
                let reply = reply.into_inner();
                let (chain_pem, authorities_pem) = (reply.chain_pem, reply.authorities_pem);
                return Ok(IssuedCertificate { chain_pem, authorities_pem });
            }
            Err(status) => refused = status,
        }
    }
    Err(refused)
}
