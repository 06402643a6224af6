//! The client of the REST API: signed with an API key, and with the next region when one does not
//! answer.
//!
//! A request goes to the next region when one cannot be reached or says 503, which it says only
//! when nothing was written. A request that changes something and got no answer at all may have been
//! done; it is repeated only by a client that was told so.

pub mod connector;
mod error;
mod exchange;
pub mod key;
pub mod sse;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use model::error::with_causes;
use serde_json::Value;

use crate::connector::Connector;
pub use crate::connector::Trust;
pub use crate::error::ClientError;
use crate::exchange::owned;
pub use crate::exchange::{Answer, Body, Exchange, IDEMPOTENCY_KEY};
use crate::key::ApiKey;

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

/// A client of a cluster.
#[derive(Debug)]
pub struct Client {
    http: Http<Connector, Full<Bytes>>,
    endpoints: Vec<String>,
    /// None for somebody whom nobody knows.
    key: Option<ApiKey>,
    patience: Patience,
    /// The region that is asked first.
    current: AtomicUsize,
    observer: Option<Observer>,
}

/// One region that was asked, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The region.
    pub endpoint: &'a str,
    /// What it was asked.
    pub exchange: &'a Exchange,
    /// What it answered, or why it did not.
    pub outcome: Result<&'a Answer, &'a str>,
    /// How long that took.
    pub took: Duration,
}

