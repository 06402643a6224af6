//! Connections to region nodes, as tonic channels that dial anew whenever they must.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use crate::error::IdentityError;
use crate::node::{ALPN, Identity};
use crate::peer::ExpectedPeer;
use crate::token::JoinToken;
use crate::verify::RegionVerifier;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(1);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(3);

impl Identity {
    /// A channel to `address` (`ip:port`) that fails unless `expected` answers there.
    ///
    /// It connects at the first call and again after every loss, each time with the certificate
    /// that is then current. Dead peers are noticed after about four seconds.
    #[must_use]
    pub fn channel(&self, address: &str, expected: ExpectedPeer) -> Channel {
        self.channel_with(default_endpoint(), address, expected)
    }

    /// As [`Self::channel`], with the caller's HTTP/2 settings; the endpoint's address is not used.
    #[must_use]
    pub fn channel_with(
        &self,
        endpoint: Endpoint,
        address: &str,
        expected: ExpectedPeer,
    ) -> Channel {
        let identity = self.clone();
        let address: Arc<str> = address.into();
        endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let (identity, address) = (identity.clone(), Arc::clone(&address));
            async move {
                let config = identity.client_config(expected).map_err(io::Error::other)?;
                connect(&address, config).await
            }
        }))
    }
}

/// A channel for a node that has no certificate yet: it trusts only the cluster that made `token`.
#[must_use]
pub fn joining_channel(address: &str, token: &JoinToken) -> Channel {
    let (address, token): (Arc<str>, _) = (address.into(), token.clone());
    default_endpoint().connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let (address, token) = (Arc::clone(&address), token.clone());
        async move {
            let config = pinning_config(token).map_err(io::Error::other)?;
            connect(&address, config).await
        }
    }))
}

/// The HTTP/2 settings of [`Identity::channel`], to start from.
#[must_use]
pub fn default_endpoint() -> Endpoint {
    Endpoint::from_static("http://region.ironraft.invalid")
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}

fn pinning_config(token: JoinToken) -> Result<ClientConfig, IdentityError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| IdentityError::crypto("TLS client", e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(RegionVerifier::pinned(token)))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

async fn connect(address: &str, config: ClientConfig) -> io::Result<TokioIo<TlsStream<TcpStream>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    // The verifier looks at the name in the certificate; this one is sent to nobody (no SNI).
    let name = ServerName::IpAddress(stream.peer_addr()?.ip().into());
    let tls = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(TokioIo::new(tls))
}
