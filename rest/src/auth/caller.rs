//! Finds out who signed a request.

use std::time::SystemTime;

use http::{HeaderMap, header};
use model::access::Actor;
use model::user::ApiToken;
use ops::Tables;
use ops::access::{sessions, tokens};
use ops::error::Refusal;

use crate::auth::nonces::{Nonces, TIMESTAMP_THRESHOLD_SECONDS};
use crate::auth::oauth::Credentials;
use crate::auth::session_cookie::presented;
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
    /// The keys could not be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Finds out who signed a request with these credentials.
///
/// # Errors
/// [`AuthenticateError`].
pub async fn authenticate(
    tables: &Tables,
    nonces: &Nonces,
    credentials: &Credentials,
) -> Result<Actor, AuthenticateError> {
    let known = tokens::find(tables, &credentials.token).await?;
    let unknown = || AuthenticateError::UnknownToken { token: credentials.token.clone() };
    let (token, actor) = known.ok_or_else(unknown)?;
    check_token(&token, credentials)?;
    if let Err(stale) = check_freshness(nonces, credentials) {
        // By a clock that is wrong nobody can be called late.
        tables.clock().now().map_err(Refusal::from)?;
        return Err(stale);
    }
    Ok(actor)
}

/// The key that a request is signed with in its header or query, or else the session that it is of, when this node knows
/// it. It uses up no nonce: it only tells one client from another before there is room for its request.
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
    });
    let Some(credentials) = credentials else {
        let session = sessions::known(tables, presented(headers)?).await?;
        return Some(format!("session {}", session.id));
    };
    let token = tokens::known(tables, &credentials.token).await?;
    check_token(&token, &credentials).ok().map(|()| token.key)
}

fn check_token(token: &ApiToken, credentials: &Credentials) -> Result<(), AuthenticateError> {
    if token.consumer_key != credentials.consumer_key {
        return Err(AuthenticateError::UnknownConsumer);
    }
    let plaintext = credentials.signature_method.eq_ignore_ascii_case("plaintext");
    if !plaintext || !credentials.is_signed_with(token.secret.expose()) {
        return Err(AuthenticateError::InvalidSignature);
    }
    Ok(())
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
