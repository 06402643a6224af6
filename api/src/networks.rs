//! The shape of a subnet as MAAS showed it before 2.0.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its name, `subnet-1`.
    pub name: String,
    /// Its first address.
    pub ip: IpAddr,
    /// Its mask.
    pub netmask: IpAddr,
    /// The 802.1Q tag of its VLAN.
    pub vlan_tag: u16,
    /// The name of the subnet.
    pub description: String,
    /// The default router of its hosts.
    pub default_gateway: Option<IpAddr>,
    /// DNS servers that its hosts are told.
    pub dns_servers: Vec<IpAddr>,
    /// Its path.
    pub resource_uri: String,
}

/// The address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectedMac {
    /// The address.
    pub mac_address: String,
}
