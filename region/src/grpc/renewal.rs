//! Keeps this region's certificate as the cluster wants it: it asks its own services, as any node
//! does.

use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::renewal::Registrar;
use identity::rotation::Holding;
use identity::{ExpectedPeer, Identity, renewal};
use proto::authority::authority_client::AuthorityClient;
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::grpc::authority::pack;

/// Looks at the certificate every `interval` and renews it at `own_grpc` (`ip:port`) when it is
/// time. Runs until dropped.
pub async fn keep_certificate(identity: Identity, own_grpc: &str, interval: Duration) {
    let channel = identity.channel(own_grpc, ExpectedPeer::AnyRegion);
    renewal::run(identity, interval, OwnServices { channel }).await;
}

struct OwnServices {
    channel: Channel,
}

impl Registrar for OwnServices {
    type Refusal = Status;

    async fn report(&self, holding: Holding) -> Result<bool, Status> {
        let mut client = AuthorityClient::new(self.channel.clone());
        Ok(client.report(pack(holding)).await?.into_inner().renew)
    }

    async fn renew(&self, request_pem: String) -> Result<IssuedCertificate, Status> {
        let mut client = ClusterClient::new(self.channel.clone());
        let reply = client.renew(RenewRequest { request_pem }).await?.into_inner();
        let (chain_pem, authorities_pem) = (reply.chain_pem, reply.authorities_pem);
        Ok(IssuedCertificate { chain_pem, authorities_pem })
    }
}
