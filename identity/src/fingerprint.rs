//! How a certificate is named: by the SHA-256 of its DER form, in hexadecimal.

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// The fingerprint of a certificate, 64 hexadecimal digits.
#[must_use]
pub fn of_certificate(certificate: &CertificateDer<'_>) -> String {
    of_bytes(certificate)
}

/// The SHA-256 of some bytes, as [`of_certificate`] writes it.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
