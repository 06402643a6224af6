//! What commissioning found in a machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How firmware boots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Firmware {
    /// BIOS or a compatibility module.
    #[default]
    Bios,
    /// UEFI.
    Uefi,
}

/// Inventory in numbers; details are kept as the tools printed them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hardware {
    /// MAAS architecture, `amd64/generic`.
    pub architecture: String,
    /// How it boots.
    pub firmware: Firmware,
    /// The SMBIOS UUID, empty when there is none or it is all zero.
    pub uuid: String,
    /// Logical CPUs.
    pub cpu_count: u32,
    /// Nominal speed in MHz, 0 when not known.
    pub cpu_speed_mhz: u32,
    /// CPU model name.
    pub cpu_model: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// NUMA nodes.
    pub numa_nodes: Vec<NumaNode>,
    /// PCI and USB devices.
    pub devices: Vec<Device>,
    /// DMI strings: `system_vendor`, `system_product`, `system_serial`, `mainboard_vendor`, ….
    pub dmi: BTreeMap<String, String>,
}

/// A NUMA node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumaNode {
    /// Its index.
    pub index: u32,
    /// Its memory in MiB.
    pub memory_mib: u64,
    /// Its logical CPUs.
    pub cores: Vec<u32>,
}

/// A PCI or USB device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `pci` or `usb`.
    pub bus: String,
    /// `0000:00:02.0`, or bus:device for USB.
    pub address: String,
    /// Four hexadecimal digits.
    pub vendor_id: String,
    /// Four hexadecimal digits.
    pub product_id: String,
    /// The vendor's name when known.
    pub vendor_name: String,
    /// The product's name when known.
    pub product_name: String,
    /// The kernel driver bound to it.
    pub driver: String,
}
