//! Domains and DNS resources.

pub mod dnsresources;
pub mod domains;
