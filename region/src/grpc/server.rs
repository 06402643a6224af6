//! The one gRPC server of a region: ends TLS and mounts the services.
//!
//! A client certificate is optional here (a node that joins has none); each service asks who the
//! peer is and refuses by itself.

use std::time::Duration;

use identity::Identity;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;

const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(2);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(4);

/// Serves `routes` until dropped.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    identity: &Identity,
    routes: Routes,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .add_routes(routes)
        .serve_with_incoming(identity::incoming(listener, identity))
        .await
}
