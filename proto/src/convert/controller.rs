//! `RackController`, `RegionController` and `ControllerInterface` on the wire. When a rack was last
//! seen changes all the time and is nobody else's business; versions are the region's.

use model::controller::{ControllerInterface, RegionController, ServedRack};

use super::address::{ip_from_bytes, ip_to_bytes, mac_from_bytes, mac_to_bytes};
use super::error::{ConvertError, parse_text};
use crate::rack;

impl From<&ServedRack> for rack::RackController {
    fn from(served: &ServedRack) -> Self {
        let ServedRack { system_id, hostname, interfaces, connected } = served;
        Self {
            system_id: system_id.to_string(),
            hostname: hostname.clone(),
            interfaces: interfaces.iter().map(rack::ControllerInterface::from).collect(),
            connected: *connected,
        }
    }
}

impl TryFrom<rack::RackController> for ServedRack {
    type Error = ConvertError;

    fn try_from(served: rack::RackController) -> Result<Self, Self::Error> {
        let interfaces = served.interfaces.into_iter().map(ControllerInterface::try_from);
        Ok(Self {
            system_id: parse_text("RackController", "system_id", &served.system_id)?,
            hostname: served.hostname,
            interfaces: interfaces.collect::<Result<_, _>>()?,
            connected: served.connected,
        })
    }
}

impl From<&ControllerInterface> for rack::ControllerInterface {
    fn from(interface: &ControllerInterface) -> Self {
        let ControllerInterface { name, mac, addresses } = interface;
        Self {
            name: name.clone(),
            mac: mac_to_bytes(*mac),
            addresses: addresses.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<rack::ControllerInterface> for ControllerInterface {
    type Error = ConvertError;

    fn try_from(interface: rack::ControllerInterface) -> Result<Self, Self::Error> {
        const MESSAGE: &str = "ControllerInterface";
        let addresses = interface.addresses.iter();
        Ok(Self {
            name: interface.name,
            mac: mac_from_bytes(MESSAGE, "mac", &interface.mac)?,
            addresses: addresses
                .map(|text| parse_text(MESSAGE, "addresses", text))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl From<&RegionController> for rack::RegionController {
    fn from(region: &RegionController) -> Self {
        let RegionController { system_id, node_id, hostname, version: _, address } = region;
        Self {
            system_id: system_id.to_string(),
            node_id: *node_id,
            hostname: hostname.clone(),
            address: ip_to_bytes(*address),
        }
    }
}

impl TryFrom<rack::RegionController> for RegionController {
    type Error = ConvertError;

    fn try_from(region: rack::RegionController) -> Result<Self, Self::Error> {
        const MESSAGE: &str = "RegionController";
        Ok(Self {
            system_id: parse_text(MESSAGE, "system_id", &region.system_id)?,
            node_id: region.node_id,
            hostname: region.hostname,
            version: String::new(),
            address: ip_from_bytes(MESSAGE, "address", &region.address)?,
        })
    }
}
