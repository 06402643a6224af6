//! Keeps a node's certificate as the cluster wants it: the node says what it has, and asks for a new
//! certificate when two thirds of its time are over or the cluster's authorities are others.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, SystemTime};

use crate::authority::IssuedCertificate;
use crate::node::{Identity, NodeRequest};
use crate::rotation::Holding;

/// The cluster, as a node asks it about its certificate.
pub trait Registrar: Sync {
    /// Why it does not answer, or refuses.
    type Refusal: Display + Send;

    /// Says what the node has; the answer is whether it is to get a new certificate now.
    fn report(&self, holding: Holding) -> impl Future<Output = Result<bool, Self::Refusal>> + Send;

    /// Brings a certificate request (PEM) to the cluster.
    fn renew(
        &self,
        request_pem: String,
    ) -> impl Future<Output = Result<IssuedCertificate, Self::Refusal>> + Send;
}

/// Runs until cancelled (dropped): reports every `interval`, and renews when it is time. What fails
/// is tried again after `interval`.
pub async fn run(identity: Identity, interval: Duration, registrar: impl Registrar) {
    let mut ticks = tokio::time::interval(interval);
    let mut last_failure = None;
    loop {
        ticks.tick().await;
        let outcome = keep(&identity, &registrar).await;
        if let Err(error) = &outcome
            && last_failure.as_ref() != Some(error)
        {
            tracing::warn!(node = %identity.own(), error, "cannot renew the certificate, trying again");
        }
        last_failure = outcome.err();
    }
}

/// Renews, if it is time, and says so to the cluster.
async fn keep(identity: &Identity, registrar: &impl Registrar) -> Result<(), String> {
    let outdated = registrar.report(identity.holding()).await.unwrap_or_else(|error| {
        tracing::debug!(node = %identity.own(), %error, "certificate not reported");
        false
    });
    if !outdated && !identity.renewal_due(SystemTime::now()) {
        return Ok(());
    }
    let request = NodeRequest::create().map_err(|error| error.to_string())?;
    let issued = registrar.renew(request.request_pem.clone()).await;
    let issued = issued.map_err(|error| error.to_string())?;
    identity.renew(&request, &issued).map_err(|error| error.to_string())?;
    let issuer = crate::rotation::short(&identity.holding().issuer).to_owned();
    tracing::info!(node = %identity.own(), issuer, "certificate renewed");
    let reported = registrar.report(identity.holding()).await;
    reported.map(|_| ()).or_else(|error| {
        tracing::debug!(node = %identity.own(), %error, "certificate not reported");
        Ok(())
    })
}
