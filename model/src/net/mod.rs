//! The network as MAAS models it: fabrics hold VLANs, VLANs hold subnets, subnets hold IP ranges.

pub mod allocate;
pub mod external_dhcp;
pub mod fabric;
pub mod internal;
pub mod iprange;
pub mod neighbour;
pub mod occupancy;
pub mod prefix;
pub mod prefixpool;
pub mod range;
pub mod reserved;
pub mod reserved_identifier;
pub mod router_advertisements;
pub mod scan;
pub mod service_address;
pub mod space;
pub mod staticroute;
pub mod subnet;
pub mod vlan;
