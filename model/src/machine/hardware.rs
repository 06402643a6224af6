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
    /// Whether its firmware had Secure Boot on when it last booted the ephemeral OS; none of a BIOS, and where
    /// nobody has said it, or it did not come back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
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

/// Where a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its bus.
    pub bus: u32,
    /// Its place on the bus; PCI functions of one device share it.
    pub device: u32,
    /// A number that no other device of the machine has, as long as it stays where it is.
    pub number: u32,
}

impl Device {
    /// Where it is, by its address; zeros where that says nothing.
    #[must_use]
    pub fn place(&self) -> Place {
        let found = if self.bus == "usb" { usb(&self.address) } else { pci(&self.address) };
        found.unwrap_or(Place { bus: 0, device: 0, number: 0 })
    }
}

/// `0000:00:02.0`: domain, bus, device and function in hexadecimal digits.
fn pci(address: &str) -> Option<Place> {
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    let (domain, rest) = address.split_once(':')?;
    let (bus, rest) = rest.split_once(':')?;
    let (device, function) = rest.split_once('.')?;
    let (bus, device) = (hex(bus)?, hex(device)?);
    let path = ((hex(domain)? & 0x7fff) << 16) | ((bus & 0xff) << 8);
    let number = (path | ((device & 0x1f) << 3) | (hex(function)? & 7)) + 1;
    Some(Place { bus, device, number })
}

/// `001:002`: bus and device in decimal digits.
fn usb(address: &str) -> Option<Place> {
    let (bus, device) = address.split_once(':')?;
    let (bus, device): (u32, u32) = (bus.parse().ok()?, device.parse().ok()?);
    Some(Place { bus, device, number: (1 << 31) | ((bus & 0x7fff) << 16) | (device & 0xffff) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_place_and_a_number_of_its_own() {
        let at = |bus: &str, address: &str| {
            let device = Device {
                bus: bus.to_owned(),
                address: address.to_owned(),
                vendor_id: String::new(),
                product_id: String::new(),
                vendor_name: String::new(),
                product_name: String::new(),
                driver: String::new(),
            };
            let Place { bus, device, number } = device.place();
            (bus, device, number)
        };
        assert_eq!(at("pci", "0000:00:00.0"), (0, 0, 1));
        assert_eq!(at("pci", "0000:01:1f.7"), (1, 31, 0x0200));
        assert_eq!(at("usb", "001:002"), (1, 2, 0x8001_0002));
        assert_eq!(at("pci", "none"), (0, 0, 0));
    }
}
