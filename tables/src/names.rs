//! Domains and DNS resources.

use model::dns::dnsresource::DnsResource;
use model::dns::domain::Domain;
use model::id::{DnsResourceId, DomainId};
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::row::{Index, Row, Unique};

/// Taken by whoever changes which domain is the default: exactly one is.
pub const DEFAULT_DOMAIN_GUARD: &str = "default-domain";

/// Domains by name in lower case (a [`String`]).
pub const DOMAIN_BY_NAME: Unique<Domain> =
    Unique { name: "domain.name", keys: |domain| vec![encoded(&domain.name.to_lowercase())] };

/// Resources by domain and name in lower case (a [`DomainId`] and a [`String`]).
pub const DNSRESOURCE_BY_NAME: Unique<DnsResource> = Unique {
    name: "dnsresource.name",
    keys: |resource| vec![encoded(&(resource.domain, resource.name.to_lowercase()))],
};

/// The resource that holds a record (a [`model::id::DnsRecordId`]).
pub const DNSRESOURCE_OF_RECORD: Unique<DnsResource> = Unique {
    name: "dnsrecord.id",
    keys: |resource| resource.records.iter().map(|record| encoded(&record.id)).collect(),
};

/// The resources of a domain (a [`DomainId`]).
pub const DNSRESOURCES_OF_DOMAIN: Index<DnsResource> = Index {
    name: "dnsresource.domain",
    keys: |resource| vec![encoded(&resource.domain)],
    since: FIRST,
};

/// The resources that an address belongs to (an [`std::net::IpAddr`]).
pub const DNSRESOURCES_OF_ADDRESS: Index<DnsResource> = Index {
    name: "dnsresource.address",
    keys: |resource| resource.ip_addresses.iter().map(encoded).collect(),
    since: FIRST,
};

impl Row for Domain {
    type Id = DomainId;
    const TABLE: &'static str = "domain";
    const UNIQUE: &'static [Unique<Self>] = &[DOMAIN_BY_NAME];

    fn id(&self) -> DomainId {
        self.id
    }
}

impl Row for DnsResource {
    type Id = DnsResourceId;
    const TABLE: &'static str = "dnsresource";
    const UNIQUE: &'static [Unique<Self>] = &[DNSRESOURCE_BY_NAME, DNSRESOURCE_OF_RECORD];
    const INDEXES: &'static [Index<Self>] = &[DNSRESOURCES_OF_DOMAIN, DNSRESOURCES_OF_ADDRESS];

    fn id(&self) -> DnsResourceId {
        self.id
    }
}
