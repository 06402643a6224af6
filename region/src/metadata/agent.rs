//! The agent's door: JSON in, JSON out; see `api::agent`.

use api::agent::{Hello, Report, Welcome};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use model::access::Actor;
use model::error::Kind;
use rest::intake::{ANONYMOUS_BYTES_MAX, Intake};
use rest::problem::Problem;
use serde::de::DeserializeOwned;

use crate::metadata::MetadataParts;
use crate::metadata::host::rack_host;
use ops::machine::agent::{self, AgentError};
use rest::reply::problem_response;

/// The largest report: an inventory carries the output of every tool.
const REPORT_BYTES_MAX: usize = 32 << 20;

/// The largest report with a token of the version before, which is not checked before it is read.
const UNCHECKED_REPORT_BYTES_MAX: usize = 4 << 20;

/// `POST /MAAS/metadata/agent/hello`: from anybody.
pub async fn hello(State(parts): State<MetadataParts>, headers: HeaderMap, body: Body) -> Response {
    let hello: Hello = match read(body, ANONYMOUS_BYTES_MAX).await {
        Ok(hello) => hello,
        Err(problem) => return problem_response(&problem),
    };
    let actor = Actor::Agent(hello.boot_mac.clone());
    answer(agent::hello(&parts.tables, &actor, &hello, rack_host(&headers)).await)
}

/// `POST /MAAS/metadata/agent/report`: nothing of it is read without a token.
pub async fn report(
    State(parts): State<MetadataParts>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let token = bearer(&headers).unwrap_or_default();
    let known = match agent::of_token(&parts.tables, token).await {
        Ok(known) => known,
        Err(error) => return answer(Err(error)),
    };
    let limit = if known.is_some() { REPORT_BYTES_MAX } else { UNCHECKED_REPORT_BYTES_MAX };
    let report: Report = match read(body, limit).await {
        Ok(report) => report,
        Err(problem) => return problem_response(&problem),
    };
    let actor = known.unwrap_or_else(|| Actor::Agent(report.system_id.clone()));
    answer(agent::report(&parts.tables, &actor, token, &report, rack_host(&headers)).await)
}

/// A message in JSON.
async fn read<T: DeserializeOwned>(body: Body, limit: usize) -> Result<T, Problem> {
    let bytes = Intake::new(body).gather(limit).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::text(Kind::Invalid, format!("message: {error}")))
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
