//! Answers: JSON printed as MAAS prints it, text, bytes or nothing; and problems as responses.

use std::fmt;

use axum::body::Body as HttpBody;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use ops::background;
use serde::Serialize;

use crate::problem::{Body, Problem};

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// How much of a list is held in memory before it is sent on, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// The answer of an operation.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    body: ReplyBody,
}

enum ReplyBody {
    Whole(Bytes),
    Stream(HttpBody),
}

impl Reply {
    /// JSON, status 200.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        Self { status: 200, content_type: JSON, body: ReplyBody::Whole(pretty(value)) }
    }

    /// A JSON array of what an iterator makes, sent on while it is made: neither the values nor
    /// their text are ever in memory as a whole. Each piece is made [in the background] when the client
    /// has taken the one before. When a value cannot be made, the answer ends within, which clients notice.
    ///
    /// [in the background]: ops::background
    #[must_use]
    pub fn json_list<T, I>(values: I) -> Self
    where
        T: Serialize,
        I: Iterator<Item = Result<T, Problem>> + Send + 'static,
    {
        let chunks = stream::unfold(Chunks { values, began: false, ended: false }, |mut chunks| {
            background::run(move || chunks.next().map(|chunk| (chunk, chunks)))
        });
        Self {
            status: 200,
            content_type: JSON,
            body: ReplyBody::Stream(HttpBody::from_stream(chunks)),
        }
    }

    /// Plain text, status 200.
    pub fn text(text: impl Into<String>) -> Self {
        Self::bytes(TEXT, Bytes::from(text.into()))
    }

    /// Bytes of some type, status 200.
    #[must_use]
    pub fn bytes(content_type: &'static str, body: Bytes) -> Self {
        Self { status: 200, content_type, body: ReplyBody::Whole(body) }
    }

    /// Status 204, what a deletion answers.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: 204, content_type: TEXT, body: ReplyBody::Whole(Bytes::new()) }
    }

    /// The whole body.
    ///
    /// # Errors
    /// What cut a list short.
    pub async fn into_bytes(self) -> Result<Bytes, axum::Error> {
        match self.body {
            ReplyBody::Whole(body) => Ok(body),
            ReplyBody::Stream(body) => axum::body::to_bytes(body, usize::MAX).await,
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether its body is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.content_type == JSON
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same as another type of content.
    #[must_use]
    pub fn with_content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type))];
        match self.body {
            ReplyBody::Whole(body) => (status, headers, body).into_response(),
            ReplyBody::Stream(body) => (status, headers, body).into_response(),
        }
    }
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(body) => write!(f, "{} bytes", body.len()),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}

/// A list in pieces of about [`CHUNK_BYTES`].
struct Chunks<I> {
    values: I,
    began: bool,
    ended: bool,
}

impl<T, I> Iterator for Chunks<I>
where
    T: Serialize,
    I: Iterator<Item = Result<T, Problem>>,
{
    type Item = Result<Bytes, std::io::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 2);
        while chunk.len() < CHUNK_BYTES {
            match self.values.next() {
                Some(Ok(value)) => self.add(&mut chunk, &value),
                Some(Err(problem)) => {
                    self.ended = true;
                    tracing::error!(?problem, "a list ends before its end");
                    return Some(Err(std::io::Error::other("the list could not be read on")));
                }
                None => {
                    self.ended = true;
                    chunk.extend_from_slice(if self.began { b"\n]" } else { b"[]" });
                    break;
                }
            }
        }
        Some(Ok(Bytes::from(chunk)))
    }
}

impl<I> Chunks<I> {
    fn add<T: Serialize>(&mut self, chunk: &mut Vec<u8>, value: &T) {
        chunk.extend_from_slice(if self.began { b",\n    " } else { b"[\n    " });
        self.began = true;
        // Within strings JSON writes line feeds as `\n`, so each of these begins a line to indent.
        for (number, line) in pretty(value).split(|byte| *byte == b'\n').enumerate() {
            if number > 0 {
                chunk.extend_from_slice(b"\n    ");
            }
            chunk.extend_from_slice(line);
        }
    }
}

/// A problem as a response; anything but a form error is plain text.
pub fn problem_response(problem: &Problem) -> Response {
    let reply = match &problem.body {
        Body::Empty => Reply::bytes(TEXT, Bytes::new()),
        Body::Text(text) => Reply::text(text.clone()),
        Body::Fields(errors) => Reply::json(errors.by_field()),
    };
    let mut response = reply.with_status(problem.status).into_response();
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn chunks(values: Vec<Value>) -> Vec<Bytes> {
        let values = values.into_iter().map(Ok);
        Chunks { values, began: false, ended: false }.map(Result::unwrap).collect()
    }

    #[track_caller]
    fn check(values: Vec<Value>) {
        assert_eq!(chunks(values.clone()).concat(), pretty(&values));
    }

    #[test]
    fn a_list_in_pieces_is_the_list() {
        check(vec![]);
        check(vec![json!({})]);
        check(vec![json!({"a": [1, {"b": "line\nfeed"}], "c": []}), json!(null), json!([[2]])]);
    }

    #[test]
    fn pieces_are_bounded_however_long_the_list_is() {
        let value = json!("x".repeat(1000));
        let pieces = chunks(vec![value; 1000]);
        assert!(pieces.len() > 10, "{} pieces", pieces.len());
        assert!(pieces.iter().all(|piece| piece.len() < CHUNK_BYTES + 2000));
    }

    #[test]
    fn a_list_that_cannot_be_read_on_has_no_end() {
        let values = vec![Ok(json!(1)), Err(Problem::empty(500)), Ok(json!(2))];
        let values = values.into_iter();
        let mut chunks = Chunks { values, began: false, ended: false };
        assert!(chunks.next().is_some_and(|piece| piece.is_err()));
        assert!(chunks.next().is_none());
    }
}
