//! The shape of a DNS domain.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Domain {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The TTL of its records in seconds.
    pub ttl: Option<u32>,
    /// Whether the racks answer for it.
    pub authoritative: bool,
    /// How many records it has.
    pub resource_record_count: usize,
    /// Whether it is the default.
    pub is_default: bool,
    /// Its path.
    pub resource_uri: String,
}
