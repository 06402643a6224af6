//! The shape of a subnet as MAAS showed it before 2.0.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Network {
    /// Its name, `subnet-1`.
    pub name: String,
    /// Its first address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// Its mask.
    #[schema(value_type = String)]
    pub netmask: IpAddr,
    /// The 802.1Q tag of its VLAN.
    pub vlan_tag: u16,
    /// The name of the subnet.
    pub description: String,
    /// The default router of its hosts.
    #[schema(value_type = Option<String>)]
    pub default_gateway: Option<IpAddr>,
    /// DNS servers that its hosts are told.
    #[schema(value_type = Vec<String>)]
    pub dns_servers: Vec<IpAddr>,
    /// Its path.
    pub resource_uri: String,
}

/// The address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectedMac {
    /// The address.
    pub mac_address: String,
}
