//! The client of the REST API: signed with an API key, and with the next region when one does not
//! answer.
//!
//! A request goes to the next region when one cannot be reached or says 503, which it says only
//! when nothing was written. A request that changes something and got no answer at all may have been
//! done; it is repeated only by a client that was told so.

mod connector;
pub mod key;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use model::error::with_causes;
use serde_json::Value;

use crate::connector::Connector;
use crate::key::{ApiKey, InvalidKey};

/// The API's root.
const ROOT: &str = "/MAAS/api/2.0/";

/// How long and how often a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long one region has for its answer.
    pub answer: Duration,
    /// How long the regions are asked in turn.
    pub total: Duration,
    /// The pause before the next one is asked.
    pub pause: Duration,
    /// Whether a change that got no answer is sent again, although it may have been done.
    pub repeat_unanswered: bool,
}

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

/// A client of a cluster.
#[derive(Debug)]
pub struct Client {
    http: Http<Connector, Full<Bytes>>,
    endpoints: Vec<String>,
    key: ApiKey,
    patience: Patience,
    /// The region that is asked first.
    current: AtomicUsize,
}

/// What is sent with a request.
#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Form(Vec<(String, String)>),
    Bytes(Vec<u8>),
}

impl Content {
    fn form(fields: &[(&str, &str)]) -> Self {
        Self::Form(owned(fields))
    }

    /// Whether sending it twice does no harm.
    fn may_repeat(&self, method: &Method) -> bool {
        match self {
            Self::Nothing | Self::Form(_) => *method != Method::POST,
            Self::Bytes(_) => false,
        }
    }
}

impl Client {
    /// A client for regions like `http://10.0.0.1:5240`. Over TLS it trusts the authorities of the host.
    ///
    /// # Errors
    /// When there is no region.
    pub fn new(
        endpoints: Vec<String>,
        key: ApiKey,
        patience: Patience,
    ) -> Result<Self, ClientError> {
        Self::trusting(endpoints, key, patience, None)
    }

    /// As [`Client::new`], but over TLS it trusts these certificates (PEM) and no others, if there are any.
    ///
    /// # Errors
    /// When there is no region, or a certificate cannot be read.
    pub fn trusting(
        endpoints: Vec<String>,
        key: ApiKey,
        patience: Patience,
        trusted: Option<&str>,
    ) -> Result<Self, ClientError> {
        if endpoints.is_empty() {
            return Err(ClientError::NoRegion);
        }
        let connector = Connector::new(trusted, patience.connect)?;
        let http = Http::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, endpoints, key, patience, current: AtomicUsize::new(0) })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// The user that the key belongs to.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn whoami(&self) -> Result<api::users::User, ClientError> {
        Ok(serde_json::from_value(self.query("users/", &[("op", "whoami")]).await?)?)
    }

    /// Reads a path below the API's root, or one from the host's root.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.query(path, &[]).await
    }

    /// Reads with parameters.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn query(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(&Method::GET, path, &owned(query), &Content::Nothing).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(&Method::POST, path, &[], &Content::form(form)).await
    }

    /// Puts a form.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(&Method::PUT, path, &[], &Content::form(form)).await
    }

    /// Calls an operation: what reads has its fields in the query, everything else as a form.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        op: Option<&str>,
        fields: Vec<(String, String)>,
    ) -> Result<Value, ClientError> {
        let op = op.map(|op| ("op".to_owned(), op.to_owned()));
        if *method == Method::GET {
            let query: Vec<_> = op.into_iter().chain(fields).collect();
            return self.call(method, path, &query, &Content::Nothing).await;
        }
        let query: Vec<_> = op.into_iter().collect();
        self.call(method, path, &query, &Content::Form(fields)).await
    }

    /// Sends a part of a file. It is not repeated when there was no answer: it may be there.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put_bytes(&self, path: &str, bytes: Vec<u8>) -> Result<Value, ClientError> {
        self.call(&Method::PUT, path, &[], &Content::Bytes(bytes)).await
    }

    async fn call(
        &self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        content: &Content,
    ) -> Result<Value, ClientError> {
        let started = Instant::now();
        let may_repeat = self.patience.repeat_unanswered || content.may_repeat(method);
        loop {
            let at = self.current.load(Ordering::Relaxed);
            let endpoint = &self.endpoints[at % self.endpoints.len()];
            let root = if path.starts_with('/') { "" } else { ROOT };
            let request =
                self.request(method, &format!("{endpoint}{root}{path}"), query, content)?;
            let reason = match self.ask(request, self.time_of_one(may_repeat)).await {
                Ok((StatusCode::SERVICE_UNAVAILABLE, text)) => format!("{endpoint}: {text}"),
                Ok((status, text)) => return answer(status, text),
                Err(failed) if !failed.was_sent || may_repeat => {
                    format!("{endpoint}: {}", failed.reason)
                }
                Err(Failed { reason, .. }) => {
                    return Err(ClientError::Unanswered { endpoint: endpoint.clone(), reason });
                }
            };
            if started.elapsed() >= self.patience.total {
                return Err(ClientError::Unavailable { reason });
            }
            self.current.store(at + 1, Ordering::Relaxed);
            tokio::time::sleep(self.patience.pause).await;
        }
    }

    /// How long one region has to answer: less where another one can be asked the same.
    fn time_of_one(&self, may_repeat: bool) -> Duration {
        let Patience { answer, total, .. } = self.patience;
        if may_repeat && self.endpoints.len() > 1 { answer.min(total / 3) } else { answer }
    }

    /// What one region is asked; each is signed anew.
    fn request(
        &self,
        method: &Method,
        url: &str,
        query: &[(String, String)],
        content: &Content,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let wrong = |reason: String| ClientError::Request { url: url.to_owned(), reason };
        let encode = |pairs: &[(String, String)]| {
            serde_urlencoded::to_string(pairs).map_err(|error| wrong(error.to_string()))
        };
        let mut target = url.to_owned();
        if !query.is_empty() {
            target.push(if url.contains('?') { '&' } else { '?' });
            target.push_str(&encode(query)?);
        }
        let (kind, body) = match content {
            Content::Nothing => (None, Bytes::new()),
            Content::Form(fields) => {
                (Some("application/x-www-form-urlencoded"), Bytes::from(encode(fields)?))
            }
            Content::Bytes(bytes) => (Some("application/octet-stream"), Bytes::from(bytes.clone())),
        };
        let mut request = Request::builder()
            .method(method.clone())
            .uri(target)
            .header(header::AUTHORIZATION, self.key.authorization());
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request.body(Full::new(body)).map_err(|error| wrong(error.to_string()))
    }

    /// The status and the body of an answer.
    async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        patience: Duration,
    ) -> Result<(StatusCode, String), Failed> {
        let answered = async {
            let response = self.http.request(request).await.map_err(|error| Failed {
                was_sent: !error.is_connect(),
                reason: with_causes(&error),
            })?;
            let status = response.status();
            let body = response.into_body().collect().await;
            let body =
                body.map_err(|error| Failed { was_sent: true, reason: with_causes(&error) })?;
            Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
        };
        tokio::time::timeout(patience, answered).await.unwrap_or_else(|_| {
            let reason = format!("no answer in {} s", patience.as_secs());
            Err(Failed { was_sent: true, reason })
        })
    }
}

