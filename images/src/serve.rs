//! `GET|HEAD /MAAS/images/<sha256>`, with ranges: for racks, agents and other region nodes. A node
//! that lacks a content passes on what a node that has it says.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, Method, Request, StatusCode, header};
use model::boot::content::{Content, is_sha256};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use crate::Images;
use tables::read::Reads;

/// Asks a node for its own files only, so that two nodes never pass a request to and fro.
pub const LOCAL_ONLY: &str = "x-ironraft-local-only";

/// The route of contents.
pub fn router(images: Images) -> Router {
    Router::new().route("/MAAS/images/{sha256}", get(serve)).with_state(images)
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
        let Ok(Some(base)) = images.peer_url(&view, *node) else { continue };
        let url = format!("{base}/MAAS/images/{sha256}");
        let mut asked = images.client().request(method.clone(), url).header(LOCAL_ONLY, "1");
        if let Some(range) = headers.get(header::RANGE) {
            asked = asked.header(header::RANGE, range);
        }
        match asked.send().await {
            Ok(answer) if answer.status().is_success() => return Some(passed_on(answer)),
            Ok(answer) => tracing::warn!("region {node} lacks {sha256}: {}", answer.status()),
            Err(error) => tracing::warn!("region {node} does not send {sha256}: {error}"),
        }
    }
    None
}

fn passed_on(answer: reqwest::Response) -> Response {
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
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}
