//! The cluster's certificate authority: made once at `region init`, kept in the replicated store.
//!
//! It signs what nodes ask for by a request (CSR); the names in the certificate are always chosen
//! here, never taken from the request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use x509_parser::time::ASN1Time;

use crate::error::IdentityError;
use crate::fingerprint;
use crate::peer::{PeerIdentity, Role};

/// How long a node's certificate is valid; it is renewed after two thirds of it.
pub const NODE_VALIDITY: Duration = Duration::from_secs(30 * 24 * 3600);

const AUTHORITY_VALIDITY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Certificates begin this much earlier, for nodes whose clocks are behind.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// The authority with its secret key. Only regions ever see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateAuthority {
    /// The id of the cluster, one DNS label.
    pub cluster_id: String,
    /// The authority's own certificate, PEM.
    pub certificate_pem: String,
    key_pem: String,
    /// Other authorities of the cluster that nodes are to trust, PEM: while one takes the place of
    /// another.
    #[serde(default)]
    trusted_pem: String,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("cluster_id", &self.cluster_id)
            .finish_non_exhaustive()
    }
}

/// A certificate that was issued, as the node gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The node's certificate followed by the authority's, PEM.
    pub chain_pem: String,
    /// The authorities to trust, PEM.
    pub authorities_pem: String,
}

impl CertificateAuthority {
    /// A new cluster with a random id and a new ECDSA P-256 key.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn create() -> Result<Self, IdentityError> {
        Self::create_for(format!("c{:016x}", rand::random::<u64>()))
    }

    /// The next authority of the same cluster, with a new key. Nodes that it gives certificates to
    /// trust this one too.
    ///
    /// An authority is replaced in three rounds over all nodes: first each gets a certificate of the
    /// old one that is [`trusting`](Self::trusting) the new one, then one of the new one, and at
    /// last one of the new one [`alone`](Self::alone).
    ///
    /// # Errors
    /// When no key can be made.
    pub fn successor(&self) -> Result<Self, IdentityError> {
        Ok(Self::create_for(self.cluster_id.clone())?.trusting(self))
    }

    /// The same authority; nodes that it gives certificates to trust `other` too.
    #[must_use]
    pub fn trusting(self, other: &Self) -> Self {
        Self { trusted_pem: other.certificate_pem.clone(), ..self }
    }

    /// The same authority; nodes that it gives certificates to trust no other.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { trusted_pem: String::new(), ..self.clone() }
    }

    fn create_for(cluster_id: String) -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(|e| IdentityError::crypto("authority key", e))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(&format!("Ironraft cluster {cluster_id}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, AUTHORITY_VALIDITY)?;
        let certificate = params
            .self_signed(&key)
            .map_err(|e| IdentityError::crypto("authority certificate", e))?;
        let (certificate_pem, key_pem) = (certificate.pem(), key.serialize_pem());
        Ok(Self { cluster_id, certificate_pem, key_pem, trusted_pem: String::new() })
    }

    /// Signs a node's request: its key gets the name of `role`, for [`NODE_VALIDITY`].
    ///
    /// # Errors
    /// When the request is malformed or its own signature does not prove the key.
    pub fn issue(&self, request_pem: &str, role: Role) -> Result<IssuedCertificate, IdentityError> {
        self.issue_for(request_pem, role, NODE_VALIDITY)
    }

    /// As [`Self::issue`], with a validity of its own.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub fn issue_for(
        &self,
        request_pem: &str,
        role: Role,
        validity: Duration,
    ) -> Result<IssuedCertificate, IdentityError> {
        let mut request = CertificateSigningRequestParams::from_pem(request_pem)
            .map_err(|e| IdentityError::malformed("certificate request", e))?;
        request.params = self.node_params(role, validity)?;
        let key = KeyPair::from_pem(&self.key_pem)
            .map_err(|e| IdentityError::malformed("authority key", e))?;
        let issuer = Issuer::from_ca_cert_pem(&self.certificate_pem, key)
            .map_err(|e| IdentityError::malformed("authority certificate", e))?;
        let certificate =
            request.signed_by(&issuer).map_err(|e| IdentityError::crypto("certificate", e))?;
        Ok(IssuedCertificate {
            chain_pem: format!("{}{}", certificate.pem(), self.certificate_pem),
            authorities_pem: format!("{}{}", self.certificate_pem, self.trusted_pem),
        })
    }

    /// The authority's certificate in DER.
    ///
    /// # Errors
    /// When the stored certificate is malformed.
    pub fn certificate_der(&self) -> Result<CertificateDer<'static>, IdentityError> {
        CertificateDer::from_pem_slice(self.certificate_pem.as_bytes())
            .map_err(|e| IdentityError::malformed("authority certificate", e))
    }

    /// The fingerprint of the authority's certificate.
    ///
    /// # Errors
    /// When the stored certificate is malformed.
    pub fn fingerprint(&self) -> Result<String, IdentityError> {
        Ok(fingerprint::of_certificate(&self.certificate_der()?))
    }

    /// The fingerprint of the other authority that nodes are to trust, if there is one.
    ///
    /// # Errors
    /// When its stored certificate is malformed.
    pub fn also_trusted(&self) -> Result<Option<String>, IdentityError> {
        let other = CertificateDer::pem_slice_iter(self.trusted_pem.as_bytes()).next();
        let other = other.transpose();
        let other = other.map_err(|e| IdentityError::malformed("authority certificate", e))?;
        Ok(other.as_ref().map(fingerprint::of_certificate))
    }

    fn node_params(
        &self,
        role: Role,
        validity: Duration,
    ) -> Result<CertificateParams, IdentityError> {
        let serves = matches!(role, Role::Region { .. });
        let name = PeerIdentity { role, cluster_id: self.cluster_id.clone() }.to_string();
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(&name);
        let san = name.try_into().map_err(|e| IdentityError::crypto("certificate name", e))?;
        params.subject_alt_names = vec![SanType::DnsName(san)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if serves {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, validity)?;
        Ok(params)
    }
}

pub(crate) fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

pub(crate) fn set_validity(
    params: &mut CertificateParams,
    validity: Duration,
) -> Result<(), IdentityError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|e| IdentityError::crypto("validity", e))?;
    let at = |since_epoch: Duration| {
        let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
        ASN1Time::from_timestamp(seconds)
            .map(|time| time.to_datetime())
            .map_err(|e| IdentityError::crypto("validity", e))
    };
    params.not_before = at(now.saturating_sub(CLOCK_SKEW))?;
    params.not_after = at(now.saturating_add(validity))?;
    Ok(())
}
