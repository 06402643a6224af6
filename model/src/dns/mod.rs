//! DNS: domains, user records, and the projection of everything that has a name into record sets.

pub mod dnsresource;
pub mod domain;
pub mod name;
pub mod project;
pub mod projector;
pub mod reverse;
pub mod rrdata;
mod rules;
pub mod serial;
