//! A VLAN of a fabric: one broadcast domain, and so one DHCP service.

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
        }
    }

    /// The racks that serve DHCP on this VLAN, in a fixed order.
    pub fn racks(&self) -> impl Iterator<Item = &SystemId> {
        self.primary_rack.iter().chain(&self.secondary_rack)
    }
}
