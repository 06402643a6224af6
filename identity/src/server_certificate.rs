//! The certificate that the REST API is served with: files of the operator, or made by the node itself.
//!
//! It has nothing to do with the cluster's authority: people and programs outside are shown it. What is in the files is
//! taken into use without a restart, if it can be used; otherwise what was in use stays.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::authority::{common_name, set_validity};
use crate::error::IdentityError;
use crate::files;

/// How long a certificate is valid that a node makes itself: clients are told to trust that very one.
const SELF_MADE_VALIDITY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The file with the certificate that a node made itself.
const CERTIFICATE_FILE: &str = "certificate.pem";

/// The file with its key.
const KEY_FILE: &str = "key.pem";

/// HTTP/1.1 is all that is spoken behind it.
const ALPN: &[u8] = b"http/1.1";

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those between it and its authority, PEM.
    pub certificate: PathBuf,
    /// The key, PEM; nobody else may read it.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Makes a key and a certificate that is signed by it, for an address and a name, in a folder.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn make(folder: &Path, address: IpAddr, name: &str) -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(|e| IdentityError::crypto("key", e))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(name);
        params.subject_alt_names = vec![SanType::IpAddress(address)];
        // Not every name of a host can be in a certificate.
        if let Ok(name) = name.to_owned().try_into() {
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        set_validity(&mut params, SELF_MADE_VALIDITY)?;
        let made = params.self_signed(&key).map_err(|e| IdentityError::crypto("certificate", e))?;
        files::make_folder(folder)?;
        let own = Self { certificate: folder.join(CERTIFICATE_FILE), key: folder.join(KEY_FILE) };
        files::replace(&own.key, key.serialize_pem().as_bytes(), 0o600)?;
        files::replace(&own.certificate, made.pem().as_bytes(), 0o644)?;
        Ok(own)
    }

    fn read(&self) -> Result<Content, IdentityError> {
        Ok(Content {
            certificate: files::read(&self.certificate)?,
            key: files::read_secret(&self.key)?,
        })
    }
}

/// A certificate in use; clones share it.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    files: CertificateFiles,
    current: Arc<Current>,
    /// What the files had when they were looked at last, usable or not.
    seen: Arc<Mutex<Option<Content>>>,
}

#[derive(Debug)]
struct Current {
    key: ArcSwap<CertifiedKey>,
}

#[derive(PartialEq, Eq)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("certificate and key")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key.load_full())
    }
}

impl ServerCertificate {
    /// Takes what is in the files into use.
    ///
    /// # Errors
    /// When a file is missing or malformed, others may read the key, or the key is another certificate's.
    pub fn load(files: CertificateFiles) -> Result<Self, IdentityError> {
        let content = files.read()?;
        let key = ArcSwap::from_pointee(content.parse()?);
        let seen = Arc::new(Mutex::new(Some(content)));
        Ok(Self { files, current: Arc::new(Current { key }), seen })
    }

    /// Takes what is in the files into use if it is something else than when they were looked at last; returns whether it
    /// was.
    ///
    /// # Errors
    /// As [`ServerCertificate::load`], once for each content; what was in use stays.
    pub fn reload(&self) -> Result<bool, IdentityError> {
        let content = self.files.read();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let content = match content {
            Ok(content) if seen.as_ref() == Some(&content) => return Ok(false),
            Ok(content) => content,
            // A file that is gone is told once.
            Err(_) if seen.is_none() => return Ok(false),
            Err(error) => {
                *seen = None;
                return Err(error);
            }
        };
        let parsed = content.parse();
        *seen = Some(content);
        self.current.key.store(Arc::new(parsed?));
        Ok(true)
    }

    /// When the certificate in use ends, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        let key = self.current.key.load();
        let (_, certificate) = X509Certificate::from_der(key.cert.first()?).ok()?;
        Some(certificate.validity().not_after.timestamp())
    }

    /// What ends TLS with whatever certificate is in use.
    ///
    /// # Errors
    /// When the cryptography library has no safe protocol.
    pub fn acceptor(&self) -> Result<TlsAcceptor, IdentityError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| IdentityError::crypto("TLS", e))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Current>::clone(&self.current));
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Content {
    fn parse(&self) -> Result<CertifiedKey, IdentityError> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|e| IdentityError::malformed("certificate", e))?;
        if chain.is_empty() {
            return Err(IdentityError::malformed("certificate", "there is none in the file"));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|e| IdentityError::malformed("key", e))?;
        CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map_err(|e| IdentityError::malformed("certificate with its key", e))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn made(folder: &Path) -> CertificateFiles {
        CertificateFiles::make(folder, IpAddr::from([127, 0, 0, 1]), "region-1").unwrap()
    }

    fn in_use(certificate: &ServerCertificate) -> Vec<u8> {
        certificate.current.key.load().cert[0].to_vec()
    }

    #[test]
    fn a_new_certificate_is_taken_into_use_and_a_bad_one_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = made(folder.path());
        let certificate = ServerCertificate::load(files.clone()).unwrap();
        let first = in_use(&certificate);
        assert!(!certificate.reload().unwrap(), "nothing has changed");

        made(folder.path());
        assert!(certificate.reload().unwrap());
        let second = in_use(&certificate);
        assert_ne!(first, second);

        let other = tempfile::tempdir().unwrap();
        fs::copy(made(other.path()).certificate, &files.certificate).unwrap();
        let said = certificate.reload().unwrap_err().to_string();
        assert!(said.contains("certificate with its key"), "{said}");
        assert!(!certificate.reload().unwrap(), "it is told once");
        fs::write(&files.certificate, "nothing").unwrap();
        assert!(certificate.reload().is_err());
        fs::remove_file(&files.certificate).unwrap();
        assert!(certificate.reload().is_err());
        assert!(!certificate.reload().unwrap(), "it is told once");
        assert_eq!(in_use(&certificate), second, "what was in use stays");

        made(folder.path());
        assert!(certificate.reload().unwrap());
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let files = made(folder.path());
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
        let said = ServerCertificate::load(files).unwrap_err().to_string();
        assert!(said.contains("readable by others"), "{said}");
    }

    #[test]
    fn a_self_made_certificate_lasts_for_years() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = ServerCertificate::load(made(folder.path())).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let years =
            (certificate.expires().unwrap() - i64::try_from(now.as_secs()).unwrap()) / 31_536_000;
        assert!((9..=10).contains(&years), "{years}");
    }
}
