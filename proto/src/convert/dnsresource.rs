//! `DnsResource` and its `DnsRecord`s on the wire.

use model::dns::dnsresource::{DnsRecord, DnsResource};
use model::id::{DnsRecordId, DnsResourceId, DomainId};

use super::address::{ip_to_bytes, known_ips};
use super::unknown::Unknown;
use crate::rack;

impl From<&DnsResource> for rack::DnsResource {
    fn from(resource: &DnsResource) -> Self {
        let DnsResource { id, name, domain, address_ttl, ip_addresses, records } = resource;
        Self {
            id: id.0,
            name: name.clone(),
            domain: domain.0,
            address_ttl: *address_ttl,
            ip_addresses: ip_addresses.iter().map(|&ip| ip_to_bytes(ip)).collect(),
            records: records.iter().map(rack::DnsRecord::from).collect(),
        }
    }
}

impl From<&DnsRecord> for rack::DnsRecord {
    fn from(record: &DnsRecord) -> Self {
        let DnsRecord { id, rrtype, rrdata, ttl } = record;
        Self { id: id.0, rrtype: rrtype.clone(), rrdata: rrdata.clone(), ttl: *ttl }
    }
}

/// The resource, with what is known of it.
pub(super) fn resource(resource: rack::DnsResource, unknown: &mut Vec<Unknown>) -> DnsResource {
    let addresses = &resource.ip_addresses;
    DnsResource {
        id: DnsResourceId(resource.id),
        name: resource.name,
        domain: DomainId(resource.domain),
        address_ttl: resource.address_ttl,
        ip_addresses: known_ips("DnsResource", "ip_addresses", addresses, unknown),
        records: resource.records.into_iter().map(DnsRecord::from).collect(),
    }
}

impl From<rack::DnsRecord> for DnsRecord {
    fn from(record: rack::DnsRecord) -> Self {
        Self {
            id: DnsRecordId(record.id),
            rrtype: record.rrtype,
            rrdata: record.rrdata,
            ttl: record.ttl,
        }
    }
}
