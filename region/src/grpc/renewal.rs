//! Keeps this region's certificate fresh: it asks its own cluster service, as any node does.

use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::{ExpectedPeer, Identity, renewal};
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;

/// Looks at the certificate every `interval` and renews it at `own_grpc` (`ip:port`) when it is
/// time. Runs until dropped.
pub async fn keep_certificate(identity: Identity, own_grpc: &str, interval: Duration) {
    let channel = identity.channel(own_grpc, ExpectedPeer::AnyRegion);
    let ask = |request_pem: String| {
        let mut client = ClusterClient::new(channel.clone());
        async move {
            let reply = client.renew(RenewRequest { request_pem }).await?.into_inner();
            let (chain_pem, authorities_pem) = (reply.chain_pem, reply.authorities_pem);
            Ok::<_, tonic::Status>(IssuedCertificate { chain_pem, authorities_pem })
        }
    };
    renewal::run(identity, interval, ask).await;
}
