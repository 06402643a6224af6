//! The shape of a VLAN.

use std::net::IpAddr;

use model::id::SystemId;
use model::net::router_advertisements::RouterAdvertisements;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What MAAS calls the space of a VLAN that has none.
pub const UNDEFINED_SPACE: &str = "undefined";

/// A VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Vlan {
    /// Its id, not its tag.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its 802.1Q tag.
    pub vid: u16,
    /// The name of its fabric.
    pub fabric: String,
    /// The id of its fabric.
    pub fabric_id: u32,
    /// The largest packet in bytes.
    pub mtu: u16,
    /// A rack that serves it.
    #[schema(value_type = Option<String>)]
    pub primary_rack: Option<SystemId>,
    /// Another rack that serves it.
    #[schema(value_type = Option<String>)]
    pub secondary_rack: Option<SystemId>,
    /// Racks that serve it beside those two, in the order in which they move up.
    #[schema(value_type = Vec<String>)]
    pub further_racks: Vec<SystemId>,
    /// Whether DHCP is served.
    pub dhcp_on: bool,
    /// A foreign DHCP server that was seen on it.
    pub external_dhcp: Option<String>,
    /// The VLAN whose racks serve it.
    #[schema(no_recursion)]
    pub relay_vlan: Option<Box<Self>>,
    /// What its racks advertise by IPv6 router advertisements: `off`, `on`, or `slaac` to let hosts make addresses of their own, too.
    #[schema(value_type = String)]
    pub router_advertisements: RouterAdvertisements,
    /// Whether its racks relay DHCP to those of `relay_vlan`.
    pub relay_agent: bool,
    /// DHCP servers of others that its racks relay DHCP to.
    #[schema(value_type = Vec<String>)]
    pub relay_to: Vec<IpAddr>,
    /// The racks that relay DHCP; one that serves the VLAN itself does not.
    #[schema(value_type = Vec<String>)]
    pub relayed_by: Vec<SystemId>,
    /// Whether its racks tell clients that boot from the network what to load, while a DHCP server of others gives them addresses.
    pub proxy_dhcp: bool,
    /// The addresses by which clients know its racks: one of each address family at most.
    #[schema(value_type = Vec<String>)]
    pub service_addresses: Vec<IpAddr>,
    /// The rack that holds them.
    #[schema(value_type = Option<String>)]
    pub service_rack: Option<SystemId>,
    /// The name of its space.
    pub space: String,
    /// Free text.
    pub description: String,
    /// Its path.
    pub resource_uri: String,
}
