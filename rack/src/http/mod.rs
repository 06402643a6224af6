//! The rack's HTTP door (port 5248): boot scripts, boot files and images, the proxy to the
//! regions, metrics and health.

pub(crate) mod boot;
pub mod images;
pub mod passed_on;
pub mod prefetch;
pub mod proxy;
pub mod script;

mod bodies;
mod boot_file;
mod health;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{any, get};
use http_server::{Limits, OpenFiles};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::generation::Generations;
use crate::http::images::ImageCache;
use crate::http::proxy::Proxy;
use crate::metrics::Metrics;
use crate::reports::Reports;
use crate::tftp::files::BootFolder;
use crate::uplink::Uplink;

/// How many connections the port has: thousands of machines come at once when power returns.
const CONNECTIONS_MAX: usize = 4096;

/// What the HTTP handlers answer from.
#[derive(Debug, Clone)]
pub struct HttpState {
    /// The rack's copy of what it serves.
    pub generations: Generations,
    /// Whether a region is connected.
    pub uplink: Uplink,
    /// Images by hash.
    pub images: Arc<ImageCache>,
    /// Network boot programs, for firmware that boots over HTTP.
    pub boot_files: BootFolder,
    /// The way to the regions' HTTP.
    pub proxy: Arc<Proxy>,
    /// What machines were seen to do.
    pub reports: Reports,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// Every path of the door.
pub fn router(state: HttpState) -> Router {
    Router::new()
        .route("/boot.ipxe", get(boot::script))
        .route("/boot/{name}", get(boot_file::serve))
        .route("/images/{sha256}", get(images::serve))
        .route("/MAAS/images/{sha256}", get(images::serve))
        .route("/MAAS/{*path}", any(proxy::forward))
        .route("/metrics", get(health::metrics))
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .with_state(state)
}

/// Serves until `shutdown`.
pub async fn serve(listener: TcpListener, state: HttpState, shutdown: CancellationToken) {
    let limits = Limits::of(CONNECTIONS_MAX, &OpenFiles::of_this_process());
    http_server::serve(listener, router(state), limits, shutdown).await;
}

/// The host and port that the client knows this rack by.
fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok().filter(|host| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        !host.is_empty() && host.bytes().all(allowed)
    })
}
