//! Finds out who signed a request.

use std::time::SystemTime;

use http::request::Parts as Head;
use http::{HeaderMap, HeaderValue, header};
use model::access::Actor;
use model::user::ApiToken;
use ops::Tables;
use ops::access::{sessions, tokens};
use ops::error::Refusal;

use crate::auth::nonces::{Nonces, TIMESTAMP_THRESHOLD_SECONDS};
use crate::auth::oauth::Credentials;
use crate::auth::session_cookie::presented;
use crate::auth::signed::SignedRequest;
use crate::body::read_urlencoded;
use crate::params::Params;

/// Why presented credentials are not accepted. The texts are those of MAAS's server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// No token has that consumer.
    #[error("Authorization Error: Invalid API key.")]
    UnknownConsumer,
    /// There is no such token.
    #[error("Authorization Error: 'Invalid access token: {token}'")]
    UnknownToken {
        /// The token's key.
        token: String,
    },
    /// Another method than PLAINTEXT and HMAC-SHA1, or a wrong secret, or a signature of another request.
    #[error("Authorization Error: 'Invalid signature.'")]
    InvalidSignature,
    /// The timestamp is too old or not a number.
    #[error(
        "Authorization Error: 'Expired timestamp: given {given} and now {now} has a greater \
         difference than threshold 300'"
    )]
    ExpiredTimestamp {
        /// What the caller said.
        given: String,
        /// This region's time in seconds.
        now: u64,
    },
    /// The request was sent before.
    #[error("Authorization Error: 'Nonce already used: {nonce}'")]
    NonceUsed {
        /// The nonce.
        nonce: String,
    },
    /// The keys could not be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Finds out who signed a request with these credentials. Without the request only plain signatures are accepted.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate(
    tables: &Tables,
    nonces: &Nonces,
    credentials: &Credentials,
    request: Option<&SignedRequest>,
) -> Result<Actor, AuthenticateError> {
    let known = tokens::find(tables, &credentials.token).await?;
    let unknown = || AuthenticateError::UnknownToken { token: credentials.token.clone() };
    let (token, actor) = known.ok_or_else(unknown)?;
    check_token(&token, credentials, request)?;
    if let Err(stale) = check_freshness(nonces, credentials) {
        // By a clock that is wrong nobody can be called late.
        tables.clock().now().map_err(Refusal::from)?;
        return Err(stale);
    }
    Ok(actor)
}

/// The API key in an `Authorization: Bearer consumer:token:secret` header (RFC 6750 §2.1): for tools that sign nothing.
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.trim().split_once(char::is_whitespace)?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Finds out whose API key `consumer:token:secret` is.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate_key(tables: &Tables, key: &str) -> Result<Actor, AuthenticateError> {
    let (consumer, token, secret) = parts_of(key).ok_or(AuthenticateError::UnknownConsumer)?;
    let unknown = || AuthenticateError::UnknownToken { token: token.to_owned() };
    let (known, actor) = tokens::find(tables, token).await?.ok_or_else(unknown)?;
    if known.consumer_key != consumer {
        return Err(AuthenticateError::UnknownConsumer);
    }
    if known.secret.matches(secret.as_bytes()) {
        Ok(actor)
    } else {
        Err(AuthenticateError::InvalidSignature)
    }
}

fn parts_of(key: &str) -> Option<(&str, &str, &str)> {
    let (consumer, rest) = key.split_once(':')?;
    let (token, secret) = rest.split_once(':')?;
    Some((consumer, token, secret))
}

/// The key that a request is signed with in its header or query, or else the session that it is of, when this node knows
/// it. It uses up no nonce: it only tells one client from another before there is room for its request. A signature that
/// covers a form is not judged here.
pub async fn valid_token(tables: &Tables, head: &Head) -> Option<String> {
    let mut params = Params::default();
    read_urlencoded(head.uri.query().unwrap_or_default().as_bytes(), &mut params);
    let header = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(key) = header.and_then(bearer) {
        let (consumer, token, secret) = parts_of(key)?;
        let known = tokens::known(tables, token).await?;
        let is_it = known.consumer_key == consumer && known.secret.matches(secret.as_bytes());
        return is_it.then_some(known.key);
    }
    let credentials = header
        .and_then(Credentials::from_header)
        .or_else(|| Credentials::from_fields(|name| params.get(name).map(str::to_owned)));
    let Some(credentials) = credentials else {
        let session = sessions::known(tables, presented(&head.headers)?).await?;
        return Some(format!("session {}", session.id));
    };
    let token = tokens::known(tables, &credentials.token).await?;
    let request = request_of(head, &params);
    check_token(&token, &credentials, Some(&request)).ok().map(|()| token.key)
}

/// What a signature covers of a request with these parameters.
#[must_use]
pub fn request_of(head: &Head, params: &Params) -> SignedRequest {
    let origin = origin(&head.headers);
    SignedRequest::new(head.method.as_str(), &origin, head.uri.path(), params.iter())
}

/// Scheme and host that the client used.
#[must_use]
pub fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text("host").unwrap_or("localhost:5240");
    let scheme = text("x-forwarded-proto").unwrap_or("http");
    format!("{scheme}://{host}")
}

fn check_token(
    token: &ApiToken,
    credentials: &Credentials,
    request: Option<&SignedRequest>,
) -> Result<(), AuthenticateError> {
    if token.consumer_key != credentials.consumer_key {
        return Err(AuthenticateError::UnknownConsumer);
    }
    let secret = token.secret.expose();
    let is_right = if credentials.covers_the_request() {
        request.is_some_and(|request| request.is_signed_with(credentials, secret))
    } else {
        credentials.signature_method.eq_ignore_ascii_case("plaintext")
            && credentials.is_signed_with(secret)
    };
    if is_right { Ok(()) } else { Err(AuthenticateError::InvalidSignature) }
}

fn check_freshness(nonces: &Nonces, credentials: &Credentials) -> Result<(), AuthenticateError> {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = since_epoch.unwrap_or_default().as_secs();
    let expired =
        || AuthenticateError::ExpiredTimestamp { given: credentials.timestamp.clone(), now };
    let timestamp: u64 = credentials.timestamp.parse().map_err(|_| expired())?;
    if timestamp.saturating_add(TIMESTAMP_THRESHOLD_SECONDS) < now {
        return Err(expired());
    }
    if nonces.use_once(&credentials.token, &credentials.nonce, timestamp, now) {
        Ok(())
    } else {
        Err(AuthenticateError::NonceUsed { nonce: credentials.nonce.clone() })
    }
}
