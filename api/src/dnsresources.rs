//! The shapes of a DNS resource and of its records.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ipaddresses::IpAddress;

/// A name with its addresses and records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsResource {
    /// Its id; -1 for names that come from machines.
    pub id: i64,
    /// Its full name.
    pub fqdn: String,
    /// The TTL of its addresses in seconds.
    pub address_ttl: Option<u32>,
    /// Its addresses.
    pub ip_addresses: Vec<IpAddress>,
    /// Its other records.
    pub resource_records: Vec<DnsRecord>,
    /// Its path.
    pub resource_uri: String,
}

/// A record that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DnsRecord {
    /// Its id.
    pub id: u32,
    /// Its full name.
    pub fqdn: String,
    /// Its TTL in seconds.
    pub ttl: Option<u32>,
    /// Its type.
    pub rrtype: String,
    /// Its data.
    pub rrdata: String,
    /// Its path.
    pub resource_uri: String,
}
