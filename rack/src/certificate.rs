//! Keeps the rack's certificate as the cluster wants it: any region of the cluster renews it.

use std::time::Duration;

use identity::authority::IssuedCertificate;
use identity::renewal::Registrar;
use identity::rotation::Holding;
use identity::{ExpectedPeer, Identity, renewal};
use proto::authority as wire;
use proto::authority::authority_client::AuthorityClient;
use proto::cluster::RenewRequest;
use proto::cluster::cluster_client::ClusterClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::uplink::Uplink;

/// Looks at the certificate every `interval` and renews it when it is time, at the region that the
/// session is with or at any other, `seeds` (`host:port` of gRPC) last. Runs until dropped.
pub async fn keep(identity: Identity, seeds: Vec<String>, uplink: Uplink, interval: Duration) {
    let regions = AnyRegion { identity: identity.clone(), seeds, uplink };
    renewal::run(identity, interval, regions).await;
}

struct AnyRegion {
    identity: Identity,
    seeds: Vec<String>,
    uplink: Uplink,
}

impl AnyRegion {
    /// The first answer of a region.
    async fn ask<R, F>(&self, question: impl Fn(Channel) -> F) -> Result<R, Status>
    where
        F: Future<Output = Result<R, Status>>,
    {
        let mut addresses = self.uplink.grpc_addresses();
        let others: Vec<_> = self.seeds.iter().filter(|seed| !addresses.contains(seed)).collect();
        addresses.extend(others.into_iter().cloned());
        let mut refused = Status::unavailable("no region is known");
        for address in addresses {
            match question(self.identity.channel(&address, ExpectedPeer::AnyRegion)).await {
                Ok(answer) => return Ok(answer),
                Err(status) => refused = status,
            }
        }
        Err(refused)
    }
}

impl Registrar for AnyRegion {
    type Refusal = Status;

    async fn report(&self, holding: Holding) -> Result<bool, Status> {
        let Holding { issuer, trusted, expires_ms } = holding;
        let holding = wire::Holding { issuer, trusted: trusted.into_iter().collect(), expires_ms };
        self.ask(move |channel| {
            let holding = holding.clone();
            async move {
                let reply = AuthorityClient::new(channel).report(holding).await?;
                Ok(reply.into_inner().renew)
            }
        })
        .await
    }

    async fn renew(&self, request_pem: String) -> Result<IssuedCertificate, Status> {
        self.ask(move |channel| {
            let request = RenewRequest { request_pem: request_pem.clone() };
            async move {
                let reply = ClusterClient::new(channel).renew(request).await?.into_inner();
                let (chain_pem, authorities_pem) = (reply.chain_pem, reply.authorities_pem);
                Ok(IssuedCertificate { chain_pem, authorities_pem })
            }
        })
        .await
    }
}
