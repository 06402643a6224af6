//! Why a certificate, key or name cannot be used.

use std::path::PathBuf;

/// Why a node's identity cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file of the identity cannot be read or written.
    #[error("identity file {} is not usable", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// A private key can be read by others than its owner.
    #[error("key {} is readable by others (mode {mode:o}); make it 0600", path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A certificate, key or request does not parse, or its parts do not fit together.
    #[error("{what} is malformed: {reason}")]
    Malformed {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate's name is not one of ours.
    #[error("certificate name `{name}` is neither a region's nor a rack's")]
    ForeignName {
        /// The DNS name, empty when the certificate has none.
        name: String,
    },
    /// Keys or signatures cannot be made.
    #[error("cannot make {what}: {reason}")]
    Crypto {
        /// What was to be made.
        what: &'static str,
        /// What the cryptography library said.
        reason: String,
    },
}

impl IdentityError {
    pub(crate) fn malformed(what: &'static str, reason: impl ToString) -> Self {
        Self::Malformed { what, reason: reason.to_string() }
    }

    pub(crate) fn crypto(what: &'static str, reason: impl ToString) -> Self {
        Self::Crypto { what, reason: reason.to_string() }
    }
}
