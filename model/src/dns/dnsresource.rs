//! User records: names with addresses, and records of other types at a name.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{DnsRecordId, DnsResourceId, DomainId};

/// A name in a domain with its addresses and other records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsResource {
    /// Its id.
    pub id: DnsResourceId,
    /// The label or labels below the domain; `@` is the domain itself.
    pub name: String,
    /// The domain.
    pub domain: DomainId,
    /// TTL of its address records, in seconds.
    pub address_ttl: Option<u32>,
    /// Its addresses: A for IPv4, AAAA for IPv6.
    pub ip_addresses: Vec<IpAddr>,
    /// Its other records.
    pub records: Vec<DnsRecord>,
}

/// A record that is not an address: CNAME, MX, NS, SRV, SSHFP or TXT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Its id.
    pub id: DnsRecordId,
    /// The type's name in upper case.
    pub rrtype: String,
    /// The data in zone-file form (RFC 1035 §5.1).
    pub rrdata: String,
    /// TTL in seconds.
    pub ttl: Option<u32>,
}
