//! Finds out who signed a request.

use http::{HeaderMap, header};
use model::id::SystemId;
use model::user::{ApiToken, TokenOwner, User};

use crate::auth::nonces::{Nonces, TIMESTAMP_THRESHOLD_SECONDS};
use crate::auth::oauth::Credentials;
use crate::body::read_urlencoded;
use crate::params::Params;
use tables::error::TableError;
use tables::read::{Reads, View};
use tables::update::{Tables, now};

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that we know.
    Anonymous,
    /// A user, by one of its API keys.
    User(User),
    /// The system on a machine.
    Machine(SystemId),
}

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
    /// Another method than PLAINTEXT, or a wrong secret.
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
    /// The tables could not be read.
    #[error(transparent)]
    Tables(#[from] TableError),
}

/// Finds out who signed a request with these credentials.
///
/// Keys are looked up in this node's own state first, which needs no quorum; only a key that is not
/// found there is looked for again after a linearizable read, because it may be new.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate(
    tables: &Tables,
    nonces: &Nonces,
    credentials: &Credentials,
) -> Result<Caller, AuthenticateError> {
    let mut view = tables.stale_view().await?;
    if view.get::<ApiToken>(&credentials.token)?.is_none() {
        view = tables.view().await?;
    }
    let token = check_token(&view, credentials)?;
    check_freshness(nonces, credentials)?;
    match token.owner {
        TokenOwner::Machine(system_id) => Ok(Caller::Machine(system_id)),
        TokenOwner::User(id) => view
            .get::<User>(&id)?
            .map(Caller::User)
            .ok_or_else(|| AuthenticateError::UnknownToken { token: credentials.token.clone() }),
    }
}

/// The key that a request is signed with in its header or query, when this node knows it. It uses up
/// no nonce: it only tells one client from another before there is room for its request.
pub async fn valid_token(
    tables: &Tables,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = header.and_then(Credentials::from_header).or_else(|| {
        let mut params = Params::default();
        read_urlencoded(query.unwrap_or_default().as_bytes(), &mut params);
        Credentials::from_fields(|name| params.get(name).map(str::to_owned))
    })?;
    let view = tables.stale_view().await.ok()?;
    check_token(&view, &credentials).ok().map(|token| token.key)
}

fn check_token(view: &View, credentials: &Credentials) -> Result<ApiToken, AuthenticateError> {
    let Some(token) = view.get::<ApiToken>(&credentials.token)? else {
        return Err(AuthenticateError::UnknownToken { token: credentials.token.clone() });
    };
    if token.consumer_key != credentials.consumer_key {
        return Err(AuthenticateError::UnknownConsumer);
    }
    let plaintext = credentials.signature_method.eq_ignore_ascii_case("plaintext");
    if !plaintext || !credentials.is_signed_with(&token.secret) {
        return Err(AuthenticateError::InvalidSignature);
    }
    Ok(token)
}

fn check_freshness(nonces: &Nonces, credentials: &Credentials) -> Result<(), AuthenticateError> {
    let now = now().unix_ms / 1000;
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
