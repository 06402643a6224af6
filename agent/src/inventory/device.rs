//! PCI and USB devices.

use std::fs;
use std::path::Path;

use model::machine::hardware::Device;

use super::tools::read;

/// Reads the output of `lspci -Dvmmnnk`.
#[must_use]
pub fn parse_lspci(text: &str) -> Vec<Device> {
    text.split("\n\n").filter_map(pci_device).collect()
}

/// Reads the output of `lsusb`, and the drivers from sysfs.
#[must_use]
pub fn usb(text: &str) -> Vec<Device> {
    let mut devices = parse_lsusb(text);
    for device in &mut devices {
        device.driver = usb_driver(&device.address).unwrap_or_default();
    }
    devices
}

fn pci_device(record: &str) -> Option<Device> {
    let field = |name: &str| {
        record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    let (vendor_name, vendor_id) = name_and_id(field("Vendor")?);
    // The bare line `Device:` comes twice in old versions: the address is in `Slot`.
    let (product_name, product_id) = name_and_id(field("Device")?);
    Some(Device {
        bus: "pci".to_owned(),
        address: field("Slot")?.to_owned(),
        vendor_id,
        product_id,
        vendor_name,
        product_name,
        driver: field("Driver").unwrap_or_default().to_owned(),
    })
}

/// `Intel Corporation [8086]` is a name and an id.
fn name_and_id(text: &str) -> (String, String) {
    match text.rsplit_once('[').map(|(name, id)| (name, id.trim_end_matches(']'))) {
        Some((name, id)) => (name.trim().to_owned(), id.to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// `Bus 001 Device 002: ID 0627:0001 Adomax Technology Co., Ltd QEMU USB Tablet`.
fn parse_lsusb(text: &str) -> Vec<Device> {
    text.lines()
        .filter_map(|line| {
            let (place, rest) = line.strip_prefix("Bus ")?.split_once(": ID ")?;
            let (bus, device) = place.split_once(" Device ")?;
            let (id, name) = rest.split_once(' ').unwrap_or((rest, ""));
            let (vendor_id, product_id) = id.split_once(':')?;
            Some(Device {
                bus: "usb".to_owned(),
                address: format!("{bus}:{device}"),
                vendor_id: vendor_id.to_owned(),
                product_id: product_id.to_owned(),
                vendor_name: String::new(),
                product_name: name.trim().to_owned(),
                driver: String::new(),
            })
        })
        .collect()
}

/// The driver of the first interface of the device at `bus:device`.
fn usb_driver(address: &str) -> Option<String> {
    let (bus, number) = address.split_once(':')?;
    let wanted: (u32, u32) = (bus.parse().ok()?, number.parse().ok()?);
    fs::read_dir("/sys/bus/usb/devices").ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        let found =
            (read(path.join("busnum")).parse().ok()?, read(path.join("devnum")).parse().ok()?);
        if found != wanted {
            return None;
        }
        let name = entry.file_name().into_string().ok()?;
        driver_of(&path.join(format!("{name}:1.0")))
    })
}

/// The name of the kernel driver bound to a device of sysfs.
pub(crate) fn driver_of(path: &Path) -> Option<String> {
    fs::read_link(path.join("driver")).ok()?.file_name()?.to_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{parse_lspci, parse_lsusb};

    #[test]
    fn pci_devices_have_names_ids_and_drivers() {
        let devices = parse_lspci(include_str!("samples/lspci.txt"));
        insta::assert_json_snapshot!(devices);
    }

    #[test]
    fn usb_devices_have_addresses_and_ids() {
        let devices = parse_lsusb(include_str!("samples/lsusb.txt"));
        insta::assert_json_snapshot!(devices);
    }
}
