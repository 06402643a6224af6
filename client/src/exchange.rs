//! One request as a region is asked it, and what it answers, as it is.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use http_body_util::Full;

use crate::error::ClientError;
use crate::key::ApiKey;

/// A request.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The path from the host's root on, as it is written in a URL.
    pub path: String,
    /// The parameters behind it.
    pub query: Vec<(String, String)>,
    /// Headers besides those that follow from the key and the body. One that says who asks (`authorization`) stands instead of
    /// the key's.
    pub headers: Vec<(HeaderName, String)>,
    /// What is sent with it.
    pub body: Body,
}

/// The header that makes a request one that is carried out once, however often it is sent.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is sent with a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    Nothing,
    /// A form, urlencoded.
    Form(Vec<(String, String)>),
    /// A JSON document.
    Json(Bytes),
    /// A form that may have files (RFC 7578), with its content type, which names the boundary.
    Multipart(String, Bytes),
    /// A part of a file.
    Bytes(Bytes),
}

/// What a region answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The region, `http://10.0.0.1:5240`.
    pub endpoint: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The text of a header; none when there is none, or it is no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What a refusal says, in a line: the detail of a problem, or else its text, or else its status.
    pub(crate) fn in_short(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let detail = ["detail", "title"].iter().find_map(|name| problem[*name].as_str());
        let said = detail.unwrap_or(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        if said.is_empty() { self.status.to_string() } else { said }
    }
}

impl Body {
    pub(crate) fn form(fields: &[(&str, &str)]) -> Self {
        Self::Form(owned(fields))
    }
}

impl Exchange {
    /// Whether asking twice does no harm.
    pub(crate) fn may_repeat(&self) -> bool {
        match self.body {
            Body::Nothing | Body::Form(_) | Body::Json(_) | Body::Multipart(..) => {
                self.method != Method::POST || self.has(&IDEMPOTENCY_KEY)
            }
            Body::Bytes(_) => false,
        }
    }

    fn has(&self, header: &HeaderName) -> bool {
        self.headers.iter().any(|(name, _)| name == header)
    }

    /// What one region is asked; each is signed anew.
    pub(crate) fn request(
        &self,
        endpoint: &str,
        key: Option<&ApiKey>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let mut target = format!("{endpoint}{}", self.path);
        let wrong = |reason: String| ClientError::Request {
            url: format!("{endpoint}{}", self.path),
            reason,
        };
        let encode = |pairs: &[(String, String)]| {
            serde_urlencoded::to_string(pairs).map_err(|error| wrong(error.to_string()))
        };
        if !self.query.is_empty() {
            target.push(if self.path.contains('?') { '&' } else { '?' });
            target.push_str(&encode(&self.query)?);
        }
        let (kind, body) = match &self.body {
            Body::Nothing => (None, Bytes::new()),
            Body::Form(fields) => {
                (Some("application/x-www-form-urlencoded"), Bytes::from(encode(fields)?))
            }
            Body::Json(bytes) => (Some("application/json"), bytes.clone()),
            Body::Multipart(kind, bytes) => (Some(kind.as_str()), bytes.clone()),
            Body::Bytes(bytes) => (Some("application/octet-stream"), bytes.clone()),
        };
        let mut request = Request::builder().method(self.method.clone()).uri(target);
        if let Some(key) = key.filter(|_| !self.has(&header::AUTHORIZATION)) {
            request = request.header(header::AUTHORIZATION, key.authorization());
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(body)).map_err(|error| wrong(error.to_string()))
    }
}

pub(crate) fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
