//! Giving up what waits of an operation.

use axum::response::Response;
use http::StatusCode;
use ops::authorize::on_behalf;

use crate::operations::shape;
use crate::problem::Problem;
use crate::read::{self, tagged, with_revision};
use crate::registry;
use crate::request::{Input, Request};

/// Cancels.
///
/// # Errors
/// 404 when there is no such operation, 409 when it has ended, 400 for parameters: this is done, and not planned.
pub async fn answer(request: &Request, input: &Input) -> Result<Response, Problem> {
    if let Some((name, _)) = input.params.iter().find(|(name, _)| !name.starts_with("oauth_")) {
        return Err(Problem::parameter(name, "There is no such parameter."));
    }
    let tables = on_behalf(&request.live, &request.actor, &request.source);
    let id = input.value("operation");
    let operation = ops::site::operations::cancel(&tables, &request.actor, id).await?;
    let now = request.at(request.live.view().await?);
    let shown = match registry::find("operations") {
        Some(resource) => with_revision(&now, resource, shape::json(&operation)),
        None => shape::json(&operation),
    };
    let tag = read::tag_of(&shown);
    Ok(tagged(read::answer(&now, StatusCode::OK, shown), tag.as_deref()))
}
