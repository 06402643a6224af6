//! What is wanted of an interface, as it was sent.

/// Changes of an interface; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InterfaceChange {
    /// Its name.
    pub name: Option<String>,
    /// Its hardware address, as it was sent.
    pub mac: Option<String>,
    /// What it is marked with.
    pub tags: Option<Vec<String>>,
    /// Its VLAN, by id or name; the inner none takes it off.
    pub vlan: Option<Option<String>>,
    /// Whether it takes part in a deployment.
    pub enabled: Option<bool>,
    /// The interfaces that it is made of, by id or name.
    pub parents: Option<Vec<String>>,
    /// The largest packet in bytes; the inner none leaves it to its VLAN.
    pub mtu: Option<Option<u16>>,
    /// Whether router advertisements are heeded; the inner none leaves it to the system.
    pub accept_ra: Option<Option<bool>>,
    /// What is known of its hardware.
    pub card: CardChange,
    /// What is set of a bond.
    pub bond: BondChange,
    /// What is set of a bridge.
    pub bridge: BridgeChange,
}

/// Changes of what is known of the hardware of an interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CardChange {
    /// Whether a cable is plugged in.
    pub link_connected: Option<bool>,
    /// Mbit/s that it does.
    pub link_speed: Option<u32>,
    /// Mbit/s that it could do.
    pub interface_speed: Option<u32>,
    /// The NUMA node that it is attached to.
    pub numa_node: Option<u32>,
}

/// Changes of a bond; words as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BondChange {
    /// How packets are spread.
    pub mode: Option<String>,
    /// How often links are looked at, in milliseconds.
    pub miimon_ms: Option<u32>,
    /// How long a link must be down before it is not used any more, in milliseconds.
    pub down_delay_ms: Option<u32>,
    /// How long a link must be up before it is used again, in milliseconds.
    pub up_delay_ms: Option<u32>,
    /// How often neighbours are told of a failover.
    pub peer_notifications: Option<u8>,
    /// How often the switch shall send its side of LACP.
    pub lacp_rate: Option<String>,
    /// What is hashed to choose an interface.
    pub hash_policy: Option<String>,
}

/// Changes of a bridge; words as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BridgeChange {
    /// What it is made by.
    pub made_by: Option<String>,
    /// Whether it takes part in the spanning tree protocol.
    pub stp: Option<bool>,
    /// How long a port listens and learns before it forwards, in seconds.
    pub forward_delay_s: Option<u32>,
}
