//! Domains and DNS resources.

pub mod dnsresources;
pub mod domains;
pub mod named_addresses;
pub mod naming;
