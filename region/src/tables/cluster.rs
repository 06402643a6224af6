//! What only regions know: the certificate authority and the join tokens. No rack follows these.

use identity::CertificateAuthority;
use identity::token::TokenRecord;
use serde::{Deserialize, Serialize};

use crate::tables::row::Row;

/// The name of the one authority.
pub const CURRENT: &str = "current";

/// The cluster's certificate authority, with its secret key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAuthority {
    /// [`CURRENT`].
    pub name: String,
    /// The authority.
    pub authority: CertificateAuthority,
}

/// A join token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredToken {
    /// SHA-256 of its secret.
    pub lookup_id: String,
    /// What it lets in, and until when.
    pub record: TokenRecord,
}

impl Row for StoredAuthority {
    type Id = String;
    const TABLE: &'static str = "authority";

    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Row for StoredToken {
    type Id = String;
    const TABLE: &'static str = "jointoken";

    fn id(&self) -> String {
        self.lookup_id.clone()
    }
}
