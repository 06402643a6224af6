//! `POST /MAAS/accounts/authenticate/`: exchanges a user's name and password for an API key.

use std::sync::Arc;

use crate::problem::Problem;
use api::account::ApiKey;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Request, header};
use model::access::Actor;
use ops::authorize::on_behalf;

use crate::auth::logins::log_in;
use crate::auth::source;
use crate::body::read_body;
use crate::call::Parts;
use crate::intake::{ANONYMOUS_BYTES_MAX, Intake};
use crate::params::Params;
use crate::reply::{Reply, problem_response};

/// The name of a key when the client gives none.
pub(crate) const DEFAULT_CONSUMER: &str = "MAAS consumer";

/// Answers with the key that the user has under that consumer name, or with a new one; with 403
/// and no body when name or password are wrong.
pub async fn authenticate(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    match exchange(&parts, request).await {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem_response(&problem),
    }
}

async fn exchange(parts: &Parts, request: Request<Body>) -> Result<Reply, Problem> {
    let (head, body) = request.into_parts();
    let params = form(&head.headers, body).await?;
    let source = source::of(&head.extensions);
    let user = log_in(parts, &params, source.address).await?;
    let consumer = params.get("consumer").unwrap_or(DEFAULT_CONSUMER);
    let actor = Actor::without_groups(user);
    let tables = on_behalf(&parts.tables, &actor, &source);
    let token = ops::access::account::token_named(&tables, &actor, consumer, source.address);
    let token = token.await?;
    Ok(Reply::json(&ApiKey::from(&token)))
}

/// The small form of somebody who is not known yet.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut params = Params::default();
    let body = Intake::new(body).gather(ANONYMOUS_BYTES_MAX).await?;
    read_body(content_type.unwrap_or_default(), &body, &mut params).await?;
    Ok(params)
}
