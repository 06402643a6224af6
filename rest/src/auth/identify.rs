//! Who makes a request: by an API key, in one of three places, or by a session.

use http::header;
use http::request::Parts as Head;
use model::access::Actor;
use ops::access::entitlements;

use crate::auth::caller::{authenticate, authenticate_key, bearer, request_of};
use crate::auth::cookies::logged_in;
use crate::auth::oauth::Credentials;
use crate::call::Parts;
use crate::params::Params;
use crate::problem::Problem;

/// Who makes a request without a form: anonymous when it has neither a key nor a session.
///
/// # Errors
/// 401 for a key that is none, 403 for a session without its token in a request that changes something, 503 when
/// keys cannot be read.
pub async fn identify(parts: &Parts, head: &Head, params: &Params) -> Result<Actor, Problem> {
    caller(parts, head, params, false).await
}

/// Who calls, by a key in the header or the query, or else by a session. Nobody, as long as a form is `pending` that the
/// signature covers.
pub(crate) async fn caller(
    parts: &Parts,
    head: &Head,
    params: &Params,
    pending: bool,
) -> Result<Actor, Problem> {
    if let Some(keyed) = caller_with_key(parts, head, params, pending).await? {
        return Ok(keyed);
    }
    let Some(session) = logged_in(parts, &head.headers).await? else { return Ok(Actor::Anonymous) };
    session.check_csrf(&head.method, &head.headers, None)?;
    let actor = entitlements::actor_of(&parts.tables, session.user).await?;
    Ok(actor.unwrap_or(Actor::Anonymous))
}

/// Who presents a key in the header, or among the parameters; none when no key is presented.
pub(crate) async fn caller_with_key(
    parts: &Parts,
    head: &Head,
    params: &Params,
    pending: bool,
) -> Result<Option<Actor>, Problem> {
    let header = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(key) = header.and_then(bearer) {
        return Ok(Some(authenticate_key(&parts.tables, key).await?));
    }
    let credentials = header
        .and_then(Credentials::from_header)
        .or_else(|| Credentials::from_fields(|name| params.get(name).map(str::to_owned)));
    match credentials {
        None => Ok(None),
        Some(credentials) if pending && credentials.covers_the_request() => {
            Ok(Some(Actor::Anonymous))
        }
        Some(credentials) => {
            let request = request_of(head, params);
            let request = Some(&request).filter(|_| credentials.covers_the_request());
            Ok(Some(authenticate(&parts.tables, &parts.nonces, &credentials, request).await?))
        }
    }
}
