//! `Domain` on the wire.

use model::dns::domain::Domain;
use model::id::DomainId;

use crate::rack;

impl From<&Domain> for rack::Domain {
    fn from(domain: &Domain) -> Self {
        let Domain { id, name, authoritative, ttl, is_default } = domain;
        Self {
            id: id.0,
            name: name.clone(),
            authoritative: *authoritative,
            ttl: *ttl,
            is_default: *is_default,
        }
    }
}

impl From<rack::Domain> for Domain {
    fn from(domain: rack::Domain) -> Self {
        Self {
            id: DomainId(domain.id),
            name: domain.name,
            authoritative: domain.authoritative,
            ttl: domain.ttl,
            is_default: domain.is_default,
        }
    }
}