/// Why a region gave no answer, and whether it may have been asked.
struct Failed {
    was_sent: bool,
    reason: String,
}

/// What a region said of a refusal, or at least what its status means.
fn said(status: u16, text: &str) -> &str {
    let meaning = || StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    match text.trim() {
        "" => meaning().unwrap_or_default(),
        text => text,
    }
}

/// The JSON of an answer, or its text where it is none.
fn answer(status: StatusCode, text: String) -> Result<Value, ClientError> {
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
    }
    Err(ClientError::Refused { status: status.as_u16(), text })
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const PATIENCE: Patience = Patience {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        total: Duration::from_secs(5),
        pause: Duration::from_millis(1),
        repeat_unanswered: false,
    };

    /// A region that answers one request with this, and then is gone.
    fn region(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        endpoint
    }

    fn client(endpoints: &[String]) -> Client {
        Client::new(endpoints.to_vec(), ApiKey::new("a", "b", "c"), PATIENCE).unwrap()
    }

    const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    const NO_QUORUM: &str =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn the_next_region_is_asked_when_one_has_no_quorum() {
        let client = client(&[region(NO_QUORUM), region(GOOD)]);
        assert_eq!(client.post("tags/", &[]).await.unwrap(), serde_json::json!({}));
    }

    #[tokio::test]
    async fn a_change_without_an_answer_is_not_repeated() {
        let client = client(&[region(""), region(GOOD)]);
        let error = client.post("tags/", &[]).await.unwrap_err();
        assert!(matches!(error, ClientError::Unanswered { .. }), "{error:?}");
        let client = self::client(&[region(""), region(GOOD)]);
        assert!(client.get("tags/").await.is_ok(), "reading may be repeated");
    }

    #[tokio::test]
    async fn a_region_that_never_answers_does_not_keep_others_from_being_asked() {
        let frozen = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", frozen.local_addr().unwrap());
        let (answer, total) = (Duration::from_secs(3_600), Duration::from_millis(600));
        let patience = Patience { answer, total, ..PATIENCE };
        let key = || ApiKey::new("a", "b", "c");
        let client = Client::new(vec![endpoint.clone(), region(GOOD)], key(), patience).unwrap();
        assert!(client.get("tags/").await.is_ok());
        let alone = Client::new(vec![endpoint], key(), patience).unwrap();
        assert_eq!(alone.time_of_one(true), answer, "there is nobody else to ask");
        assert_eq!(client.time_of_one(false), answer, "it may be done, and is not repeated");
    }

    #[tokio::test]
    async fn a_refusal_without_a_word_is_told_with_what_its_status_means() {
        let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let error = client(&[region(refusal)]).get("tags/x/").await.unwrap_err();
        assert_eq!(error.to_string(), "403: Forbidden");
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_its_status() {
        let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
        let error = client(&[region(refusal)]).get("tags/x/").await.unwrap_err();
        assert_eq!(error.to_string(), "404: no");
    }
}
