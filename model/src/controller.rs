//! Controllers: the region and rack nodes as operators see them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::id::{AvailabilityZoneId, SystemId};
use crate::mac::MacAddress;
use crate::time::Timestamp;

/// A rack controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RackController {
    /// Its id, given when it joined.
    pub system_id: SystemId,
    /// Its host's name.
    pub hostname: String,
    /// Its software version.
    pub version: String,
    /// Its interfaces with their addresses, as it reported them.
    pub interfaces: Vec<ControllerInterface>,
    /// The region node (its Raft id) that it has a session with; none when it has none.
    pub session: Option<u64>,
    /// When the session was last confirmed.
    pub last_seen: Timestamp,
    /// Whether its program can search networks for hosts; one of a version before says nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub searches_for_hosts: bool,
    /// Whether its program can hold service addresses; one of a version before says nothing of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_service_addresses: bool,
}

impl RackController {
    /// Whether its program knows that a VLAN may have more than two racks: that came with service addresses. One of a version before
    /// takes the first two for all, and answers clients of the others.
    #[must_use]
    pub const fn knows_further_racks(&self) -> bool {
        self.holds_service_addresses
    }
}

/// A rack controller as other racks see it: what its names and service addresses come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedRack {
    /// Its id.
    pub system_id: SystemId,
    /// Its host's name.
    pub hostname: String,
    /// Its interfaces with their addresses.
    pub interfaces: Vec<ControllerInterface>,
    /// Whether a region has a session with it.
    pub connected: bool,
}

impl ServedRack {
    /// The part of `rack` that other racks serve from.
    #[must_use]
    pub fn of(rack: &RackController) -> Self {
        Self {
            system_id: rack.system_id.clone(),
            hostname: rack.hostname.clone(),
            interfaces: rack.interfaces.clone(),
            connected: rack.session.is_some(),
        }
    }
}

/// An interface of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerInterface {
    /// The kernel's name.
    pub name: String,
    /// Its hardware address.
    pub mac: MacAddress,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<IpNet>,
}

/// What operators say of a rack or region controller. It is a row of its own, because the controllers write theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerNote {
    /// The controller.
    pub system_id: SystemId,
    /// Free text.
    pub description: String,
    /// Its zone; that of all others when it is gone, or none is said.
    pub zone: Option<AvailabilityZoneId>,
}

/// A region controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionController {
    /// Its id in MAAS's API.
    pub system_id: SystemId,
    /// Its Raft node id.
    pub node_id: u64,
    /// Its host's name.
    pub hostname: String,
    /// Its software version.
    pub version: String,
    /// The address its peers, racks and clients reach it at.
    pub address: IpAddr,
}
