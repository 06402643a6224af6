//! The shapes of a subnet and of what is known of its addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vlans::Vlan;

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subnet {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The VLAN it lies on.
    pub vlan: Vlan,
    /// The name of its VLAN's space.
    pub space: String,
    /// Its prefix.
    #[schema(value_type = String)]
    pub cidr: IpNet,
    /// Its gateway.
    #[schema(value_type = Option<String>)]
    pub gateway_ip: Option<IpAddr>,
    /// Its DNS servers.
    #[schema(value_type = Vec<String>)]
    pub dns_servers: Vec<IpAddr>,
    /// Which reverse zones it gets: 0 none, 1 whole ones, 2 also classless ones.
    pub rdns_mode: u8,
    /// Whether it is scanned for neighbours.
    pub active_discovery: bool,
    /// Whether its hosts may use the racks' DNS.
    pub allow_dns: bool,
    /// Whether its hosts may use the proxy.
    pub allow_proxy: bool,
    /// Whether addresses are allocated in it.
    pub managed: bool,
    /// Boot methods that are not answered.
    pub disabled_boot_architectures: Vec<String>,
    /// Its path.
    pub resource_uri: String,
}

/// Addresses in a row, and what they are used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddressSpan {
    /// The first address.
    #[schema(value_type = String)]
    pub start: IpAddr,
    /// The last address.
    #[schema(value_type = String)]
    pub end: IpAddr,
    /// How many there are.
    pub num_addresses: u128,
    /// What they are used for; absent in lists of unused ones.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Vec<String>>,
}

/// Numbers on the use of a subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// Addresses that can be assigned.
    pub num_available: u128,
    /// The largest row of them.
    pub largest_available: u128,
    /// Addresses that are used or kept.
    pub num_unavailable: u128,
    /// All addresses that hosts can have.
    pub total_addresses: u128,
    /// The used part, 0 to 1.
    pub usage: f64,
    /// The same in percent.
    pub usage_string: String,
    /// The rest in percent.
    pub available_string: String,
    /// The first address that hosts can have.
    #[schema(value_type = String)]
    pub first_address: IpAddr,
    /// The last address that hosts can have.
    #[schema(value_type = String)]
    pub last_address: IpAddr,
    /// 4 or 6.
    pub ip_version: u8,
    /// All addresses by use, when asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ranges: Option<Vec<AddressSpan>>,
    /// A free address for a gateway, when asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub suggested_gateway: Option<IpAddr>,
    /// A free row of addresses for DHCP, when asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub suggested_dynamic_range: Option<AddressSpan>,
}

/// An address of a subnet and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsedAddress {
    /// The address.
    #[schema(value_type = String)]
    pub ip: IpAddr,
    /// How it was assigned: 0 automatic, 1 static, 4 by a user, 5 DHCP, 6 seen by DHCP.
    pub alloc_type: u8,
    /// When.
    pub created: String,
    /// When it last changed.
    pub updated: String,
    /// The user that reserved it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<String>,
    /// The machine that has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub node_summary: Option<NodeSummary>,
}

/// The machine that has an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeSummary {
    /// Its id.
    pub system_id: String,
    /// Its name.
    pub hostname: String,
    /// Its full name.
    pub fqdn: String,
    /// 0 for machines.
    pub node_type: u8,
    /// Whether it is a container.
    pub is_container: bool,
    /// The interface that has the address.
    pub via: String,
}
