//! `/MAAS/accounts/oidc/login/` and `callback/`: a browser goes to log in at a provider, and comes back, to any region.
//!
//! What comes back is looked at in this order: is it the browser that went there, does its address have to wait, has the
//! same come back before; only then is the provider asked.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Request, header};
use model::access::Actor;
use model::error::Kind;
use model::oidc_provider::OidcProvider;
use model::request::Source;
use model::secret::Secret;
use model::user::User;
use oidc::error::ProviderError;
use oidc::providers::{Returned, Vouched, plain};
use oidc::request::{LoginSecrets, authorization_url};
use ops::access::login::{self, LoginError};
use ops::access::oidc_login::{self, NotAdmitted, Person};
use ops::access::sessions::{self, Begun};
use ops::access::{cluster_key, oidc_providers};
use ops::authorize::on_behalf;
use ops::error::Refusal;

use crate::auth::cookies;
use crate::auth::oidc_cookie::{self, Pending, own_path};
use crate::auth::session_cookie::{presented, presented_as};
use crate::auth::source;
use crate::body::read_urlencoded;
use crate::call::Parts;
use crate::params::Params;
use crate::problem::Problem;
use crate::reply::{Reply, problem_response};

/// Where a login begins.
pub(crate) const LOGIN: &str = "/MAAS/accounts/oidc/login/";

/// Where the browser goes after a login that names no path.
const HOME: &str = "/MAAS/";

/// How much of a name is told that may not log in, in characters.
const WHO_MAX: usize = 150;

/// Why a login at a provider failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The browser does not show that it began a login.
    #[error(
        "no login of this browser is under way, or it took longer than ten minutes: begin again"
    )]
    NotBegun,
    /// What came back is not what the login was begun with.
    #[error("what came back is of another login (state)")]
    State,
    /// The same came back before.
    #[error("this login has come back before (state): begin again")]
    Again,
    /// The operator took the provider out of use meanwhile.
    #[error("the provider is not in use any more")]
    Disabled,
    /// The provider did not let the user in.
    #[error("the provider says {0}")]
    Denied(String),
    /// Something that has to come back is missing.
    #[error("nothing usable came back: {0}")]
    Incomplete(&'static str),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The provider vouches for somebody who is no user here.
    #[error("{error}")]
    NotAdmitted {
        /// Its name there.
        who: String,
        /// Why not.
        error: NotAdmitted,
    },
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl Failure {
    /// Whether somebody did something wrong, and it was not the provider or this site that could not.
    const fn counts(&self) -> bool {
        match self {
            Self::NotBegun | Self::State | Self::Again | Self::Incomplete(_) => true,
            Self::Provider(error) => {
                matches!(
                    error,
                    ProviderError::Token(_) | ProviderError::Claim(_) | ProviderError::Code(_)
                )
            }
            Self::NotAdmitted { error, .. } => !matches!(error, NotAdmitted::Refused(_)),
            Self::Denied(_) | Self::Disabled | Self::Login(_) => false,
        }
    }

    /// Whether administrators are told: a provider knew somebody, or sent something that is wrong.
    const fn is_told(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::NotAdmitted { .. }) && self.counts()
    }

    const fn status(&self) -> u16 {
        match self {
            Self::NotBegun | Self::State | Self::Again | Self::Incomplete(_) => 400,
            Self::Denied(_) | Self::Disabled | Self::NotAdmitted { .. } | Self::Login(_) => 403,
            Self::Provider(ProviderError::Busy) => 503,
            Self::Provider(ProviderError::Token(_) | ProviderError::Claim(_)) => 403,
            Self::Provider(_) => 502,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Login(refusal.into())
    }
}

/// Sends a browser to the provider; 404 when there is none.
pub async fn login(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    let (head, _) = request.into_parts();
    let from = source::address(&head.extensions);
    let params = query(head.uri.query());
    let begun = async {
        let next = params.get("next").unwrap_or(HOME);
        let next =
            own_path(next).ok_or_else(|| Problem::field("next", "It is no path of this site."))?;
        login::check_address(&parts.tables, from).await?;
        let provider = oidc_providers::enabled(&parts.tables).await.map_err(Refusal::from)?;
        let provider = provider.ok_or_else(|| {
            Problem::status(404, "No OIDC provider is enabled: log in by name and password.")
        })?;
        begin(&parts, &provider, next, is_encrypted(&head.headers)).await
    };
    match begun.await {
        Ok((url, cookie)) => sent(&url, vec![cookie]),
        Err(problem) => uncached(problem_response(&problem)),
    }
}

async fn begin(
    parts: &Parts,
    provider: &OidcProvider,
    next: &str,
    is_encrypted: bool,
) -> Result<(String, HeaderValue), Problem> {
    let published = parts.oidc.published(provider).await;
    let published = published.map_err(|error| told(provider, &error.into()))?;
    let key = cluster_key::for_purpose(&parts.tables, oidc_cookie::PURPOSE).await;
    let key = key.map_err(Refusal::from)?;
    let begun = parts.tables.clock().now().map_err(Refusal::from)?;
    let made = || {
        let secrets = LoginSecrets::new()?;
        let url = authorization_url(&published.document, provider, &secrets);
        let pending = Pending { provider: provider.id, secrets, next: next.to_owned(), begun };
        Some((url, oidc_cookie::of(&pending.seal(&key)?, is_encrypted)?))
    };
    made().ok_or_else(|| Problem::text(Kind::Internal, "there is no randomness"))
}

/// Takes a browser back: 302 to where it was to go, with the cookies of a session, or why not.
pub async fn callback(State(parts): State<Arc<Parts>>, request: Request<Body>) -> Response {
    let (head, _) = request.into_parts();
    let source = source::of(&head.extensions);
    let from = source.address;
    let came = Came {
        params: query(head.uri.query()),
        source,
        sealed: presented_as(&head.headers, oidc_cookie::NAME),
        session: presented(&head.headers),
    };
    if let Err(error) = login::check_address(&parts.tables, from).await {
        return refused(&Problem::from(error));
    }
    let outcome = returned(&parts, &came).await;
    parts
        .logins
        .count_external(outcome.as_ref().map(|_| ()).map_err(|(_, failure)| failure.counts()));
    match outcome {
        Ok((next, begun)) => {
            let mut cookies = cookies::of(&begun, is_encrypted(&head.headers));
            cookies.push(oidc_cookie::removed());
            sent(&next, cookies)
        }
        Err((provider, failure)) => refused(&fail(&parts, provider.as_ref(), &failure, from).await),
    }
}

/// What a browser brings back.
struct Came<'a> {
    params: Params,
    source: Source,
    sealed: Option<&'a str>,
    session: Option<&'a str>,
}

