//! What is set of a bridge: a switch in the kernel of the machine, which another interface is a port of.

use serde::{Deserialize, Serialize};

worded! {
    /// What a bridge is made by.
    BridgeType {
        Standard = "standard", "The kernel's bridge.";
        Ovs = "ovs", "Open vSwitch, which the system must have.";
    }
}

/// What is set of a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// What it is made by.
    #[serde(rename = "type")]
    pub made_by: BridgeType,
    /// Whether it takes part in the spanning tree protocol.
    pub stp: bool,
    /// How long a port listens and learns before it forwards, in seconds.
    pub forward_delay_s: u32,
    /// Whether it goes when the machine is given back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acquired: bool,
}

impl Default for Bridge {
    fn default() -> Self {
        let made_by = BridgeType::default();
        Self { made_by, stp: false, forward_delay_s: 15, acquired: false }
    }
}
