//! Failures as problems of RFC 9457: what is wrong, where in the request, and what can be done about it.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::error::Kind;
use model::request::RequestId;
use ops::error::Refusal;
use rest::intake::IntakeError;
use rest::params::Params;
use rest::problem::{self, Body, RETRY_AFTER_SECONDS, status_of};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with one part of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// The member of the body as a JSON pointer, `/name`; none when it is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The parameter of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

/// A failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status, which is the kind of failure, too.
    pub status: u16,
    /// What is wrong, in a sentence or more.
    pub detail: String,
    /// What is wrong where.
    pub errors: Vec<Fault>,
    /// Members that only this kind of failure has.
    pub more: BTreeMap<&'static str, Value>,
    /// Headers of the answer.
    pub headers: Vec<(&'static str, String)>,
}

/// A failure as it is sent (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// Which kind of failure it is, as a path of the documentation: `/api/v1/docs#invalid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in a sentence or more.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What is wrong where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The id of the request, as in the header `X-Request-Id`: logs and events have it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_id: Option<RequestId>,
    /// Members that only this kind of failure has.
    #[serde(flatten)]
    #[schema(ignore)]
    pub more: BTreeMap<&'static str, Value>,
}

/// The kinds of failure: status, name in the type, and title.
pub const KINDS: &[(u16, &str, &str)] = &[
    (400, "invalid", "The request is wrong"),
    (401, "unauthenticated", "Who calls is not known"),
    (403, "forbidden", "Who calls may not do this"),
    (404, "not-found", "There is no such object"),
    (405, "method", "That cannot be done with this path"),
    (408, "slow", "The request did not go on"),
    (409, "conflict", "The object is in a state that does not allow this"),
    (410, "gone", "What is asked for is too old to be known"),
    (412, "changed", "It has changed since it was read"),
    (413, "large", "The request is too large"),
    (415, "media-type", "The body is not JSON"),
    (422, "other-request", "The same key came with another request before"),
    (429, "too-many", "Too many requests"),
    (500, "internal", "A defect of Ironraft"),
    (503, "unavailable", "The cluster cannot answer now"),
];

/// What MAAS says of a value that is none of the possible ones.
const UNNAMED: &str = "That choice is not one of";

/// Whether a value can stand in a sentence.
fn is_short(value: &str) -> bool {
    (1..=64).contains(&value.len())
}

impl Problem {
    /// A failure with a status and a sentence.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            more: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// A failure of that kind.
    pub fn of(kind: Kind, detail: impl Into<String>) -> Self {
        Self::new(status_of(kind), detail)
    }

    /// A wrong parameter of the query.
    pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Self {
        let (name, message) = (name.into(), message.into());
        let mut problem = Self::new(400, format!("{name}: {message}"));
        problem.errors.push(Fault { pointer: None, parameter: Some(name), message });
        problem
    }

    /// A wrong member of the body.
    pub fn member(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(400, format!("{name}: {message}"));
        let pointer = Some(format!("/{}", name.replace('~', "~0").replace('/', "~1")));
        problem.errors.push(Fault { pointer, parameter: None, message });
        problem
    }

    /// The same with the values that were given in place of "that choice", which is all that MAAS says of them.
    #[must_use]
    pub fn naming(mut self, given: &Params) -> Self {
        for fault in &mut self.errors {
            let Some(name) = fault.pointer.as_deref().and_then(|at| at.strip_prefix('/')) else {
                continue;
            };
            let Some(value) = given.get(name).filter(|value| is_short(value)) else { continue };
            let named = fault.message.replace(UNNAMED, &format!("{value} is not one of"));
            let before = format!("{name}: {}", fault.message);
            self.detail = self.detail.replace(&before, &format!("{name}: {named}"));
            fault.message = named;
        }
        self
    }

    /// An object that is not there.
    #[must_use]
    pub fn not_found(singular: &str, key: &str) -> Self {
        Self::new(404, format!("There is no {singular} {key:?}."))
    }

    /// The same with another member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.more.insert(name, serde_json::to_value(value).unwrap_or_default());
        self
    }
}

impl From<problem::Problem> for Problem {
    fn from(of_maas: problem::Problem) -> Self {
        let mut made = match of_maas.body {
            Body::Empty => Self::new(of_maas.status, ""),
            Body::Text(text) => Self::new(of_maas.status, text),
            Body::Fields(errors) => {
                let mut made = Self::new(of_maas.status, "");
                for (field, messages) in errors.by_field() {
                    for message in messages {
                        let one = match field.as_str() {
                            "__all__" => {
                                Fault { pointer: None, parameter: None, message: message.clone() }
                            }
                            name => Self::member(name, message.clone()).errors.remove(0),
                        };
                        made.errors.push(one);
                    }
                }
                made
            }
        };
        if made.detail.is_empty() {
            let texts = made.errors.iter().map(|fault| {
                let at = fault.pointer.as_deref().map(|at| format!("{}: ", &at[1..]));
                format!("{}{}", at.unwrap_or_default(), fault.message)
            });
            made.detail = texts.collect::<Vec<_>>().join(" ");
        }
        made.headers = of_maas.headers;
        made
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        problem::Problem::from(refusal).into()
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        problem::Problem::from(error).into()
    }
}

impl Problem {
    /// The answer to the request of that id.
    #[must_use]
    pub fn answer(self, request_id: Option<RequestId>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let known = KINDS.iter().find(|(known, _, _)| *known == self.status);
        let (_, name, title) =
            known.copied().unwrap_or((self.status, "other", "The request failed"));
        let Self { status: number, detail, errors, more, headers } = self;
        let (kind, title) = (format!("/api/v1/docs#{name}"), title.to_owned());
        let document = Document { kind, title, status: number, detail, errors, request_id, more };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        for (name, value) in &headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let Some((name, value)) = name.ok().zip(HeaderValue::from_str(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let after = HeaderValue::from(RETRY_AFTER_SECONDS);
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(after);
        }
        response
    }
}
