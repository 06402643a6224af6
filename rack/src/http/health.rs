//! Metrics, liveness and readiness.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::http::HttpState;

pub(super) async fn metrics(State(state): State<HttpState>) -> impl IntoResponse {
    let generation = state.generations.load();
    state.metrics.observe(&generation, state.uplink.client().is_some());
    match state.metrics.encode() {
        Ok(text) => (
            [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
            text,
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Ready means that it can serve: it has a generation. It stays ready while regions are away.
pub(super) async fn ready(State(state): State<HttpState>) -> (StatusCode, &'static str) {
    if state.generations.load().is_loaded() {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no generation yet\n")
    }
}
