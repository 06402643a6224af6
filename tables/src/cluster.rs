//! What only regions know: the certificate authority, who has which certificate, and the join
//! tokens. No rack follows these.

use std::collections::BTreeSet;

use identity::CertificateAuthority;
use identity::rotation::Holding;
use identity::token::TokenRecord;
use serde::{Deserialize, Serialize};

use crate::row::Row;

/// The name of the authority that signs.
pub const CURRENT: &str = "current";

/// The name of the authority that is to follow, while nodes learn to trust it.
pub const NEXT: &str = "next";

/// A certificate authority of the cluster, with its secret key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAuthority {
    /// [`CURRENT`] or [`NEXT`].
    pub name: String,
    /// The authority.
    pub authority: CertificateAuthority,
    /// The nodes that are not waited for while it is replaced, as [`StoredHolding`] names them.
    #[serde(default)]
    pub excused: BTreeSet<String>,
}

/// What a node said last of its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHolding {
    /// `region-<node id>` or `rack-<system id>`.
    pub node: String,
    /// What it has.
    pub holding: Holding,
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

    /// Its secret key is in it.
    fn secret_fields(&self) -> &'static [&'static str] {
        &["authority"]
    }
}

impl Row for StoredHolding {
    type Id = String;
    const TABLE: &'static str = "certificate";

    fn id(&self) -> String {
        self.node.clone()
    }
}

impl Row for StoredToken {
    type Id = String;
    const TABLE: &'static str = "jointoken";

    fn id(&self) -> String {
        self.lookup_id.clone()
    }
}
