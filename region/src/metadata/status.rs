//! cloud-init's reporting webhook: what a deployed system says about its own boot.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::error::Kind;
use rest::intake::{FORM_BYTES_MAX, Intake};
use rest::problem::Problem;
use serde::Deserialize;

use crate::metadata::MetadataParts;
use crate::metadata::cloud_init::machine_of;
use ops::machine::metadata::{self, BootStatus};
use rest::reply::problem_response;

/// A status message (`MAAS` webhook format).
#[derive(Debug, Deserialize)]
struct StatusMessage {
    event_type: String,
    origin: String,
    name: String,
    description: String,
    #[serde(default)]
    result: Option<String>,
}

/// `POST /MAAS/metadata/status/{system_id}`.
pub async fn webhook(
    State(parts): State<MetadataParts>,
    Path(system_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take_in(&parts, &system_id, &headers, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem_response(&problem),
    }
}

async fn take_in(
    parts: &MetadataParts,
    system_id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<(), Problem> {
    let (actor, machine) = machine_of(parts, headers).await?;
    if machine.system_id.as_str() != system_id {
        return Err(Problem::text(Kind::Forbidden, "Forbidden"));
    }
    let body = Intake::new(body).gather(FORM_BYTES_MAX).await?;
    let message: StatusMessage = serde_json::from_slice(&body)
        .map_err(|error| Problem::text(Kind::Invalid, format!("status message: {error}")))?;
    let failed = matches!(message.result.as_deref(), Some("FAIL" | "FAILURE"));
    let status = BootStatus {
        stage: message.name,
        description: format!("{}: {}", message.origin, message.description),
        finished: message.event_type == "finish",
        failed,
    };
    Ok(metadata::status(&parts.tables, &actor, &machine.system_id, &status).await?)
}
