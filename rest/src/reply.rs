//! Answers: JSON printed as MAAS prints it, text, bytes or nothing; and problems as responses.

use crate::problem::{Body, Problem};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// The answer of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// JSON, status 200.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self { status: 200, content_type: "application/json; charset=utf-8", body: pretty(value) }
    }

    /// Plain text, status 200.
    pub fn text(text: impl Into<String>) -> Self {
        Self::bytes("text/plain; charset=utf-8", Bytes::from(text.into()))
    }

    /// Bytes of some type, status 200.
    #[must_use]
    pub fn bytes(content_type: &'static str, body: Bytes) -> Self {
        Self { status: 200, content_type, body }
    }

    /// Status 204, what a deletion answers.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: 204, content_type: "text/plain; charset=utf-8", body: Bytes::new() }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let content_type = HeaderValue::from_static(self.content_type);
        (status, [(header::CONTENT_TYPE, content_type)], self.body).into_response()
    }
}

/// A problem as a response; anything but a form error is plain text.
pub fn problem_response(problem: &Problem) -> Response {
    let (content_type, body) = match &problem.body {
        Body::Empty => ("text/plain; charset=utf-8", Bytes::new()),
        Body::Text(text) => ("text/plain; charset=utf-8", Bytes::from(text.clone())),
        Body::Fields(errors) => ("application/json; charset=utf-8", pretty(errors.by_field())),
    };
    let mut response = Reply { status: problem.status, content_type, body }.into_response();
    for (name, value) in &problem.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(lowercase(name)), value);
        }
    }
    response
}

/// The lower-case form of the header names that problems carry.
fn lowercase(name: &'static str) -> &'static str {
    match name {
        "Retry-After" => "retry-after",
        "WWW-Authenticate" => "www-authenticate",
        "Workaround" => "workaround",
        "Allow" => "allow",
        "Connection" => "connection",
        other => other,
    }
}

/// JSON with an indent of four blanks and UTF-8 as it is, as MAAS prints it.
fn pretty<T: Serialize + ?Sized>(value: &T) -> Bytes {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Shapes are structs, strings and numbers: they always have a JSON form.
    if let Err(error) = value.serialize(&mut serializer) {
        tracing::error!(%error, "a reply has no JSON form");
    }
    Bytes::from(out)
}
