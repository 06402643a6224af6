//! Domains, DNS resources and their records.

pub mod dnsresourcerecords;
pub mod dnsresources;
pub mod domains;
