//! Fabrics, VLANs, subnets, ranges, addresses and leases.

mod spans;

pub mod addresses;
pub mod blocks;
pub mod conflicts;
pub mod dhcp_explain;
mod dhcp_link;
pub mod dhcpsnippets;
pub mod external_dhcp;
pub mod fabrics;
pub mod ipaddresses;
pub mod ipranges;
pub mod lease_list;
pub mod leases;
pub mod option_definitions;
pub mod pools;
pub mod promised;
pub mod spaces;
pub mod specifiers;
pub mod staticroutes;
pub mod subnet_addresses;
pub mod subnets;
pub mod vlans;

pub(crate) mod dependents;
