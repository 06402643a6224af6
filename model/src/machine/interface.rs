//! Network interfaces of a machine and their links to subnets.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{InterfaceId, SubnetId, VlanId};
use crate::mac::MacAddress;

/// A physical interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// The kernel's name.
    pub name: String,
    /// Its hardware address; unique in the cluster.
    pub mac: MacAddress,
    /// The VLAN it is plugged into, once known.
    pub vlan: Option<VlanId>,
    /// Whether the machine last booted from it.
    pub boot: bool,
    /// Whether it takes part in a deployment.
    pub enabled: bool,
    /// Whether a link was seen.
    pub link_connected: bool,
    /// The negotiated speed in Mbit/s, 0 when not known.
    pub link_speed: u32,
    /// Vendor, model and firmware as commissioning found them.
    pub vendor: String,
    /// The product's name.
    pub product: String,
    /// Firmware version.
    pub firmware_version: String,
    /// What its owner marked it with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its links to subnets.
    pub links: Vec<Link>,
}

impl Interface {
    /// An interface of which nothing but its hardware address is known.
    #[must_use]
    pub fn of_mac(mac: MacAddress) -> Self {
        Self {
            id: InterfaceId::default(),
            name: String::new(),
            mac,
            vlan: None,
            boot: false,
            enabled: true,
            link_connected: true,
            link_speed: 0,
            vendor: String::new(),
            product: String::new(),
            firmware_version: String::new(),
            tags: Vec::new(),
            links: Vec::new(),
        }
    }
}

/// How an interface gets an address of a subnet (MAAS link modes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkMode {
    /// Assigned by IPAM at deploy, given as static configuration.
    Auto,
    /// By DHCP in the deployed system.
    Dhcp,
    /// A fixed address.
    Static,
    /// Up without an address.
    LinkUp,
}

/// A link of an interface to a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id, unique in the machine.
    pub id: u32,
    /// How it gets its address.
    pub mode: LinkMode,
    /// The subnet.
    pub subnet: Option<SubnetId>,
    /// The assigned address; for `Auto` from deploy to release.
    pub ip_address: Option<IpAddr>,
}
