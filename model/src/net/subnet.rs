//! A subnet of a VLAN: a prefix and what its hosts are told.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::{SubnetId, VlanId};

/// Which reverse zones are generated (MAAS `rdns_mode`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReverseDns {
    /// None (0).
    Disabled,
    /// Whole octets or nibbles only (1).
    Enabled,
    /// Also classless zones for small subnets, RFC 2317 (2).
    #[default]
    Classless,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its name, the CIDR by default.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The VLAN it lies on.
    pub vlan: VlanId,
    /// The prefix; host bits are zero.
    pub cidr: IpNet,
    /// The default router of its hosts.
    pub gateway_ip: Option<IpAddr>,
    /// DNS servers that hosts are told after the racks.
    pub dns_servers: Vec<IpAddr>,
    /// Whether Ironraft allocates addresses and serves DHCP in it.
    pub managed: bool,
    /// Which reverse zones it gets.
    pub rdns_mode: ReverseDns,
    /// Whether its hosts may use the racks as DNS resolvers.
    pub allow_dns: bool,
    /// Whether its hosts may use the HTTP proxy.
    pub allow_proxy: bool,
    /// Whether racks scan it for neighbours.
    pub active_discovery: bool,
    /// The ways to boot that are not answered in it, by their names ([`crate::boot::method`]).
    pub disabled_boot_architectures: Vec<String>,
}

impl Subnet {
    /// A managed subnet as MAAS makes one that nothing else is said of: its name is the prefix.
    #[must_use]
    pub fn new(id: SubnetId, vlan: VlanId, cidr: IpNet) -> Self {
        Self {
            id,
            name: cidr.to_string(),
            description: String::new(),
            vlan,
            cidr,
            gateway_ip: None,
            dns_servers: Vec::new(),
            managed: true,
            rdns_mode: ReverseDns::default(),
            allow_dns: true,
            allow_proxy: true,
            active_discovery: false,
            disabled_boot_architectures: Vec::new(),
        }
    }
}
