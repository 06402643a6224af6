//! Fabrics, VLANs, subnets, ranges, addresses and leases.

pub(crate) mod spans;

pub mod addresses;
pub(crate) mod adopted;
mod block_homes;
mod block_sources;
pub mod blocks;
pub mod conflicts;
pub(crate) mod delegations;
pub mod dhcp_explain;
mod dhcp_link;
pub mod dhcpsnippets;
pub mod discoveries;
pub mod external_dhcp;
pub(crate) mod external_dhcp_rows;
pub mod fabrics;
mod gateways;
pub mod ipaddresses;
pub mod ipranges;
pub(crate) mod kept;
pub mod lease_list;
pub mod leases;
pub(crate) mod names;
pub mod neighbours;
pub mod networks;
pub mod option_definitions;
mod organizations;
pub mod pools;
pub mod prefixpools;
pub mod promised;
mod relayed;
pub mod reservedips;
pub mod scans;
mod seen;
pub(crate) mod service_addresses;
pub mod service_holders;
pub mod spaces;
pub mod specifiers;
pub mod staticroutes;
pub mod subnet_addresses;
pub mod subnets;
pub(crate) mod time_servers;
mod vlan_racks;
pub mod vlans;

pub(crate) mod dependents;
