//! One POST: a connection for it alone, times and sizes that are bounded, and redirects that are not followed.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use model::secret::Secret;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::webhooks::sign::{ID, SIGNATURE, TIMESTAMP, signature};
use crate::webhooks::target::{Guard, Target};

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// How long a delivery may take as a whole.
const WHOLE_MAX: Duration = Duration::from_secs(15);

/// How much of an answer is read, in bytes.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// The authorities that hosts trust, where distributions keep them.
const HOST_AUTHORITIES: &[&str] =
    &["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It is no URL that can be sent to.
    #[error("{0:?} is no URL of http or https")]
    Url(String),
    /// The host has no address.
    #[error("{0} has no address: {1}")]
    NoAddress(String, std::io::Error),
    /// The host has internal addresses only.
    #[error("{0} is an internal address, and the webhook may not be at one")]
    Internal(IpAddr),
    /// There was no connection.
    #[error("no connection to {0}: {1}")]
    Connect(SocketAddr, std::io::Error),
    /// TLS is not possible.
    #[error("no TLS: {0}")]
    Tls(String),
    /// There was no answer.
    #[error("no answer: {0}")]
    Exchange(#[from] hyper::Error),
    /// It cannot be sent: the secret or a name is not fit for it.
    #[error("it cannot be sent: {0}")]
    Request(String),
    /// It took too long.
    #[error("no answer within {} seconds", WHOLE_MAX.as_secs())]
    Slow,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The status.
    pub status: StatusCode,
    /// How long the receiver asks to be left alone.
    pub retry_after: Option<Duration>,
    /// The beginning of its answer, as text.
    pub text: String,
}

/// Something to send.
#[derive(Debug)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a str,
    /// Its name.
    pub id: &'a str,
    /// When, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// What.
    pub body: Bytes,
    /// What it is signed with.
    pub secret: &'a Secret,
}

/// Sends a message where the guard lets it.
///
/// # Errors
/// [`SendError`].
pub async fn send(message: Message<'_>, guard: &Guard) -> Result<Came, SendError> {
    timeout(WHOLE_MAX, exchanged(message, guard)).await.map_err(|_| SendError::Slow)?
}

async fn exchanged(message: Message<'_>, guard: &Guard) -> Result<Came, SendError> {
    let target = Target::parse(message.url)?;
    let request = request(&target, &message)?;
    let stream = connect(&target.addresses(guard).await?).await?;
    if !target.is_tls {
        return exchange(stream, request).await;
    }
    let name = ServerName::try_from(target.host.clone());
    let name = name.map_err(|error| SendError::Tls(error.to_string()))?;
    let stream = tls()?.connect(name, stream).await;
    exchange(stream.map_err(|error| SendError::Tls(error.to_string()))?, request).await
}

fn request(target: &Target, message: &Message<'_>) -> Result<Request<Full<Bytes>>, SendError> {
    let signature = signature(message.secret, message.id, message.timestamp, &message.body);
    let signature = signature.ok_or_else(|| SendError::Request("its secret is no key".into()))?;
    Request::post(&target.path)
        .header(header::HOST, &target.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("Ironraft/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close")
        .header(ID, message.id)
        .header(TIMESTAMP, message.timestamp)
        .header(SIGNATURE, signature)
        .body(Full::new(message.body.clone()))
        .map_err(|error| SendError::Request(error.to_string()))
}

/// A connection to the first address that takes one.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, SendError> {
    let mut failed = None;
    for address in addresses {
        let connected = timeout(CONNECT_MAX, TcpStream::connect(address)).await;
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        match connected.map_err(late).and_then(|connected| connected) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = failed.or(Some(SendError::Connect(*address, error))),
        }
    }
    Err(failed.unwrap_or(SendError::Slow))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    request: Request<Full<Bytes>>,
) -> Result<Came, SendError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        Ok(Came {
            status: head.status,
            retry_after: retry_after(&head.headers),
            text: beginning(body).await,
        })
    };
    let (mut exchange, connection) = (std::pin::pin!(exchange), std::pin::pin!(connection));
    tokio::select! {
        biased;
        came = &mut exchange => return came,
        // What was read before the connection ended is still to be seen.
        _ = connection => {}
    }
    exchange.await
}

/// The beginning of an answer; less of it when the rest does not come.
async fn beginning(body: hyper::body::Incoming) -> String {
    let mut body = Limited::new(body, ANSWER_BYTES_MAX);
    let mut read = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            read.extend_from_slice(&data);
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// The seconds in `Retry-After`; dates in it are not read.
fn retry_after(headers: &HeaderMap<HeaderValue>) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// TLS that trusts whom the host trusts. It is read each time, because that may change.
fn tls() -> Result<TlsConnector, SendError> {
    let file = HOST_AUTHORITIES.iter().map(Path::new).find_map(|path| std::fs::read(path).ok());
    let mut roots = RootCertStore::empty();
    let pem = file.unwrap_or_default();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SendError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
