//! Incoming connections: TLS is ended here, and what the client proved goes with every request.
//!
//! A client certificate is optional at this level, because a joining node has none. If one is
//! shown it must be valid. Services check the peer with [`PeerIdentity::of`].

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use crate::node::Identity;
use crate::peer::{Connection, PeerIdentity};

/// Handshakes in progress at one time; more clients wait in the kernel's queue.
const HANDSHAKES_MAX: usize = 256;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause after the kernel could not give us a connection (out of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An accepted connection.
#[derive(Debug)]
pub struct ServerStream {
    tls: TlsStream<TcpStream>,
    connection: Connection,
}

/// The connections of a listener, for tonic's `Server::serve_with_incoming`. It never ends.
#[derive(Debug)]
pub struct Incoming {
    listener: TcpListener,
    identity: Identity,
    handshakes: JoinSet<Option<ServerStream>>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// Accepts connections as `identity`; failed handshakes are dropped and logged.
#[must_use]
pub fn incoming(listener: TcpListener, identity: &Identity) -> Incoming {
    Incoming { listener, identity: identity.clone(), handshakes: JoinSet::new(), pause: None }
}

impl Incoming {
    /// Takes new connections from the kernel and begins their handshakes.
    fn poll_listener(&mut self, cx: &mut Context<'_>) {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(cx).is_pending() {
                return;
            }
            self.pause = None;
        }
        while self.handshakes.len() < HANDSHAKES_MAX {
            match self.listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, remote))) => {
                    let acceptor = TlsAcceptor::from(self.identity.server_config());
                    let cluster_id = self.identity.cluster_id();
                    self.handshakes.spawn(handshake(acceptor, cluster_id, stream, remote));
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!(%error, "cannot accept a connection, pausing");
                    let mut pause = Box::pin(sleep(ACCEPT_PAUSE));
                    if pause.as_mut().poll(cx).is_pending() {
                        self.pause = Some(pause);
                    }
                    return;
                }
                Poll::Pending => return,
            }
        }
    }
}

impl Stream for Incoming {
    type Item = io::Result<ServerStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.poll_listener(cx);
            match self.handshakes.poll_join_next(cx) {
                Poll::Ready(Some(Ok(Some(stream)))) => return Poll::Ready(Some(Ok(stream))),
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

async fn handshake(
    acceptor: TlsAcceptor,
    cluster_id: String,
    stream: TcpStream,
    remote: SocketAddr,
) -> Option<ServerStream> {
    let tls = match timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => {
            tracing::debug!(%remote, %error, "TLS handshake failed");
            return None;
        }
        Err(_) => {
            tracing::debug!(%remote, "TLS handshake timed out");
            return None;
        }
    };
    if let Err(error) = tls.get_ref().0.set_nodelay(true) {
        tracing::debug!(%remote, %error, "connection lost");
        return None;
    }
    let peer = match tls.get_ref().1.peer_certificates().and_then(<[_]>::first) {
        None => None,
        Some(certificate) => match PeerIdentity::of_certificate(certificate) {
            Ok(peer) if peer.cluster_id == cluster_id => Some(peer),
            Ok(peer) => {
                tracing::warn!(%remote, %peer, "refused a peer of another cluster");
                return None;
            }
            Err(error) => {
                tracing::warn!(%remote, %error, "refused a peer");
                return None;
            }
        },
    };
    Some(ServerStream { tls, connection: Connection { peer, remote } })
}

impl Connected for ServerStream {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        self.connection.clone()
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buffer)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}
