//! `/MAAS/…`: passes machines' requests on to a region, and to another one when that fails.
//!
//! What is passed on says [`passed_on`]; all of it can be repeated without harm: reports to the
//! metadata service are idempotent by design.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::http::bodies::Bodies;
use crate::http::passed_on::passed_on;
use crate::http::{HttpState, host};
use crate::uplink::Uplink;

/// The largest request that is passed on, in bytes: a region takes no larger report.
pub const BODY_BYTES_MAX: usize = 32 << 20;

/// How long a machine may take to send its request.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a region may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);

/// How long a region may be silent in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How often all regions are tried before the client is told to come back.
const ROUNDS: usize = 8;

/// The pause between two rounds: together they outlast an election.
const ROUND_PAUSE: Duration = Duration::from_millis(500);

/// Headers that concern one connection only (RFC 9110 §7.6.1), and the length, which is made anew.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

/// The way to the regions' HTTP.
#[derive(Debug)]
pub struct Proxy {
    client: reqwest::Client,
    uplink: Uplink,
    bodies: Bodies,
}

/// A request that can be sent more than once.
struct Outgoing {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Proxy {
    /// A proxy to the regions that `uplink` knows.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(uplink: Uplink) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, uplink, bodies: Bodies::default() })
    }

    /// Tries all regions in turn until one answers with anything but "not now".
    async fn send(&self, outgoing: &Outgoing) -> Response {
        let mut unavailable = None;
        for round in 0..ROUNDS {
            if round > 0 {
                sleep(ROUND_PAUSE).await;
            }
            for address in self.uplink.http_addresses() {
                match self.try_region(&address, outgoing).await {
                    Ok(response) if !is_unavailable(&response) => return response,
                    Ok(response) => unavailable = Some(response),
                    Err(error) => {
                        warn!(region = %address, "region {address} did not answer: {error}");
                    }
                }
            }
        }
        unavailable.unwrap_or_else(|| {
            let retry = [(header::RETRY_AFTER, "2")];
            (StatusCode::SERVICE_UNAVAILABLE, retry, "no region answers\n").into_response()
        })
    }

    async fn try_region(
        &self,
        address: &str,
        outgoing: &Outgoing,
    ) -> Result<Response, reqwest::Error> {
        let url = format!("http://{address}{}", outgoing.path);
        let answer = self
            .client
            .request(outgoing.method.clone(), url)
            .headers(outgoing.headers.clone())
            .body(outgoing.body.clone())
            .send()
            .await?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        for name in HOP_BY_HOP.iter().filter(|name| **name != header::CONTENT_LENGTH) {
            response.headers_mut().remove(name);
        }
        *response.body_mut() = Body::from_stream(answer.bytes_stream());
        Ok(response)
    }
}

pub(super) async fn forward(
    State(state): State<HttpState>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(path) = passed_on(asked) else {
        state.metrics.proxy_refusals.inc();
        return refuse(parts.uri.path());
    };
    let announced = body.size_hint().exact().map(usize::try_from);
    let bytes = announced.map_or(BODY_BYTES_MAX, |bytes| bytes.unwrap_or(usize::MAX));
    if bytes > BODY_BYTES_MAX {
        return too_large();
    }
    // Until the answer is there, as the body may have to be sent again.
    let Some(_place) = state.proxy.bodies.place(bytes).await else { return busy() };
    let body = match timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return too_large(),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the request is slow\n").into_response(),
    };
    state.metrics.proxied_requests.inc();
    let (method, headers) = (parts.method, forwarded(parts.headers, client));
    state.proxy.send(&Outgoing { method, path, headers, body }).await
}

fn too_large() -> Response {
    let text = format!("a request may have {BODY_BYTES_MAX} bytes here\n");
    (StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
}

fn busy() -> Response {
    let retry = [(header::RETRY_AFTER, "2")];
    let text = "this rack passes on as many requests as it can: come back\n";
    (StatusCode::SERVICE_UNAVAILABLE, retry, text).into_response()
}

fn refuse(path: &str) -> Response {
    let text = format!("a rack does not pass on {path}: ask a region for it\n");
    (StatusCode::FORBIDDEN, text).into_response()
}

fn is_unavailable(response: &Response) -> bool {
    [StatusCode::SERVICE_UNAVAILABLE, StatusCode::BAD_GATEWAY].contains(&response.status())
}

/// The headers to send: who asked, and by which name, is added; what concerns the connection to
/// this rack is left out.
fn forwarded(mut headers: HeaderMap, client: SocketAddr) -> HeaderMap {
    let asked_host = host(&headers).and_then(|host| HeaderValue::from_str(host).ok());
    for name in HOP_BY_HOP.iter().chain([&header::HOST]) {
        headers.remove(name);
    }
    // What clients claim here is not believed: the rack is the first of our own hops.
    let ip = client.ip().to_canonical().to_string();
    if let Ok(ip) = HeaderValue::from_str(&ip) {
        headers.insert("x-forwarded-for", ip);
    }
    if let Some(host) = asked_host {
        headers.insert("x-forwarded-host", host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    headers
}
