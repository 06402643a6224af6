//! Why there is no answer, or not the one that was hoped for.

use http::StatusCode;

use crate::key::InvalidKey;

/// Why there is no answer, or not the one that was hoped for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The API key cannot be one.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// There is nobody to ask.
    #[error("no region is named")]
    NoRegion,
    /// What is asked for cannot be written as a request: a path, a field or the address of a region.
    #[error("cannot ask at {url}: {reason}")]
    Request {
        /// Where it was to be asked.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The certificates to trust cannot be used.
    #[error("the certificates to trust cannot be used: {0}")]
    Trust(String),
    /// A region answered, and not with success.
    #[error("{status}: {}", said(*status, text))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body.
        text: String,
    },
    /// No region answers, or none has a quorum; nothing was done.
    #[error("no region answers: {reason}")]
    Unavailable {
        /// What the last one said.
        reason: String,
    },
    /// The regions show certificates that are not trusted, or not any more; nothing was sent.
    #[error("the certificate of {endpoint} is not trusted: {reason}")]
    Distrusted {
        /// The last region.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection broke before the answer.
    #[error("{endpoint} gave no answer, it may have been done: {reason}")]
    Unanswered {
        /// The region.
        endpoint: String,
        /// What happened.
        reason: String,
    },
    /// The answer has not the shape that it should have.
    #[error("unexpected answer")]
    Shape(#[from] serde_json::Error),
}

/// What a region said of a refusal, or at least what its status means.
fn said(status: u16, text: &str) -> &str {
    let meaning = || StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    match text.trim() {
        "" => meaning().unwrap_or_default(),
        text => text,
    }
}
