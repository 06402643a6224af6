//! The hosts that racks saw, and their searches for hosts.

use std::net::IpAddr;

use model::id::{SystemId, VlanId};
use model::net::neighbour::Neighbour;
use model::net::scan::{LastScan, NetworkScan};

use crate::row::Row;

impl Row for Neighbour {
    type Id = (IpAddr, VlanId);
    const TABLE: &'static str = "neighbour";

    fn id(&self) -> (IpAddr, VlanId) {
        (self.ip, self.vlan)
    }
}

impl Row for NetworkScan {
    type Id = SystemId;
    const TABLE: &'static str = "network-scan";

    fn id(&self) -> SystemId {
        self.rack.clone()
    }
}

/// There is one.
impl Row for LastScan {
    type Id = u32;
    const TABLE: &'static str = "last-scan";

    fn id(&self) -> u32 {
        0
    }
}
