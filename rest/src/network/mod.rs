//! Fabrics, VLANs, spaces, subnets, ranges and addresses.

pub mod dhcpsnippets;
pub mod discoveries;
pub mod fabrics;
pub mod ipaddresses;
pub mod ipranges;
pub mod networks;
pub mod reservedips;
pub mod spaces;
pub mod staticroutes;
pub mod subnets;
pub mod vlans;
