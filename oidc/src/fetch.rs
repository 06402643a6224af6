//! Asking a provider, within bounds: of time, of bytes, of how many ask at once. Nothing is followed elsewhere.

use std::time::Duration;

use bytes::Bytes;
use client::Trust;
use client::connector::Connector;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use model::error::with_causes;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::ProviderError;

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// How long somebody waits until others have been answered.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The longest answer, in bytes.
const BYTES_MAX: usize = 512 << 10;

/// How many requests are under way at once.
const AT_ONCE_MAX: usize = 32;

/// What asks.
#[derive(Debug)]
pub(crate) struct Fetcher {
    http: Http<Connector, Full<Bytes>>,
    room: Semaphore,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    /// Null when it is no JSON.
    pub(crate) json: Value,
}

impl Fetcher {
    /// One that trusts the authorities of the host.
    pub(crate) fn new() -> Result<Self, client::ClientError> {
        let connector = Connector::new(&Trust::Host, CONNECT_MAX)?;
        // Logins are seldom: a connection that is kept would mostly be one that the other end has closed.
        let http = Http::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { http, room: Semaphore::new(AT_ONCE_MAX) })
    }

    /// The answer to a request.
    pub(crate) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Fetched, ProviderError> {
        let room = timeout(WAIT_MAX, self.room.acquire()).await;
        let Ok(Ok(_room)) = room else { return Err(ProviderError::Busy) };
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed = |reason: String| ProviderError::Unreachable { host: host.clone(), reason };
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let answered = async {
            let response = self.http.request(request).await;
            let response = response.map_err(|error| failed(with_causes(&error)))?;
            let status = response.status();
            if status.is_redirection() {
                return Err(failed("it sends us elsewhere, which is not followed".to_owned()));
            }
            let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
            let body = body.map_err(|error| failed(error.to_string()))?.to_bytes();
            Ok(Fetched { status, json: serde_json::from_slice(&body).unwrap_or_default() })
        };
        let late = || failed(format!("no answer in {} s", ANSWER_MAX.as_secs()));
        timeout(ANSWER_MAX, answered).await.unwrap_or_else(|_| Err(late()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What is made of an answer.
    async fn fetched(head: &'static str, body_bytes: usize) -> Result<Fetched, ProviderError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            let head = format!("HTTP/1.1 {head}\r\nContent-Length: {body_bytes}\r\n\r\n");
            // Who has read enough goes away.
            let _closed = stream.write_all(&[head.into_bytes(), vec![b'1'; body_bytes]].concat());
        });
        let request = Request::get(url).body(Full::default()).unwrap();
        let answer = Fetcher::new().unwrap().send(request).await;
        server.join().unwrap();
        answer
    }

    #[tokio::test]
    async fn what_a_provider_answers_has_bounds_and_nothing_is_followed() {
        let good = fetched("200 OK", 5).await.unwrap();
        assert_eq!((good.status, good.json), (StatusCode::OK, 11111.into()));
        let away = fetched("302 Found\r\nLocation: http://192.0.2.1/", 0).await.unwrap_err();
        assert!(
            away.to_string().contains("127.0.0.1 does not answer: it sends us elsewhere"),
            "{away}"
        );
        let long = fetched("200 OK", BYTES_MAX + 1).await.unwrap_err();
        assert!(long.to_string().contains("limit"), "{long}");
    }
}
