//! Fabrics, VLANs, subnets, ranges, addresses and leases.

pub mod addresses;
pub mod blocks;
pub mod conflicts;
pub mod fabrics;
pub mod ipaddresses;
pub mod ipranges;
pub mod leases;
pub mod pools;
pub mod promised;
pub mod spaces;
pub mod specifiers;
pub mod subnet_addresses;
pub mod subnets;
pub mod vlans;
