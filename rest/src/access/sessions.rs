//! `/MAAS/accounts/login/`, `logout/` and `csrf/`: sessions of browsers.

use std::sync::Arc;

use api::field_errors::FieldErrors;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Request, header};
use model::access::Actor;
use ops::access::login::LoginError;
use ops::access::{oidc_providers, sessions, users};
use ops::authorize::on_behalf;
use serde_json::json;

use crate::access::accounts::form;
use crate::access::oidc;
use crate::auth::cookies::{self, logged_in};
use crate::auth::logins::log_in;
use crate::auth::page;
use crate::auth::session_cookie;
use crate::auth::source;
use crate::call::Parts;
use crate::params::Params;
use crate::problem::{Body as ProblemBody, Problem};
use crate::reply::{Reply, problem_response};

/// Django's words for a login that failed.
const WRONG: &str =
    "Please enter a correct username and password. Note that both fields may be case-sensitive.";

/// What a login page has to know before anybody is logged in.
pub async fn standing(State(parts): State<Arc<Parts>>, headers: HeaderMap) -> Response {
    let read = async {
        let is_in = logged_in(&parts, &headers).await?.is_some();
        let no_users = !users::exist(&parts.tables).await?;
        let provider = oidc_providers::known(&parts.tables).await;
        Ok(Reply::json(&json!({
            "authenticated": is_in,
            "external_auth_url": null,
            "no_users": no_users,
            "oidc": provider.map(|provider| json!({ "name": provider.name, "login_url": oidc::LOGIN })),
        })))
    };
    answer(read.await)
}

/// Begins a session: 204 with its cookies, or 400 with what is wrong.
pub async fn login(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let begun = async {
        page::check(&head.headers)?;
        let params = form(&head.headers, body).await?;
        complete(&params)?;
        let source = source::of(&head.extensions);
        let user = log_in(&parts, &params, source.address).await.map_err(refused)?;
        let presented = session_cookie::presented(&head.headers);
        let tables = on_behalf(&parts.tables, &Actor::without_groups(user.clone()), &source);
        let begun = sessions::begin(&tables, &user, source.address, presented).await;
        Ok(cookies::of(&begun.map_err(refused)?, is_encrypted(&head.headers)))
    };
    match begun.await {
        Ok(cookies) => with_cookies(cookies),
        Err(problem) => problem_response(&problem),
    }
}

/// Ends the session whose cookie is presented; there need be none.
pub async fn logout(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let ended = async {
        let Some(session) = logged_in(&parts, &head.headers).await? else { return Ok(()) };
        let params = form(&head.headers, body).await?;
        let shown = params.get("csrfmiddlewaretoken");
        session.check_csrf(&head.method, &head.headers, shown)?;
        let actor = Actor::without_groups(session.user.clone());
        let tables = on_behalf(&parts.tables, &actor, &source::of(&head.extensions));
        sessions::end(&tables, &session.user, session.cookie.expose()).await?;
        Ok(())
    };
    match ended.await {
        Ok(()) => with_cookies(cookies::removed()),
        Err(problem) => problem_response(&problem),
    }
}

/// The token that requests with the presented cookie have to show; 403 when nobody is logged in.
pub async fn csrf(State(parts): State<Arc<Parts>>, headers: HeaderMap) -> Response {
    let read = async {
        let session = logged_in(&parts, &headers).await?.ok_or_else(|| Problem::empty(403))?;
        let token = sessions::csrf_token(session.cookie.expose());
        Ok(Reply::json(&json!({ "csrf": token.expose() })))
    };
    answer(read.await)
}

fn complete(params: &Params) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for field in ["username", "password"] {
        if params.get(field).is_none_or(str::is_empty) {
            errors.add(field, "This field is required.");
        }
    }
    errors.finish()
}

/// What a login page shows is a field error, whatever the status.
fn refused(error: LoginError) -> Problem {
    if error == LoginError::Wrong {
        return Problem::field("__all__", WRONG);
    }
    let mut problem = Problem::from(error);
    if problem.status == 429
        && let ProblemBody::Text(text) = &problem.body
    {
        problem.body = ProblemBody::Fields(FieldErrors::one("__all__", text.clone()));
    }
    problem
}

fn answer(outcome: Result<Reply, Problem>) -> Response {
    let mut response = match outcome {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem_response(&problem),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_cookies(cookies: Vec<HeaderValue>) -> Response {
    let mut response = answer(Ok(Reply::no_content()));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether the browser speaks TLS, to us or to what stands before us.
pub(crate) fn is_encrypted(headers: &HeaderMap) -> bool {
    let scheme = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}