/// Is told of every attempt.
pub type Observer = fn(&Attempt<'_>);

/// An answer that comes in pieces.
#[derive(Debug)]
pub struct Streamed {
    /// Its head; of a refusal, all of it.
    pub answer: Answer,
    body: Option<Incoming>,
}

impl Streamed {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// Why the connection broke.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, String> {
        let Some(body) = &mut self.body else { return Ok(None) };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| with_causes(&error))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
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
        let trust = trusted.map_or(Trust::Host, |pem| Trust::These(pem.to_owned()));
        Self::of(endpoints, Some(key), patience, &trust)
    }

    /// A client that has a key or none, and trusts whom it is told to over TLS.
    ///
    /// # Errors
    /// When there is no region, or a certificate cannot be read.
    pub fn of(
        endpoints: Vec<String>,
        key: Option<ApiKey>,
        patience: Patience,
        trust: &Trust,
    ) -> Result<Self, ClientError> {
        if endpoints.is_empty() {
            return Err(ClientError::NoRegion);
        }
        let connector = Connector::new(trust, patience.connect)?;
        let http = Http::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, endpoints, key, patience, current: AtomicUsize::new(0), observer: None })
    }

    /// The same, which tells of every attempt.
    #[must_use]
    pub fn observed(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
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
        self.call(&Method::GET, path, &owned(query), Body::Nothing).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(&Method::POST, path, &[], Body::form(form)).await
    }

    /// Puts a form.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, ClientError> {
        self.call(&Method::PUT, path, &[], Body::form(form)).await
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
            return self.call(method, path, &query, Body::Nothing).await;
        }
        let query: Vec<_> = op.into_iter().collect();
        self.call(method, path, &query, Body::Form(fields)).await
    }

    async fn call(
        &self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        body: Body,
    ) -> Result<Value, ClientError> {
        let root = if path.starts_with('/') { "" } else { ROOT };
        let (path, query) = (format!("{root}{path}"), query.to_vec());
        let headers = Vec::new();
        let exchange = Exchange { method: method.clone(), path, query, headers, body };
        let answer = self.exchange(&exchange).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(ClientError::Unavailable {
                reason: format!("{}: {text}", answer.endpoint),
            });
        }
        read(answer.status, text)
    }

    /// Asks as it is told to and returns what was answered, whatever that is. The next region is asked when one does not
    /// answer or says 503; when all have said so for as long as the client waits, that is the answer.
    ///
    /// # Errors
    /// No region answers, or the request cannot be made.
    pub async fn exchange(&self, exchange: &Exchange) -> Result<Answer, ClientError> {
        Ok(self.answered(exchange, false).await?.answer)
    }

    /// The same for an answer that goes on; once it has begun, nobody else is asked.
    ///
    /// # Errors
    /// No region answers, or the request cannot be made.
    pub async fn stream(&self, exchange: &Exchange) -> Result<Streamed, ClientError> {
        self.answered(exchange, true).await
    }

    /// Asks another region first from now on: this one broke off what it had begun to say.
    pub fn turn_from(&self, endpoint: &str) {
        let at = self.current.load(Ordering::Relaxed);
        if self.endpoints[at % self.endpoints.len()] == endpoint {
            self.current.store(at + 1, Ordering::Relaxed);
        }
    }

    async fn answered(
        &self,
        exchange: &Exchange,
        is_stream: bool,
    ) -> Result<Streamed, ClientError> {
        let started = Instant::now();
        let may_repeat = self.patience.repeat_unanswered || exchange.may_repeat();
        let (mut asked, mut distrusted) = (0, 0);
        let mut said = Said::default();
        loop {
            let at = self.current.load(Ordering::Relaxed);
            let endpoint = &self.endpoints[at % self.endpoints.len()];
            let request = exchange.request(endpoint, self.key.as_ref())?;
            asked += 1;
            let is_over = started.elapsed() >= self.patience.total && asked >= self.endpoints.len();
            let began = Instant::now();
            let patience = self.time_of_one(may_repeat);
            let outcome = self.ask(request, endpoint, patience, is_stream).await;
            self.tell(exchange, endpoint, &outcome, began);
            match outcome {
                Ok(found) if !is_unavailable(&found) => return Ok(found),
                // All say so: that is the answer.
                Ok(found) if is_over && said.is_all_of_answers_but(endpoint) => return Ok(found),
                Ok(found) => said.refused(endpoint, &found.answer),
                // It does not get better by waiting.
                Err(Failed { is_distrusted: true, reason, .. }) => {
                    distrusted += 1;
                    if distrusted == self.endpoints.len() {
                        let endpoint = endpoint.clone();
                        return Err(ClientError::Distrusted { endpoint, reason });
                    }
                    said.failed(endpoint, reason);
                }
                Err(failed) if !failed.was_sent || may_repeat => {
                    said.failed(endpoint, failed.reason);
                }
                Err(Failed { reason, .. }) => {
                    return Err(ClientError::Unanswered { endpoint: endpoint.clone(), reason });
                }
            }
            if is_over {
                return Err(ClientError::Unavailable { reason: said.of_each(&self.endpoints) });
            }
            self.current.store(at + 1, Ordering::Relaxed);
            tokio::time::sleep(self.pause_after(asked)).await;
        }
    }

    fn tell(
        &self,
        exchange: &Exchange,
        endpoint: &str,
        outcome: &Result<Streamed, Failed>,
        began: Instant,
    ) {
        let Some(observer) = self.observer else { return };
        let outcome = match outcome {
            Ok(found) => Ok(&found.answer),
            Err(failed) => Err(failed.reason.as_str()),
        };
        observer(&Attempt { endpoint, exchange, outcome, took: began.elapsed() });
    }

    /// The pause after so many attempts: twice as long for each time that all were asked, eight times at most.
    fn pause_after(&self, asked: usize) -> Duration {
        let rounds = (asked.saturating_sub(1) / self.endpoints.len()).min(3);
        self.patience.pause * (1_u32 << rounds)
    }

    /// How long one region has to answer: less where another one can be asked the same.
    fn time_of_one(&self, may_repeat: bool) -> Duration {
        let Patience { answer, total, .. } = self.patience;
        if may_repeat && self.endpoints.len() > 1 { answer.min(total / 3) } else { answer }
    }

    async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        endpoint: &str,
        patience: Duration,
        is_stream: bool,
    ) -> Result<Streamed, Failed> {
        let answered = async {
            let response = self.http.request(request).await.map_err(|error| Failed {
                was_sent: !error.is_connect(),
                is_distrusted: error.is_connect() && is_distrust(&error),
                reason: with_causes(&error),
            })?;
            let (head, body) = response.into_parts();
            let endpoint = endpoint.to_owned();
            let (status, headers) = (head.status, head.headers);
            if is_stream && status.is_success() {
                let answer = Answer { endpoint, status, headers, body: Bytes::new() };
                return Ok(Streamed { answer, body: Some(body) });
            }
            let body = body.collect().await;
            let body = body.map_err(|error| Failed::after_sending(with_causes(&error)))?;
            let answer = Answer { endpoint, status, headers, body: body.to_bytes() };
            Ok(Streamed { answer, body: None })
        };
        tokio::time::timeout(patience, answered).await.unwrap_or_else(|_| {
            let reason = format!("no answer in {} s", patience.as_secs());
            Err(Failed::after_sending(reason))
        })
    }
}

/// What each region said last: why it does not answer, or why it cannot now.
#[derive(Debug, Default)]
struct Said<'a>(BTreeMap<&'a str, Result<String, String>>);

impl<'a> Said<'a> {
    fn refused(&mut self, endpoint: &'a str, answer: &Answer) {
        self.0.insert(endpoint, Ok(answer.in_short()));
    }

    fn failed(&mut self, endpoint: &'a str, reason: String) {
        self.0.insert(endpoint, Err(reason));
    }

