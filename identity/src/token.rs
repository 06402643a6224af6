//! Join tokens: what a new node shows to be let in, and by which it knows the cluster.
//!
//! A token is `<secret>.<pin>`. The pin is the SHA-256 of the authority's certificate, so that the
//! new node cannot be led to a false cluster (as kubeadm does). The cluster keeps only the
//! SHA-256 of the secret, with the role it admits and the time it ends.

use std::fmt;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::fingerprint;

/// A token as the operator carries it. Its secret is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    secret: String,
    pin: String,
}

/// The text is not a join token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a join token; it has the form `<32 hex digits>.<64 hex digits>`")]
pub struct ParseTokenError;

/// What a token lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JoinRole {
    /// A region controller.
    Region,
    /// A rack controller.
    Rack,
}

/// What the cluster remembers of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// What it lets in.
    pub role: JoinRole,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
}

/// Why a token does not let a node in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// The token is for the other kind of node.
    #[error("the join token is for a {admits:?}, not for a {wanted:?}")]
    WrongRole {
        /// What the token lets in.
        admits: JoinRole,
        /// What the node wants to be.
        wanted: JoinRole,
    },
    /// Its time is over.
    #[error("the join token expired")]
    Expired,
}

impl JoinToken {
    /// A new random token of the cluster with this authority.
    #[must_use]
    pub fn generate(authority: &CertificateDer<'_>) -> Self {
        Self {
            secret: format!("{:032x}", rand::random::<u128>()),
            pin: fingerprint::of_certificate(authority),
        }
    }

    /// What the cluster finds the token by: SHA-256 of its secret, hexadecimal.
    #[must_use]
    pub fn lookup_id(&self) -> String {
        fingerprint::of_bytes(self.secret.as_bytes())
    }

    /// Whether a certificate is the authority that the token was made for.
    #[must_use]
    pub fn pins(&self, certificate: &CertificateDer<'_>) -> bool {
        fingerprint::of_certificate(certificate).as_bytes().ct_eq(self.pin.as_bytes()).into()
    }
}

impl TokenRecord {
    /// Whether the token lets a node of this kind in at `now_ms`.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, wanted: JoinRole, now_ms: u64) -> Result<(), TokenRefused> {
        if self.expires_ms <= now_ms {
            return Err(TokenRefused::Expired);
        }
        if self.role != wanted {
            return Err(TokenRefused::WrongRole { admits: self.role, wanted });
        }
        Ok(())
    }
}

impl fmt::Display for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.secret, self.pin)
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinToken(….{})", self.pin)
    }
}

impl FromStr for JoinToken {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (secret, pin) = text.trim().split_once('.').ok_or(ParseTokenError)?;
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if !is_hex(secret, 32) || !is_hex(pin, 64) {
            return Err(ParseTokenError);
        }
        Ok(Self { secret: secret.to_ascii_lowercase(), pin: pin.to_ascii_lowercase() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_being_written_down() {
        let token = JoinToken::generate(&CertificateDer::from(vec![1, 2, 3]));
        assert_eq!(token.to_string().parse(), Ok(token));
        assert_eq!("abc.def".parse::<JoinToken>(), Err(ParseTokenError));
    }

    #[test]
    fn the_secret_is_not_in_debug_output() {
        let token = JoinToken::generate(&CertificateDer::from(vec![1]));
        assert!(!format!("{token:?}").contains(&token.secret));
    }

    #[test]
    fn only_the_right_role_is_let_in_and_only_in_time() {
        let record = TokenRecord { role: JoinRole::Rack, expires_ms: 100 };
        assert_eq!(record.admit(JoinRole::Rack, 99), Ok(()));
        assert_eq!(record.admit(JoinRole::Rack, 100), Err(TokenRefused::Expired));
        let refused = TokenRefused::WrongRole { admits: JoinRole::Rack, wanted: JoinRole::Region };
        assert_eq!(record.admit(JoinRole::Region, 1), Err(refused));
    }
}
