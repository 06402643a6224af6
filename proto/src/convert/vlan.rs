//! `Vlan` on the wire. Description and space stay in the region.

use model::id::{FabricId, VlanId};
use model::net::vlan::Vlan;

use super::error::{ConvertError, parse, parse_text};
use crate::rack;

const MESSAGE: &str = "Vlan";

impl From<&Vlan> for rack::Vlan {
    fn from(vlan: &Vlan) -> Self {
        let Vlan {
            id,
            fabric,
            vid,
            name,
            description: _,
            mtu,
            dhcp_on,
            primary_rack,
            secondary_rack,
            relay_vlan,
            space: _,
        } = vlan;
        Self {
            id: id.0,
            fabric: fabric.0,
            vid: u32::from(*vid),
            name: name.clone(),
            mtu: u32::from(*mtu),
            dhcp_on: *dhcp_on,
            primary_rack: primary_rack.as_ref().map(ToString::to_string),
            secondary_rack: secondary_rack.as_ref().map(ToString::to_string),
            relay_vlan: relay_vlan.map(|id| id.0),
        }
    }
}

impl TryFrom<rack::Vlan> for Vlan {
    type Error = ConvertError;

    fn try_from(vlan: rack::Vlan) -> Result<Self, Self::Error> {
        let system_id =
            |field, id: Option<String>| id.map(|id| parse_text(MESSAGE, field, &id)).transpose();
        Ok(Self {
            id: VlanId(vlan.id),
            fabric: FabricId(vlan.fabric),
            vid: parse(MESSAGE, "vid", vlan.vid)?,
            name: vlan.name,
            description: String::new(),
            mtu: parse(MESSAGE, "mtu", vlan.mtu)?,
            dhcp_on: vlan.dhcp_on,
            primary_rack: system_id("primary_rack", vlan.primary_rack)?,
            secondary_rack: system_id("secondary_rack", vlan.secondary_rack)?,
            relay_vlan: vlan.relay_vlan.map(VlanId),
            space: None,
        })
    }
}
