//! The way to the images of other region nodes: mutual TLS at their gRPC port, under `/ironraft/`.
//!
//! A node of the version before has no such routes there. A content can still be read from it by
//! its hash, without a key, at its public HTTP port; nothing that needs a key is ever sent there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use identity::{ExpectedPeer, Identity};
use model::controller::RegionController;
use tables::error::TableError;
use tables::read::Reads;
use tower::ServiceExt;

use crate::OpenError;
use crate::serve::LOCAL_ONLY;

/// How long a peer may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The content type of gRPC, which only an answer to an unknown route has here.
const GRPC: &str = "application/grpc";

/// The ports of region nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The port of gRPC.
    pub grpc: u16,
    /// The port of HTTP.
    pub http: u16,
}

/// The way to the other region nodes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Peers {
    /// None in tests without other nodes.
    identity: Option<Identity>,
    ports: Ports,
    client: Arc<reqwest::Client>,
}

/// Another region node.
#[derive(Debug, Clone)]
pub struct Peer {
    node: u64,
    grpc: SocketAddr,
    http: SocketAddr,
}

/// Why a peer did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It has no such route: it is of the version before.
    #[error("it is of an older version that does not take this over mutual TLS")]
    NotOffered,
    /// It was not reached.
    #[error("{0}")]
    Lost(String),
}

impl Peers {
    /// The way to nodes at these ports, as the node with this identity.
    ///
    /// # Errors
    /// [`OpenError::Client`].
    pub fn new(identity: Option<Identity>, ports: Ports) -> Result<Self, OpenError> {
        let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).no_proxy();
        Ok(Self { identity, ports, client: Arc::new(client.build()?) })
    }

    /// A region node, if it is known.
    ///
    /// # Errors
    /// [`TableError::Corrupt`].
    pub fn find(&self, reads: &impl Reads, node: u64) -> Result<Option<Peer>, TableError> {
        let regions = reads.list::<RegionController>()?;
        let known = regions.iter().find(|region| region.node_id == node);
        Ok(known.map(|region| Peer {
            node,
            grpc: SocketAddr::new(region.address, self.ports.grpc),
            http: SocketAddr::new(region.address, self.ports.http),
        }))
    }

    /// Asks a node for a content of its own, or a range of it.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub async fn content(
        &self,
        peer: &Peer,
        method: &Method,
        sha256: &str,
        range: Option<&str>,
    ) -> Result<Response<Body>, PeerError> {
        let path = format!("/ironraft/images/{sha256}");
        let mut request = request(method, &path, Body::empty());
        request.headers_mut().insert(LOCAL_ONLY, header::HeaderValue::from_static("1"));
        if let Some(Ok(range)) = range.map(str::parse) {
            request.headers_mut().insert(header::RANGE, range);
        }
        match self.secure(peer, request).await {
            Err(PeerError::NotOffered) => self.public(peer, method, sha256, range).await,
            answered => answered,
        }
    }

    /// Sends a part of an upload to the node that collects it.
    ///
    /// # Errors
    /// See [`PeerError`].
    pub async fn send_part(
        &self,
        peer: &Peer,
        sha256: &str,
        size_bytes: u64,
        part: Body,
    ) -> Result<Response<Body>, PeerError> {
        let path = format!("/ironraft/images/{sha256}/parts/{size_bytes}");
        self.secure(peer, request(&Method::PUT, &path, part)).await
    }

    async fn secure(
        &self,
        peer: &Peer,
        request: Request<tonic::body::Body>,
    ) -> Result<Response<Body>, PeerError> {
        let identity = self.identity.as_ref().ok_or(PeerError::NotOffered)?;
        let channel = identity.channel(&peer.grpc.to_string(), ExpectedPeer::Region(peer.node));
        let answer = channel.oneshot(request).await;
        let answer = answer.map_err(|error| PeerError::Lost(with_causes(&error)))?;
        let kind = answer.headers().get(header::CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC.as_bytes())) {
            return Err(PeerError::NotOffered);
        }
        Ok(answer.map(Body::new))
    }

    async fn public(
        &self,
        peer: &Peer,
        method: &Method,
        sha256: &str,
        range: Option<&str>,
    ) -> Result<Response<Body>, PeerError> {
        let url = format!("http://{}/MAAS/images/{sha256}", peer.http);
        let mut asked = self.client.request(method.clone(), url).header(LOCAL_ONLY, "1");
        if let Some(range) = range {
            asked = asked.header(header::RANGE, range);
        }
        let answer = asked.send().await.map_err(|error| PeerError::Lost(with_causes(&error)))?;
        Ok(Response::<reqwest::Body>::from(answer).map(Body::new))
    }
}

fn request(method: &Method, path: &str, body: Body) -> Request<tonic::body::Body> {
    let mut request = Request::new(tonic::body::Body::new(body));
    method.clone_into(request.method_mut());
    // The channel puts scheme and host before it.
    if let Ok(path) = path.parse() {
        *request.uri_mut() = path;
    }
    request
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Status and text of an answer.
///
/// # Errors
/// [`PeerError::Lost`].
pub async fn text_of(answer: Response<Body>) -> Result<(StatusCode, String), PeerError> {
    let (head, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, 64 * 1024).await;
    let bytes = bytes.map_err(|error| PeerError::Lost(with_causes(&error)))?;
    Ok((head.status, String::from_utf8_lossy(&bytes).into_owned()))
}
