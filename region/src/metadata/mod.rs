//! The metadata door: what machines ask for, through their rack, at `/MAAS/metadata/`.
//!
//! The agent in the ephemeral OS has its own paths (`agent/…`, shapes in `api::agent`); a deployed
//! system is served as cloud-init's MAAS datasource wants it.

pub mod agent;
pub mod cloud_init;
pub mod host;
pub mod status;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use rest::auth::nonces::Nonces;
use tables::update::Tables;

/// The parts of the region that the metadata door uses; cheap to clone.
#[derive(Debug, Clone)]
pub struct MetadataParts {
    /// The replicated objects.
    pub tables: Tables,
    /// The nonces that were used lately at this node.
    pub nonces: Arc<Nonces>,
}

/// The routes below `/MAAS/metadata/`.
pub fn router(parts: MetadataParts) -> Router {
    let versions = Router::new()
        .route("/MAAS/metadata/{version}/", get(cloud_init::index))
        .route("/MAAS/metadata/{version}/user-data", get(cloud_init::user_data))
        .route("/MAAS/metadata/{version}/meta-data/", get(cloud_init::keys))
        .route("/MAAS/metadata/{version}/meta-data/{key}", get(cloud_init::value))
        .route_layer(middleware::from_fn(cloud_init::known_version));
    Router::new()
        .route("/MAAS/metadata/agent/hello", post(agent::hello))
        .route("/MAAS/metadata/agent/report", post(agent::report))
        .route("/MAAS/metadata/", get(cloud_init::versions))
        .route("/MAAS/metadata/status/{system_id}", post(status::webhook))
        .merge(versions)
        .with_state(parts)
}
