//! How a client checks that the server is the node it means.
//!
//! Addresses prove nothing here: the name that is verified is the one in the certificate, and it
//! must be the expected node of the own cluster.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::connect::ExpectedPeer;
use crate::error::IdentityError;
use crate::peer::{PeerIdentity, Role};
use crate::token::JoinToken;

/// The server is somebody else.
#[derive(Debug, thiserror::Error)]
enum WrongServer {
    #[error("the server is {found}, expected {expected} of cluster {cluster_id}")]
    OtherNode { found: PeerIdentity, expected: ExpectedPeer, cluster_id: String },
    #[error("the server's certificate has no name of a region")]
    NoName,
    #[error("the server belongs to another cluster than the join token")]
    NotPinned,
}

/// Accepts one node (or any region) of one cluster.
#[derive(Debug)]
pub(crate) struct PeerVerifier {
    chain: Arc<WebPkiServerVerifier>,
    cluster_id: String,
    expected: ExpectedPeer,
}

impl PeerVerifier {
    pub(crate) fn new(
        roots: Arc<RootCertStore>,
        cluster_id: &str,
        expected: ExpectedPeer,
    ) -> Result<Self, IdentityError> {
        let chain = chain_verifier(roots)
            .map_err(|e| IdentityError::malformed("authority certificate", e))?;
        Ok(Self { chain, cluster_id: cluster_id.to_owned(), expected })
    }

    fn check_name(&self, found: &PeerIdentity) -> Result<(), Error> {
        let right_node = match (&found.role, self.expected) {
            (Role::Region { node_id }, ExpectedPeer::Region(expected)) => *node_id == expected,
            (Role::Region { .. }, ExpectedPeer::AnyRegion) => true,
            (Role::Rack { .. }, _) => false,
        };
        if right_node && found.cluster_id == self.cluster_id {
            return Ok(());
        }
        Err(refused(WrongServer::OtherNode {
            found: found.clone(),
            expected: self.expected,
            cluster_id: self.cluster_id.clone(),
        }))
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = name_of(end_entity)?;
        self.check_name(&found)?;
        let name = server_name(&found)?;
        self.chain.verify_server_cert(end_entity, intermediates, &name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// Accepts any region of the cluster whose authority a join token pins.
#[derive(Debug)]
pub(crate) struct PinVerifier {
    token: JoinToken,
}

impl PinVerifier {
    pub(crate) fn new(token: JoinToken) -> Self {
        Self { token }
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let authority = intermediates.iter().find(|certificate| self.token.pins(certificate));
        let authority = authority.ok_or_else(|| refused(WrongServer::NotPinned))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let chain = chain_verifier(Arc::new(roots))
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let found = name_of(end_entity)?;
        if found.node_id().is_none() {
            return Err(refused(WrongServer::NoName));
        }
        let name = server_name(&found)?;
        chain.verify_server_cert(end_entity, intermediates, &name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
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
