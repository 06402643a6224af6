//! Whether racks send router advertisements on a VLAN (RFC 4861 §6.2), and what these let hosts do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What racks advertise on a VLAN.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouterAdvertisements {
    /// Nothing: routers of the link do, or hosts need no IPv6.
    #[default]
    Off,
    /// The prefixes of its subnets, its MTU, DNS servers, and whether `DHCPv6` is served. Hosts have the addresses
    /// that they are given.
    On,
    /// The same, and hosts may make addresses of their own (SLAAC, RFC 4862).
    Slaac,
}

impl RouterAdvertisements {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Slaac];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Slaac => "slaac",
        }
    }

    /// Whether nothing is advertised.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// The text names none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of off, on, slaac.")]
pub struct ParseRouterAdvertisementsError(String);

impl FromStr for RouterAdvertisements {
    type Err = ParseRouterAdvertisementsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| ParseRouterAdvertisementsError(text.to_owned()))
    }
}

impl fmt::Display for RouterAdvertisements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
