//! The network as MAAS models it: fabrics hold VLANs, VLANs hold subnets, subnets hold IP ranges.

pub mod fabric;
pub mod iprange;
pub mod reserved;
pub mod space;
pub mod subnet;
pub mod vlan;
