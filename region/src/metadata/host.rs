//! Where a machine reaches its rack, from the headers of its request.

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// Host and port that the machine used: what its rack's proxy says, or else the request itself.
#[must_use]
pub fn rack_host(headers: &HeaderMap) -> &str {
    let forwarded = headers.get("x-forwarded-host").or_else(|| headers.get(HOST));
    let host = forwarded.and_then(|value| value.to_str().ok()).unwrap_or("localhost:5248");
    host.split(',').next().unwrap_or(host).trim()
}
