//! The agent's door: JSON in, JSON out; see `api::agent`.

use api::agent::{Hello, Report, Welcome};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use rest::problem::Problem;

use crate::metadata::MetadataParts;
use crate::metadata::host::rack_host;
use ops::machine::agent::{self, AgentError};
use rest::reply::problem_response;

/// `POST /MAAS/metadata/agent/hello`.
pub async fn hello(
    State(parts): State<MetadataParts>,
    headers: HeaderMap,
    Json(hello): Json<Hello>,
) -> Response {
    answer(agent::hello(&parts.tables, &hello, rack_host(&headers)).await)
}

/// `POST /MAAS/metadata/agent/report`.
pub async fn report(
    State(parts): State<MetadataParts>,
    headers: HeaderMap,
    Json(report): Json<Report>,
) -> Response {
    let token = bearer(&headers).unwrap_or_default();
    answer(agent::report(&parts.tables, token, &report, rack_host(&headers)).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn answer(result: Result<Welcome, AgentError>) -> Response {
    match result {
        Ok(welcome) => Json(welcome).into_response(),
        Err(error) => {
            tracing::warn!("agent refused: {error}");
            problem_response(&Problem::text(error.kind(), error.to_string()))
        }
    }
}