/// Where the browser goes, and its session.
async fn returned(
    parts: &Parts,
    came: &Came<'_>,
) -> Result<(String, Begun), (Option<OidcProvider>, Failure)> {
    let (pending, provider) = match expected(parts, came).await {
        Ok(found) => found,
        Err(failure) => return Err((None, failure)),
    };
    let begun = async {
        let vouched = vouched(parts, came, &pending, &provider).await?;
        let user = admitted(parts, came, &provider, &vouched).await?;
        let length_max = Duration::from_secs(provider.session_length_s.into());
        let actor = Actor::without_groups(user.clone());
        let tables = on_behalf(&parts.tables, &actor, &came.source);
        let (from, before) = (came.source.address, came.session);
        let begun = sessions::begin_external(&tables, &user, from, before, length_max);
        Ok(begun.await?)
    };
    match begun.await {
        Ok(begun) => Ok((pending.next, begun)),
        Err(failure) => Err((Some(provider), failure)),
    }
}

/// The login that the browser began, and its provider.
async fn expected(parts: &Parts, came: &Came<'_>) -> Result<(Pending, OidcProvider), Failure> {
    let key = cluster_key::for_purpose(&parts.tables, oidc_cookie::PURPOSE).await;
    let key = key.map_err(Refusal::from)?;
    let now = parts.tables.clock().now().map_err(Refusal::from)?;
    let pending = came.sealed.and_then(|sealed| Pending::open(sealed, &key, now));
    let pending = pending.ok_or(Failure::NotBegun)?;
    let state = came.params.get("state").ok_or(Failure::Incomplete("no state"))?;
    if !pending.secrets.state.matches(state.as_bytes()) {
        return Err(Failure::State);
    }
    let is_first = oidc_login::return_once(&parts.tables, &pending.secrets.state).await;
    if !is_first.map_err(Refusal::from)? {
        return Err(Failure::Again);
    }
    let provider = oidc_providers::enabled(&parts.tables).await.map_err(Refusal::from)?;
    let provider = provider.filter(|provider| provider.id == pending.provider);
    Ok((pending, provider.ok_or(Failure::Disabled)?))
}

