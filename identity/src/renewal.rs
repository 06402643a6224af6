//! Keeps a node's certificate fresh: asks for a new one when two thirds of its time are over.

use std::fmt::Display;
use std::future::Future;
use std::time::{Duration, SystemTime};

use crate::authority::IssuedCertificate;
use crate::node::{Identity, NodeRequest};

/// Runs until cancelled (dropped). `ask` brings a certificate request (PEM) to the cluster; when it
/// fails it is asked again after `interval`, and so on until the certificate is renewed.
pub async fn run<A, F, E>(identity: Identity, interval: Duration, ask: A)
where
    A: Fn(String) -> F,
    F: Future<Output = Result<IssuedCertificate, E>>,
    E: Display,
{
    let mut ticks = tokio::time::interval(interval);
    loop {
        ticks.tick().await;
        if !identity.renewal_due(SystemTime::now()) {
            continue;
        }
        match renew(&identity, &ask).await {
            Ok(()) => tracing::info!(node = %identity.own(), "certificate renewed"),
            Err(error) => {
                tracing::warn!(node = %identity.own(), error, "certificate not renewed yet");
            }
        }
    }
}

async fn renew<A, F, E>(identity: &Identity, ask: &A) -> Result<(), String>
where
    A: Fn(String) -> F,
    F: Future<Output = Result<IssuedCertificate, E>>,
    E: Display,
{
    let request = NodeRequest::create().map_err(|error| error.to_string())?;
    let issued = ask(request.request_pem.clone()).await.map_err(|error| error.to_string())?;
    identity.renew(&request, &issued).map_err(|error| error.to_string())
}
