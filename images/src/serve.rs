//! `GET|HEAD /MAAS/images/<sha256>`, with ranges: for agents, and for nodes of the version before.
//! Racks and region nodes have the same at `/ironraft/images/<sha256>`, behind mutual TLS. A node
//! that lacks a content passes on what a node that has it says.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::{HeaderMap, Method, Request, StatusCode, header};
use identity::PeerIdentity;
use model::boot::content::{Content, is_sha256};
use model::error::Kind;
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::Images;
use crate::upload::{self, Upload};
use tables::read::Reads;

/// Asks a node for its own files only, so that two nodes never pass a request to and fro.
pub const LOCAL_ONLY: &str = "x-ironraft-local-only";

/// The route of contents.
pub fn router(images: Images) -> Router {
    Router::new().route("/MAAS/images/{sha256}", get(serve)).with_state(images)
}

/// The routes for nodes of the cluster, behind mutual TLS: racks and regions read, regions pass on
/// the parts of uploads.
pub fn peer_router(images: Images) -> Router {
    let parts = Router::new()
        .route("/ironraft/images/{sha256}/parts/{size_bytes}", put(take_part))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(regions_only));
    Router::new()
        .route("/ironraft/images/{sha256}", get(serve))
        .layer(from_fn(nodes_only))
        .merge(parts)
        .with_state(images)
}

async fn serve(
    State(images): State<Images>,
    Path(sha256): Path<String>,
    request: Request<Body>,
) -> Response {
    if let Some(path) = images.files.path_of(&sha256) {
        return match ServeFile::new(path).oneshot(request).await {
            Ok(response) => with_name(response.map(Body::new), &sha256),
            Err(never) => match never {},
        };
    }
    if !is_sha256(&sha256) || request.headers().contains_key(LOCAL_ONLY) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match from_holder(&images, &sha256, request.method(), request.headers()).await {
        Some(response) => response,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Contents never change under their name, so they may be kept for ever.
fn with_name(mut response: Response, sha256: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = format!("\"{sha256}\"").parse() {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("immutable"));
    response
}

/// The answer of the first node that holds it and can be reached.
async fn from_holder(
    images: &Images,
    sha256: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response> {
    let view = images.tables().stale_view().await.ok()?;
    let content = view.get::<Content>(&sha256.to_owned()).ok()??;
    for node in content.holders.iter().filter(|node| **node != images.node_id) {
        let Ok(Some(peer)) = images.peers.find(&view, *node) else { continue };
        let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
        match images.peers.content(&peer, method, sha256, range).await {
            Ok(answer) if answer.status().is_success() => return Some(passed_on(answer)),
            Ok(answer) => tracing::warn!("region {node} lacks {sha256}: {}", answer.status()),
            Err(error) => tracing::warn!("region {node} does not send {sha256}: {error}"),
        }
    }
    None
}

fn passed_on(answer: Response) -> Response {
    let mut response = Response::builder().status(answer.status());
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_RANGE,
        header::ACCEPT_RANGES,
        header::ETAG,
    ] {
        if let Some(value) = answer.headers().get(&name) {
            response = response.header(name, value);
        }
    }
    response.body(answer.into_body()).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

/// Takes a part of an upload from another region node.
async fn take_part(
    State(images): State<Images>,
    Path((sha256, size_bytes)): Path<(String, u64)>,
    part: Body,
) -> Response {
    let upload = Upload { sha256, size_bytes, node: images.node_id };
    match upload::take_in(&images, &upload, part.into_data_stream()).await {
        Ok(_) => "OK".into_response(),
        Err(error) => {
            let status = match error.kind() {
                Kind::Invalid => StatusCode::BAD_REQUEST,
                Kind::Unavailable | Kind::NotLeader => StatusCode::SERVICE_UNAVAILABLE,
                kind => {
                    tracing::error!("upload, passed on by another region: {error} ({kind:?})");
                    StatusCode::INTERNAL_SERVER_ERROR
                }
            };
            (status, error.to_string()).into_response()
        }
    }
}

/// Lets nodes of the cluster through.
async fn nodes_only(request: Request<Body>, next: Next) -> Response {
    match PeerIdentity::behind(request.extensions()) {
        Some(_) => next.run(request).await,
        None => (StatusCode::FORBIDDEN, "for nodes of the cluster only\n").into_response(),
    }
}

/// Lets region nodes through.
async fn regions_only(request: Request<Body>, next: Next) -> Response {
    match PeerIdentity::behind(request.extensions()).and_then(PeerIdentity::node_id) {
        Some(_) => next.run(request).await,
        None => (StatusCode::FORBIDDEN, "for region nodes only\n").into_response(),
    }
}
