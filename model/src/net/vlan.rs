//! A VLAN of a fabric: one broadcast domain, and so one DHCP service.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{FabricId, SpaceId, SystemId, VlanId};
use crate::net::router_advertisements::RouterAdvertisements;

/// A VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vlan {
    /// Its database id.
    pub id: VlanId,
    /// The fabric it belongs to.
    pub fabric: FabricId,
    /// The 802.1Q tag, 0 for untagged traffic.
    pub vid: u16,
    /// Its name, `untagged` for tag 0.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// Whether the racks below serve DHCP here.
    pub dhcp_on: bool,
    /// A rack that serves this VLAN.
    pub primary_rack: Option<SystemId>,
    /// Another rack that serves this VLAN.
    pub secondary_rack: Option<SystemId>,
    /// The VLAN whose racks serve this one through relays.
    pub relay_vlan: Option<VlanId>,
    /// The space it belongs to; none is MAAS's `undefined`.
    pub space: Option<SpaceId>,
    /// What the racks above advertise here.
    #[serde(default, skip_serializing_if = "RouterAdvertisements::is_off")]
    pub router_advertisements: RouterAdvertisements,
    /// Whether the racks above pass on what DHCP clients say here to those of `relay_vlan`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relay_agent: bool,
    /// DHCP servers of others that the racks above pass on to what DHCP clients say here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relay_to: Vec<IpAddr>,
    /// Whether the racks above tell clients that boot from the network what to load, while a server of others gives them
    /// addresses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proxy_dhcp: bool,
    /// The addresses by which clients know the racks above, one of each address family at most: the rack that holds them
    /// ([`crate::net::service_address`]) answers at them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_addresses: Vec<IpAddr>,
}

impl Vlan {
    /// The VLAN that every fabric begins with: untagged, without DHCP.
    #[must_use]
    pub fn untagged(id: VlanId, fabric: FabricId) -> Self {
        Self {
            id,
            fabric,
            vid: 0,
            name: "untagged".to_owned(),
            description: String::new(),
            mtu: 1500,
            dhcp_on: false,
            primary_rack: None,
            secondary_rack: None,
            relay_vlan: None,
            space: None,
            router_advertisements: RouterAdvertisements::Off,
            relay_agent: false,
            relay_to: Vec::new(),
            proxy_dhcp: false,
            service_addresses: Vec::new(),
        }
    }

    /// The racks that serve DHCP on this VLAN, in a fixed order.
    pub fn racks(&self) -> impl Iterator<Item = &SystemId> {
        self.primary_rack.iter().chain(&self.secondary_rack)
    }

    /// Whether its racks pass on what DHCP clients say here.
    #[must_use]
    pub fn is_relayed_by_racks(&self) -> bool {
        let has_target =
            (self.relay_agent && self.relay_vlan.is_some()) || !self.relay_to.is_empty();
        has_target && !self.dhcp_on
    }

    /// Whether its racks tell clients what to load, while a server of others gives them addresses.
    #[must_use]
    pub const fn is_proxied(&self) -> bool {
        let is_served = self.dhcp_on || self.relay_vlan.is_some() || !self.relay_to.is_empty();
        self.proxy_dhcp && !is_served
    }

    /// Ends what its racks do here, because there are none any more.
    pub fn end_what_racks_do(&mut self) {
        self.router_advertisements = RouterAdvertisements::Off;
        self.relay_agent = false;
        self.relay_to.clear();
        self.proxy_dhcp = false;
        self.service_addresses.clear();
    }
}
