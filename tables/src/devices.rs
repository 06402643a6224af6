//! Devices. They share the key spaces of machines: no two nodes have one name, hardware address or address.

use model::device::Device;
use model::id::SystemId;
use raft_store::version::FIRST;

use crate::key::encoded;
use crate::machines::{MACHINE_BY_HOSTNAME, MACHINE_BY_MAC};
use crate::network::ADDRESS;
use crate::row::{Index, Row, Unique};

/// Devices by host name in lower case (a [`String`]).
pub const DEVICE_BY_HOSTNAME: Unique<Device> = Unique {
    name: MACHINE_BY_HOSTNAME.name,
    keys: |device| vec![encoded(&device.hostname.to_lowercase())],
};

/// Devices by the hardware address of an interface (a [`model::mac::MacAddress`]).
pub const DEVICE_BY_MAC: Unique<Device> = Unique {
    name: MACHINE_BY_MAC.name,
    keys: |device| device.interfaces.iter().map(|interface| encoded(&interface.mac)).collect(),
};

/// Devices by an address of a link (an [`std::net::IpAddr`]).
pub const DEVICE_BY_ADDRESS: Unique<Device> = Unique {
    name: ADDRESS,
    keys: |device| {
        device.links().filter_map(|link| link.ip_address.as_ref().map(encoded)).collect()
    },
};

/// The devices that go with a machine or another device (a [`SystemId`]).
pub const DEVICES_OF_PARENT: Index<Device> = Index {
    name: "device.parent",
    keys: |device| device.parent.iter().map(encoded).collect(),
    since: FIRST,
};

impl Row for Device {
    type Id = SystemId;
    const TABLE: &'static str = "device";
    const UNIQUE: &'static [Unique<Self>] = &[DEVICE_BY_HOSTNAME, DEVICE_BY_MAC, DEVICE_BY_ADDRESS];
    const INDEXES: &'static [Index<Self>] = &[DEVICES_OF_PARENT];

    fn id(&self) -> SystemId {
        self.system_id.clone()
    }
}
