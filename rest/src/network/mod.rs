//! Fabrics, VLANs, spaces, subnets, ranges and addresses.

pub mod fabrics;
pub mod ipaddresses;
pub mod ipranges;
pub mod spaces;
pub mod subnets;
pub mod vlans;
