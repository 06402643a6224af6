//! A DNS domain: a forward zone, when authoritative.

use serde::{Deserialize, Serialize};

use crate::id::DomainId;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its id; 0 is the first default domain, as in MAAS.
    pub id: DomainId,
    /// Its name, without a trailing dot.
    pub name: String,
    /// Whether the racks answer for it.
    pub authoritative: bool,
    /// TTL of its records in seconds; the site's default when absent.
    pub ttl: Option<u32>,
    /// Whether machines without a domain get this one. Exactly one domain is the default.
    pub is_default: bool,
}
