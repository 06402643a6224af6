//! How a client checks that the server is the node it means.
//!
//! Addresses prove nothing here: the name that is verified is the one in the certificate, and it
//! must be the expected node of the own cluster.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::error::IdentityError;
use crate::peer::{ExpectedPeer, PeerIdentity, Role};
use crate::token::JoinToken;

/// The server is somebody else.
#[derive(Debug, thiserror::Error)]
enum WrongServer {
    #[error("the server is {found}, expected {expected} of cluster {cluster_id}")]
    OtherNode { found: PeerIdentity, expected: ExpectedPeer, cluster_id: String },
    #[error("the server's certificate has no name of a region")]
    NoName,
    #[error(
        "the region's certificate authority is not the one that the join token names: the token is of \
         another cluster, or older than the authority; make a new one by `ironraft cluster token create`"
    )]
    NotPinned,
    #[error(
        "the certificate of {found} is by an authority that this node does not trust: if the \
         cluster's authority was replaced without this node, remove the node's folder and join again"
    )]
    OtherAuthority { found: PeerIdentity },
}

/// Accepts a region: the expected one of a cluster, or any of the cluster that a token pins.
#[derive(Debug)]
pub(crate) struct RegionVerifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Trust {
    /// The own cluster, whose authorities are known.
    Cluster { chain: Arc<WebPkiServerVerifier>, cluster_id: String, expected: ExpectedPeer },
    /// The cluster whose authority a join token pins; the server sends the authority along.
    Pinned { token: JoinToken },
}

impl RegionVerifier {
    /// Accepts one node (or any region) of one cluster.
    pub(crate) fn of_cluster(
        roots: Arc<RootCertStore>,
        cluster_id: &str,
        expected: ExpectedPeer,
    ) -> Result<Self, IdentityError> {
        let chain = chain_verifier(roots)
            .map_err(|e| IdentityError::malformed("authority certificate", e))?;
        let cluster_id = cluster_id.to_owned();
        Ok(Self::new(Trust::Cluster { chain, cluster_id, expected }))
    }

    /// Accepts any region of the cluster whose authority a join token pins.
    pub(crate) fn pinned(token: JoinToken) -> Self {
        Self::new(Trust::Pinned { token })
    }

    fn new(trust: Trust) -> Self {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Self { trust, algorithms }
    }
}

impl Trust {
    /// What checks the chain of a server that says it is `found`.
    fn chain_for(
        &self,
        found: &PeerIdentity,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<Arc<WebPkiServerVerifier>, Error> {
        match self {
            Self::Cluster { chain, cluster_id, expected } => {
                check_name(found, cluster_id, *expected)?;
                Ok(Arc::clone(chain))
            }
            Self::Pinned { token } => {
                let chain = pinned_chain(token, intermediates)?;
                if found.node_id().is_none() {
                    return Err(refused(WrongServer::NoName));
                }
                Ok(chain)
            }
        }
    }
}

impl ServerCertVerifier for RegionVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = name_of(end_entity)?;
        let chain = self.trust.chain_for(&found, intermediates)?;
        let name = server_name(&found)?;
        let verified =
            chain.verify_server_cert(end_entity, intermediates, &name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            ) => refused(WrongServer::OtherAuthority { found }),
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn check_name(found: &PeerIdentity, cluster_id: &str, expected: ExpectedPeer) -> Result<(), Error> {
    let right_node = match (&found.role, expected) {
        (Role::Region { node_id }, ExpectedPeer::Region(expected)) => *node_id == expected,
        (Role::Region { .. }, ExpectedPeer::AnyRegion) => true,
        (Role::Rack { .. }, _) => false,
    };
    if right_node && found.cluster_id == cluster_id {
        return Ok(());
    }
    let (found, cluster_id) = (found.clone(), cluster_id.to_owned());
    Err(refused(WrongServer::OtherNode { found, expected, cluster_id }))
}

fn pinned_chain(
    token: &JoinToken,
    intermediates: &[CertificateDer<'_>],
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let authority = intermediates.iter().find(|certificate| token.pins(certificate));
    let authority = authority.ok_or_else(|| refused(WrongServer::NotPinned))?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone().into_owned())?;
    chain_verifier(Arc::new(roots))
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))
}

fn chain_verifier(
    roots: Arc<RootCertStore>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::client::VerifierBuilderError> {
    let provider = Arc::new(ring::default_provider());
    WebPkiServerVerifier::builder_with_provider(roots, provider).build()
}

fn name_of(certificate: &CertificateDer<'_>) -> Result<PeerIdentity, Error> {
    PeerIdentity::of_certificate(certificate).map_err(|_| refused(WrongServer::NoName))
}

fn server_name(peer: &PeerIdentity) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(peer.to_string()).map_err(|_| refused(WrongServer::NoName))
}

fn refused(reason: WrongServer) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
}
