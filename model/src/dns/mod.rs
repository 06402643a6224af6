//! DNS: domains, user records, and the projection of everything that has a name into record sets.

pub mod dnsresource;
pub mod domain;
pub mod project;
pub mod reverse;