async fn vouched(
    parts: &Parts,
    came: &Came<'_>,
    pending: &Pending,
    provider: &OidcProvider,
) -> Result<Vouched, Failure> {
    if let Some(error) = came.params.get("error") {
        return Err(Failure::Denied(plain(error)));
    }
    let document = &parts.oidc.published(provider).await?.document;
    match came.params.get("iss") {
        Some(issuer) if issuer != document.issuer => {
            return Err(Failure::Incomplete("another issuer (iss)"));
        }
        None if document.authorization_response_iss_parameter_supported => {
            return Err(Failure::Incomplete("no issuer (iss)"));
        }
        Some(_) | None => {}
    }
    let code = came.params.get("code").filter(|code| !code.is_empty());
    let code = Secret::from(code.ok_or(Failure::Incomplete("no code"))?);
    let now = parts.tables.clock().now().map_err(Refusal::from)?;
    let now_s = now.unix_ms / 1_000;
    let returned = Returned { code: &code, secrets: &pending.secrets, now_s };
    Ok(parts.oidc.vouched(provider, &returned).await?)
}

async fn admitted(
    parts: &Parts,
    came: &Came<'_>,
    provider: &OidcProvider,
    vouched: &Vouched,
) -> Result<User, Failure> {
    let Vouched { issuer, subject, claims } = vouched;
    let person = Person { provider, issuer, subject, claims, source: &came.source };
    let admitted = oidc_login::admit(&parts.tables, &person).await;
    admitted.map_err(|error| {
        // Whoever it is chose the name: it must not write lines of the log.
        let who = provider.username(claims).unwrap_or(subject).chars();
        let who: String = who.filter(|letter| !letter.is_control()).take(WHO_MAX).collect();
        tracing::info!("{who} may not log in by OIDC provider {}: {error}", provider.name);
        Failure::NotAdmitted { who, error }
    })
}

/// Counts a failure, notes it, and says it.
async fn fail(
    parts: &Parts,
    provider: Option<&OidcProvider>,
    failure: &Failure,
    from: Option<IpAddr>,
) -> Problem {
    let reason = failure.to_string();
    let event = provider.filter(|_| failure.is_told());
    let who = match failure {
        Failure::NotAdmitted { who, .. } => Some(who.as_str()),
        _ => None,
    };
    let event = event.map(|provider| oidc_login::refused_event(provider, who, from, &reason));
    if failure.counts()
        && let Err(error) = login::note_failure_from(&parts.tables, from, event).await
    {
        // A failure that cannot be counted is not told.
        return Refusal::from(error).into();
    }
    match provider {
        Some(provider) => told(provider, failure),
        None => unknown(failure),
    }
}

fn told(provider: &OidcProvider, failure: &Failure) -> Problem {
    let message = format!("Login at OIDC provider {} failed: {failure}.", provider.name);
    match failure {
        Failure::Login(LoginError::Refused(refusal))
        | Failure::NotAdmitted { error: NotAdmitted::Refused(refusal), .. } => {
            refusal.clone().into()
        }
        failure => Problem::status(failure.status(), message),
    }
}

fn unknown(failure: &Failure) -> Problem {
    match failure {
        Failure::Login(LoginError::Refused(refusal)) => refusal.clone().into(),
        failure => Problem::status(
            failure.status(),
            format!("Login at the OIDC provider failed: {failure}."),
        ),
    }
}

fn query(query: Option<&str>) -> Params {
    let mut params = Params::default();
    read_urlencoded(query.unwrap_or_default().as_bytes(), &mut params);
    params
}

fn is_encrypted(headers: &HeaderMap) -> bool {
    crate::access::sessions::is_encrypted(headers)
}

fn sent(to: &str, cookies: Vec<HeaderValue>) -> Response {
    let mut response = Reply::text("").with_status(302).into_response();
    // It was checked that it is plain.
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    uncached(response)
}

fn refused(problem: &Problem) -> Response {
    let mut response = problem_response(problem);
    response.headers_mut().append(header::SET_COOKIE, oidc_cookie::removed());
    uncached(response)
}

/// A code stands in the address of the page: nobody keeps it, and no other page is told it.
fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
