//! Network interfaces of a machine and their links to subnets.
//!
//! What a machine has in hardware is physical; bonds, bridges and VLAN interfaces are made of other interfaces by its
//! configuration. What may be made of what is decided in [`rules`], what a change of one means for the others in
//! [`stack`], which link leads to the rest of the world in [`gateways`], and how a deployed system is told of all of it
//! in [`netplan`].

/// An enumeration whose values have words: MAAS's API and stored rows have the same. The first one is the default.
macro_rules! worded {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal, $doc:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $(#[doc = $doc] #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All of them; the first one is the default.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one with a word.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }
    };
}

pub mod acquired;
pub mod bond;
pub mod bridge;
pub mod copy;
pub mod gateways;
pub mod links;
pub mod netplan;
pub mod rules;
pub mod stack;
pub mod version_one;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{InterfaceId, SubnetId, VlanId};
use crate::mac::MacAddress;
use crate::machine::interface::bond::Bond;
use crate::machine::interface::bridge::Bridge;

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// The kernel's name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Kind::is_physical")]
    pub kind: Kind,
    /// The interfaces that it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<InterfaceId>,
    /// Its hardware address; that of a physical one is unique in the cluster.
    pub mac: MacAddress,
    /// The VLAN it is plugged into, once known.
    pub vlan: Option<VlanId>,
    /// Whether the machine last booted from it.
    pub boot: bool,
    /// Whether it takes part in a deployment; of one that is made of others, [they say it](stack::is_enabled).
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
    /// What else is known of its hardware.
    #[serde(default, skip_serializing_if = "Card::is_unknown")]
    pub card: Card,
    /// What its owner set of it.
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub settings: Settings,
    /// What its owner marked it with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its links to subnets.
    pub links: Vec<Link>,
}

/// What an interface is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Hardware.
    #[default]
    Physical,
    /// Several physical ones that act as one.
    Bond(Bond),
    /// A switch in the machine's kernel, which another interface is a port of.
    Bridge(Bridge),
    /// The tagged packets of one VLAN on another interface.
    Vlan,
    /// Something of which only a hardware address is known.
    Unknown,
}

/// What is known of the hardware of an interface besides its maker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Mbit/s that it could do, 0 when not known.
    #[serde(default)]
    pub speed: u32,
    /// The NUMA node that it is attached to.
    #[serde(default)]
    pub numa_node: u32,
    /// How many virtual functions it can have (SR-IOV).
    #[serde(default)]
    pub virtual_functions_max: u32,
}

/// What is set of an interface of any kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The largest packet in bytes, where it is not that of the VLAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u16>,
    /// Whether router advertisements are heeded, where the system shall not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_ra: Option<bool>,
}

impl Kind {
    /// Whether it is hardware.
    #[must_use]
    pub const fn is_physical(&self) -> bool {
        matches!(self, Self::Physical)
    }

    /// Whether it takes the place of its parents in the network: they have no links of their own, and its VLAN.
    #[must_use]
    pub const fn replaces_parents(&self) -> bool {
        matches!(self, Self::Bond(_) | Self::Bridge(_))
    }

    /// MAAS's word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Bond(_) => "bond",
            Self::Bridge(_) => "bridge",
            Self::Vlan => "vlan",
            Self::Unknown => "unknown",
        }
    }
}

impl Card {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl Settings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Interface {
    /// An interface of which nothing but its hardware address is known.
    #[must_use]
    pub fn of_mac(mac: MacAddress) -> Self {
        Self {
            id: InterfaceId::default(),
            name: String::new(),
            kind: Kind::Physical,
            parents: Vec::new(),
            mac,
            vlan: None,
            boot: false,
            enabled: true,
            link_connected: true,
            link_speed: 0,
            vendor: String::new(),
            product: String::new(),
            firmware_version: String::new(),
            card: Card::default(),
            settings: Settings::default(),
            tags: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Whether it is configured: has a link that gives it an address.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.links.iter().any(|link| link.mode != LinkMode::LinkUp)
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

impl LinkMode {
    /// All of them, in MAAS's order.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Dhcp, Self::Static, Self::LinkUp];

    /// MAAS's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dhcp => "dhcp",
            Self::Static => "static",
            Self::LinkUp => "link_up",
        }
    }
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
    /// Whether the gateway of its subnet shall be the machine's, of its address family.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default_gateway: bool,
}

impl Link {
    /// A link that has no address yet.
    #[must_use]
    pub const fn new(id: u32, mode: LinkMode, subnet: Option<SubnetId>) -> Self {
        Self { id, mode, subnet, ip_address: None, default_gateway: false }
    }
}

#[cfg(test)]
mod tests;
