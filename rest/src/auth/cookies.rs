//! Sessions in cookies: who is logged in, and whether it was a page of ours that asks.
//!
//! A browser sends the session's cookie with every request, whichever page made it. So a request that changes something
//! also shows a token that only our pages can read (`X-CSRFToken`, as Django has it); who signs its requests needs none.

use http::{HeaderMap, HeaderValue, Method};
use model::secret::Secret;
use model::session::Session;
use model::user::User;
use ops::access::sessions::{self, Begun, csrf_token};
use ops::error::Refusal;

use crate::auth::session_cookie::{self, presented};
use crate::call::Parts;
use crate::problem::Problem;

/// The cookie with the token, for scripts of our pages.
const CSRF: &str = "csrftoken";

/// The header that shows the token.
const CSRF_HEADER: &str = "x-csrftoken";

/// The user of a session, with the cookie that was presented.
pub(crate) struct LoggedIn {
    pub(crate) user: User,
    pub(crate) cookie: Secret,
}

/// Who is logged in with a request's cookie; none without one, and when the session has ended.
///
/// # Errors
/// [`Refusal::Tables`].
pub(crate) async fn logged_in(
    parts: &Parts,
    headers: &HeaderMap,
) -> Result<Option<LoggedIn>, Refusal> {
    let Some(cookie) = presented(headers) else { return Ok(None) };
    let found: Option<(Session, User)> = sessions::find(&parts.tables, cookie).await?;
    Ok(found.map(|(_, user)| LoggedIn { user, cookie: cookie.into() }))
}

impl LoggedIn {
    /// Refuses a request that changes something unless it shows the session's token, in its header or as `shown`.
    ///
    /// # Errors
    /// 403, in Django's words.
    pub(crate) fn check_csrf(
        &self,
        method: &Method,
        headers: &HeaderMap,
        shown: Option<&str>,
    ) -> Result<(), Problem> {
        if method.is_safe() {
            return Ok(());
        }
        let header = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        let token = csrf_token(self.cookie.expose());
        if header.or(shown).is_some_and(|shown| token.matches(shown.as_bytes())) {
            return Ok(());
        }
        let message = "CSRF verification failed. Request aborted.";
        Err(Problem::status(403, format!("{message} Send the token of {CSRF} as X-CSRFToken.")))
    }
}

/// The cookies of a session that was begun. Over TLS they are sent over TLS only.
pub(crate) fn of(begun: &Begun, is_encrypted: bool) -> Vec<HeaderValue> {
    let cookie = begun.cookie.expose();
    let token = csrf_token(cookie);
    let rest = |more: &str| {
        let secure = if is_encrypted { "; Secure" } else { "" };
        format!("; Max-Age={}; Path=/; SameSite=Lax{secure}{more}", begun.length_seconds)
    };
    values([
        format!("{}={cookie}{}", session_cookie::NAME, rest("; HttpOnly")),
        format!("{CSRF}={}{}", token.expose(), rest("")),
    ])
}

/// What makes a browser forget both.
pub(crate) fn removed() -> Vec<HeaderValue> {
    values(
        [session_cookie::NAME, CSRF]
            .map(|name| format!("{name}=; Max-Age=0; Path=/; SameSite=Lax")),
    )
}

fn values(texts: [String; 2]) -> Vec<HeaderValue> {
    texts.iter().filter_map(|text| HeaderValue::from_str(text).ok()).collect()
}
