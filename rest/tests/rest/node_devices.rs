//! PCI and USB devices in machines, and what of a node no machine stands behind.

use model::machine::hardware::Device;

use crate::harness::{By, Region};
use crate::stock::machine;

fn device(bus: &str, address: &str, vendor_id: &str) -> Device {
    Device {
        bus: bus.to_owned(),
        address: address.to_owned(),
        vendor_id: vendor_id.to_owned(),
        product_id: "1521".to_owned(),
        vendor_name: "Intel".to_owned(),
        product_name: "I350".to_owned(),
        driver: "igb".to_owned(),
    }
}

#[tokio::test]
async fn devices_of_a_machine_are_listed_found_and_forgotten() {
    let region = Region::start().await;
    let mut machine = machine(1);
    machine.hardware.devices =
        vec![device("pci", "0000:01:00.1", "8086"), device("usb", "001:002", "0627")];
    region.store(&machine).await;
    let all = format!("nodes/{}/devices/", machine.system_id);
    let listed = region.get(By::User, &all).await.assert(200).json();
    let id = &machine.system_id;
    let expected = serde_json::json!({
        "bus": 1,
        "bus_name": "PCIE",
        "bus_number": 1,
        "commissioning_driver": "igb",
        "device_number": 0,
        "hardware_type": 0,
        "hardware_type_name": "Node",
        "id": 258,
        "numa_node": 0,
        "pci_address": "0000:01:00.1",
        "physical_blockdevice": null,
        "physical_interface": null,
        "product_id": "1521",
        "product_name": "I350",
        "resource_uri": format!("/MAAS/api/2.0/nodes/{id}/devices/258/"),
        "system_id": id,
        "vendor_id": "8086",
        "vendor_name": "Intel",
    });
    assert_eq!(listed[0], expected);
    for (query, count) in [
        ("bus=USB", 1),
        ("vendor_id=8086", 1),
        ("commissioning_driver=IGB", 2),
        ("product_id=1", 0),
    ] {
        let found = region.get(By::User, &format!("{all}?{query}")).await.assert(200).json();
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    region.get(By::User, &format!("{all}?bus=isa")).await.assert(400);
    region.get(By::User, &format!("{all}?hardware_type=gpu")).await.assert(400);
    for name in ["258", "0000:01:00.1"] {
        let found = region.get(By::User, &format!("{all}{name}/")).await.assert(200).json();
        assert_eq!(found, listed[0]);
    }
    for name in ["1:2", "001:002"] {
        let found = region.get(By::User, &format!("{all}{name}/")).await.assert(200).json();
        assert_eq!(found, listed[1]);
    }
    let missing = region.get(By::User, &format!("{all}7/")).await.assert(404);
    assert_eq!(missing.text, "No NodeDevice matches the given query.");
    region.delete(By::User, &format!("{all}258/")).await.assert(403);
    region.delete(By::Admin, &format!("{all}258/")).await.assert(204);
    region.delete(By::Admin, &format!("{all}258/")).await.assert(404);
    assert_eq!(region.stored(&machine).await.hardware.devices.len(), 1);
}

#[tokio::test]
async fn a_device_said_nothing_of_itself() {
    let region = Region::start().await;
    let form = [("mac_addresses", "52:54:00:00:00:01"), ("hostname", "printer")];
    let made = region.post(By::Admin, "devices/", &form).await.assert(200).json();
    let id = made["system_id"].as_str().unwrap();
    for path in [format!("devices/{id}/"), format!("nodes/{id}/")] {
        let answer = region.get(By::User, &format!("{path}?op=details")).await.assert(200);
        assert_eq!(answer.headers["content-type"], "application/bson");
        assert_eq!(answer.text, "\u{11}\0\0\0\nlldp\0\nlshw\0\0");
    }
    assert_eq!(region.get(By::User, &format!("nodes/{id}/devices/")).await.assert(200).text, "[]");
    region.get(By::User, "devices/abcdef/?op=details").await.assert(404);
}