    /// Whether all others answered.
    fn is_all_of_answers_but(&self, endpoint: &str) -> bool {
        self.0.iter().all(|(other, said)| *other == endpoint || said.is_ok())
    }

    fn of_each(&self, endpoints: &[String]) -> String {
        let known = endpoints.iter().filter_map(|endpoint| {
            let (Ok(said) | Err(said)) = self.0.get(endpoint.as_str())?;
            Some(format!("{endpoint}: {said}"))
        });
        known.collect::<Vec<_>>().join("; ")
    }
}

fn is_unavailable(found: &Streamed) -> bool {
    found.answer.status == StatusCode::SERVICE_UNAVAILABLE
}

/// Why a region gave no answer, and whether it may have been asked.
struct Failed {
    was_sent: bool,
    /// Whether its certificate is why.
    is_distrusted: bool,
    reason: String,
}

impl Failed {
    const fn after_sending(reason: String) -> Self {
        Self { was_sent: true, is_distrusted: false, reason }
    }
}

/// Whether what went wrong is a certificate.
fn is_distrust(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // What an error of IO is made of is not among its causes.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(inner, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The JSON of an answer, or its text where it is none.
fn read(status: StatusCode, text: String) -> Result<Value, ClientError> {
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
    }
    Err(ClientError::Refused { status: status.as_u16(), text })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;

    use rustls::ServerConfig;
    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::task::JoinSet;
    use tokio_rustls::TlsAcceptor;

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

    /// A region that answers all requests with this.
    fn region_that_stays(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut request) = (stream.unwrap(), [0; 4096]);
                let _ = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
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
    async fn each_region_is_named_with_its_reason_when_none_can_answer() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        let dead = format!("http://{}", gone.local_addr().unwrap());
        drop(gone);
        let waits = region_that_stays(NO_QUORUM);
        let patience = Patience { total: Duration::from_millis(300), ..PATIENCE };
        let key = ApiKey::new("a", "b", "c");
        let client = Client::new(vec![waits.clone(), dead.clone()], key, patience).unwrap();
        let error = client.get("tags/").await.unwrap_err().to_string();
        for part in [format!("{waits}: 503 Service Unavailable; {dead}: "), "refused".to_owned()] {
            assert!(error.contains(&part), "{part}: {error}");
        }
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
    async fn a_change_with_a_name_of_its_own_is_repeated() {
        let client = client(&[region(""), region(GOOD)]);
        let exchange = Exchange {
            method: Method::POST,
            path: "/api/v1/fabrics".to_owned(),
            query: Vec::new(),
            headers: vec![(IDEMPOTENCY_KEY, "one".to_owned())],
            body: Body::Json(Bytes::from_static(b"{}")),
        };
        assert_eq!(client.exchange(&exchange).await.unwrap().status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_stream_is_read_in_pieces_and_ends() {
        let client = client(&[region(NO_QUORUM), region(GOOD)]);
        let exchange = Exchange {
            method: Method::GET,
            path: "/api/v1/watch".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Nothing,
        };
        let mut streamed = client.stream(&exchange).await.unwrap();
        assert_eq!(streamed.piece().await.unwrap().unwrap(), "{}");
        assert_eq!(streamed.piece().await.unwrap(), None);
    }

    #[test]
    fn pauses_grow_with_every_round() {
        let client = client(&["http://a".to_owned(), "http://b".to_owned()]);
        let pauses: Vec<u128> =
            [1, 2, 3, 5, 99].map(|asked| client.pause_after(asked).as_millis()).to_vec();
        assert_eq!(pauses, [1, 1, 2, 4, 8]);
    }

    /// A region whose certificate has ended, at an address; it ends with the test.
    async fn expired_region() -> (String, String, JoinSet<()>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _refused = acceptor.accept(stream).await;
            }
        });
        (endpoint, certificate.pem(), serving)
    }

    #[tokio::test]
    async fn a_certificate_that_has_ended_is_told_at_once() {
        let (endpoint, pem, _serving) = expired_region().await;
        let patience = Patience { total: Duration::from_secs(3_600), ..PATIENCE };
        let endpoints = vec![endpoint.clone(), endpoint];
        let key = ApiKey::new("a", "b", "c");
        let client = Client::trusting(endpoints, key, patience, Some(&pem)).unwrap();
        let error = client.get("tags/").await.unwrap_err();
        assert!(matches!(error, ClientError::Distrusted { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate expired"), "{error}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_with_its_status() {
        let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
        let error = client(&[region(refusal)]).get("tags/x/").await.unwrap_err();
        assert_eq!(error.to_string(), "404: no");
    }
}
