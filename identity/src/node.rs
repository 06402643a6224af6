//! A node's own identity: its key and certificate, read from disk and replaceable while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::authority::IssuedCertificate;
use crate::error::IdentityError;
use crate::files::{self, AUTHORITIES_FILE, NODE_FILE};
use crate::fingerprint;
use crate::peer::{ExpectedPeer, PeerIdentity};
use crate::rotation::Holding;
use crate::verify::RegionVerifier;

pub(crate) const ALPN: &[u8] = b"h2";

/// The identity of this node; clones share it and see a renewed certificate at once.
#[derive(Debug, Clone)]
pub struct Identity {
    folder: Arc<PathBuf>,
    current: Arc<ArcSwap<Credentials>>,
}

/// A new key, and the request for a certificate of it.
pub struct NodeRequest {
    key_pem: String,
    /// What the authority signs, PEM (PKCS #10).
    pub request_pem: String,
}

#[derive(Debug)]
pub(crate) struct Credentials {
    own: PeerIdentity,
    valid: (SystemTime, SystemTime),
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    holding: Holding,
    roots: Arc<RootCertStore>,
    server: Arc<ServerConfig>,
}

impl NodeRequest {
    /// Draws a key.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn create() -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(|e| IdentityError::crypto("node key", e))?;
        let request = CertificateParams::default()
            .serialize_request(&key)
            .and_then(|request| request.pem())
            .map_err(|e| IdentityError::crypto("certificate request", e))?;
        Ok(Self { key_pem: key.serialize_pem(), request_pem: request })
    }
}

impl Identity {
    /// Reads the identity in a folder.
    ///
    /// # Errors
    /// When a file is missing, readable by others, malformed, or the parts do not fit together.
    pub fn load(folder: &Path) -> Result<Self, IdentityError> {
        let credentials = Credentials::load(folder)?;
        Ok(Self {
            folder: Arc::new(folder.to_owned()),
            current: Arc::new(ArcSwap::from_pointee(credentials)),
        })
    }

    /// Writes an issued certificate with its key into a folder, and loads it.
    ///
    /// # Errors
    /// As [`Self::load`]; the folder keeps what it had when the parts do not fit together.
    pub fn install(
        folder: &Path,
        request: &NodeRequest,
        issued: &IssuedCertificate,
    ) -> Result<Self, IdentityError> {
        let node = format!("{}{}", request.key_pem, issued.chain_pem);
        Credentials::from_pem(node.as_bytes(), issued.authorities_pem.as_bytes())?;
        files::make_folder(folder)?;
        files::replace(&folder.join(AUTHORITIES_FILE), issued.authorities_pem.as_bytes(), 0o644)?;
        files::replace(&folder.join(NODE_FILE), node.as_bytes(), 0o600)?;
        Self::load(folder)
    }

    /// Replaces the certificate: on disk, and for every new connection of this process.
    ///
    /// # Errors
    /// As [`Self::install`]; the old certificate stays in use.
    pub fn renew(
        &self,
        request: &NodeRequest,
        issued: &IssuedCertificate,
    ) -> Result<(), IdentityError> {
        let new = Self::install(&self.folder, request, issued)?;
        self.current.store(new.current.load_full());
        Ok(())
    }

    /// Who this node is.
    #[must_use]
    pub fn own(&self) -> PeerIdentity {
        self.current.load().own.clone()
    }

    /// The id of the cluster.
    #[must_use]
    pub fn cluster_id(&self) -> String {
        self.current.load().own.cluster_id.clone()
    }

    /// When the certificate ends.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.current.load().valid.1
    }

    /// By whom the certificate is, whom this node trusts, and until when.
    #[must_use]
    pub fn holding(&self) -> Holding {
        self.current.load().holding.clone()
    }

    /// Whether two thirds of the certificate's time are over at `now`.
    #[must_use]
    pub fn renewal_due(&self, now: SystemTime) -> bool {
        let (begin, end) = self.current.load().valid;
        let lifetime = end.duration_since(begin).unwrap_or_default();
        now >= begin + lifetime * 2 / 3
    }

    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().server)
    }

    pub(crate) fn client_config(
        &self,
        expected: ExpectedPeer,
    ) -> Result<ClientConfig, IdentityError> {
        self.current.load().client_config(expected)
    }
}

impl Credentials {
    fn load(folder: &Path) -> Result<Self, IdentityError> {
        let node = files::read_secret(&folder.join(NODE_FILE))?;
        let authorities = files::read(&folder.join(AUTHORITIES_FILE))?;
        Self::from_pem(&node, &authorities)
    }

    fn from_pem(node: &[u8], authorities: &[u8]) -> Result<Self, IdentityError> {
        let key = PrivateKeyDer::from_pem_slice(node)
            .map_err(|e| IdentityError::malformed("node key", e))?;
        let chain = certificates(node)?;
        let leaf = chain
            .first()
            .ok_or_else(|| IdentityError::malformed("node certificate", "there is none"))?;
        let own = PeerIdentity::of_certificate(leaf)?;
        let valid = validity(leaf)?;
        let mut roots = RootCertStore::empty();
        let trusted = certificates(authorities)?;
        let holding = holding(&chain, &trusted, valid.1)?;
        for authority in trusted {
            roots
                .add(authority)
                .map_err(|e| IdentityError::malformed("authority certificate", e))?;
        }
        let roots = Arc::new(roots);
        let server = Arc::new(server_config(&chain, &key, &roots)?);
        Ok(Self { own, valid, chain, key, holding, roots, server })
    }

    fn client_config(&self, expected: ExpectedPeer) -> Result<ClientConfig, IdentityError> {
        let roots = Arc::clone(&self.roots);
        let verifier = RegionVerifier::of_cluster(roots, &self.own.cluster_id, expected)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| IdentityError::crypto("TLS client", e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())
            .map_err(|e| IdentityError::malformed("node certificate", e))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }
}

/// TLS 1.3 only. Sessions are never resumed: a resumed one would skip the check of the client's
/// certificate, and so outlive its end.
fn server_config(
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
    roots: &Arc<RootCertStore>,
) -> Result<ServerConfig, IdentityError> {
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .map_err(|e| IdentityError::malformed("authority certificate", e))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| IdentityError::crypto("TLS server", e))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.to_vec(), key.clone_key())
        .map_err(|e| IdentityError::malformed("node certificate", e))?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn holding(
    chain: &[CertificateDer<'static>],
    trusted: &[CertificateDer<'static>],
    expires: SystemTime,
) -> Result<Holding, IdentityError> {
    let issuer = chain.get(1).map(fingerprint::of_certificate).ok_or_else(|| {
        IdentityError::malformed("node certificate", "its authority is not beside it")
    })?;
    let since_epoch = expires.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(Holding {
        issuer,
        trusted: trusted.iter().map(fingerprint::of_certificate).collect(),
        expires_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
    })
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| IdentityError::malformed("certificate", e))
}

fn validity(certificate: &CertificateDer<'_>) -> Result<(SystemTime, SystemTime), IdentityError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|e| IdentityError::malformed("certificate", e))?;
    let at = |timestamp: i64| {
        SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(timestamp).unwrap_or_default())
    };
    let validity = parsed.validity();
    Ok((at(validity.not_before.timestamp()), at(validity.not_after.timestamp())))
}
