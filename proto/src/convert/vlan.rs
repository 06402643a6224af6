//! `Vlan` on the wire. Description and space stay in the region.

use model::id::{FabricId, VlanId};
use model::net::router_advertisements::RouterAdvertisements;
use model::net::vlan::Vlan;

use super::address::{ip_to_bytes, known_ips};
use super::error::{ConvertError, parse, parse_text};
use super::unknown::Unknown;
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
            further_racks,
            relay_vlan,
            space: _,
            router_advertisements,
            relay_agent,
            relay_to,
            proxy_dhcp,
            service_addresses,
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
            router_advertisements: match router_advertisements {
                RouterAdvertisements::Off => 0,
                RouterAdvertisements::On => 1,
                RouterAdvertisements::Slaac => 2,
            },
            relay_agent: *relay_agent,
            relay_to: relay_to.iter().map(|&ip| ip_to_bytes(ip)).collect(),
            proxy_dhcp: *proxy_dhcp,
            service_addresses: service_addresses.iter().map(|&ip| ip_to_bytes(ip)).collect(),
            further_racks: further_racks.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The VLAN, with what is known of it.
pub(super) fn vlan(vlan: rack::Vlan, unknown: &mut Vec<Unknown>) -> Result<Vlan, ConvertError> {
    let system_id =
        |field, id: Option<String>| id.map(|id| parse_text(MESSAGE, field, &id)).transpose();
    let further = vlan.further_racks.iter().map(|id| parse_text(MESSAGE, "further_racks", id));
    Ok(Vlan {
        id: VlanId(vlan.id),
        fabric: FabricId(vlan.fabric),
        vid: parse(MESSAGE, "vid", vlan.vid)?,
        name: vlan.name,
        description: String::new(),
        mtu: parse(MESSAGE, "mtu", vlan.mtu)?,
        dhcp_on: vlan.dhcp_on,
        primary_rack: system_id("primary_rack", vlan.primary_rack)?,
        secondary_rack: system_id("secondary_rack", vlan.secondary_rack)?,
        further_racks: further.collect::<Result<_, _>>()?,
        relay_vlan: vlan.relay_vlan.map(VlanId),
        space: None,
        router_advertisements: match vlan.router_advertisements {
            0 => RouterAdvertisements::Off,
            1 => RouterAdvertisements::On,
            2 => RouterAdvertisements::Slaac,
            other => {
                unknown.push(Unknown::new(MESSAGE, "router_advertisements", other));
                RouterAdvertisements::Off
            }
        },
        relay_agent: vlan.relay_agent,
        relay_to: known_ips(MESSAGE, "relay_to", &vlan.relay_to, unknown),
        proxy_dhcp: vlan.proxy_dhcp,
        service_addresses: known_ips(
            MESSAGE,
            "service_addresses",
            &vlan.service_addresses,
            unknown,
        ),
    })
}
