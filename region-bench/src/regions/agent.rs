//! The agent of a machine: of a real size with 6 interfaces, 6 disks and 40 PCI devices, or of a
//! small one, where there are to be many of them in little time.

use anyhow::{Context, ensure};
use api::agent::{
    Hello, Inventory, Outcome, Report, ReportedDisk, ReportedInterface, Welcome, Work,
};
use model::mac::MacAddress;
use model::machine::hardware::{Device, Firmware, Hardware, NumaNode};

use crate::regions::rest::Rest;

const INTERFACES: u32 = 6;
const DISKS: u32 = 6;
const PCI_DEVICES: u32 = 40;

/// The hardware address of an interface of a machine.
#[must_use]
pub fn mac(machine: u32, interface: u32) -> MacAddress {
    let [_, a, b, c] = machine.to_be_bytes();
    let [.., last] = interface.to_be_bytes();
    MacAddress([0x52, 0x54, a, b, c, last])
}

/// What machine number `machine` finds in itself. `address` is what its first interface has.
#[must_use]
pub fn inventory(machine: u32, address: &str) -> Inventory {
    Inventory {
        hardware: hardware(machine),
        interfaces: (0..INTERFACES).map(|number| interface(machine, number, address)).collect(),
        disks: (0..DISKS).map(|number| disk(machine, number)).collect(),
        ..Inventory::default()
    }
}

/// What a small machine finds in itself: one interface, one disk.
#[must_use]
pub fn small_inventory(machine: u32, address: &str) -> Inventory {
    Inventory {
        hardware: Hardware {
            architecture: "amd64/generic".to_owned(),
            cpu_count: 2,
            memory_mib: 2048,
            ..Hardware::default()
        },
        interfaces: vec![interface(machine, 0, address)],
        disks: vec![disk(machine, 0)],
        ..Inventory::default()
    }
}

fn hardware(machine: u32) -> Hardware {
    let numa = |index: u32| NumaNode {
        index,
        memory_mib: 131_072,
        cores: (0..32).map(|core| core * 2 + index).collect(),
    };
    let dmi = [
        ("system_vendor", "Dell Inc.".to_owned()),
        ("system_product", "PowerEdge R650".to_owned()),
        ("system_serial", format!("SN{machine:08}")),
        ("mainboard_vendor", "Dell Inc.".to_owned()),
        ("mainboard_product", "0PYXKY".to_owned()),
        ("mainboard_firmware_version", "1.10.2".to_owned()),
    ];
    Hardware {
        architecture: "amd64/generic".to_owned(),
        firmware: Firmware::Uefi,
        secure_boot: Some(false),
        uuid: format!("4c4c4544-0000-1000-8000-{machine:012x}"),
        cpu_count: 64,
        cpu_speed_mhz: 2900,
        cpu_model: "Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz".to_owned(),
        memory_mib: 262_144,
        numa_nodes: (0..2).map(numa).collect(),
        devices: (0..PCI_DEVICES).map(device).collect(),
        dmi: dmi.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

fn device(number: u32) -> Device {
    Device {
        bus: "pci".to_owned(),
        address: format!("0000:{:02x}:{:02x}.{}", number / 8, number % 8, number % 2),
        vendor_id: "8086".to_owned(),
        product_id: format!("{:04x}", 0x1500 + number),
        vendor_name: "Intel Corporation".to_owned(),
        product_name: "Ethernet Controller X710 for 10GbE SFP+".to_owned(),
        driver: "i40e".to_owned(),
    }
}

fn interface(machine: u32, number: u32, address: &str) -> ReportedInterface {
    ReportedInterface {
        name: format!("enp{}s0f{}", 1 + number / 2, number % 2),
        mac: mac(machine, number).to_string(),
        link_connected: number < 2,
        link_speed: if number < 2 { 10_000 } else { 0 },
        vendor: "Intel Corporation".to_owned(),
        product: "Ethernet Controller X710 for 10GbE SFP+".to_owned(),
        firmware_version: "8.30 0x8000a49d 1.2926.0".to_owned(),
        addresses: (number == 0).then(|| address.to_owned()).into_iter().collect(),
        numa_node: Some(number / 2),
        virtual_functions_max: Some(64),
    }
}

fn disk(machine: u32, number: u32) -> ReportedDisk {
    ReportedDisk {
        name: format!("nvme{number}n1"),
        id_path: format!("/dev/disk/by-id/nvme-eui.{machine:08x}{number:08x}"),
        model: "SAMSUNG MZQL23T8HCLS-00A07".to_owned(),
        serial: format!("S64HNE0R{machine:06}{number}"),
        size_bytes: 3_840_755_982_336,
        block_size_bytes: 512,
        rotational: false,
        numa_node: Some(number % 2),
    }
}

/// Plays the agent of a machine that is being commissioned, to the end: of a small one.
///
/// # Errors
/// When an answer is no success, or there is other work to do.
pub async fn commission(rest: &Rest, machine: u32, address: &str) -> anyhow::Result<()> {
    let hello = Hello {
        interfaces: vec![interface(machine, 0, address)],
        boot_mac: mac(machine, 0).to_string(),
        architecture: "amd64/generic".to_owned(),
        uuid: String::new(),
        firmware: "uefi".to_owned(),
        secure_boot: Some(false),
        erases_as_told: true,
        bmc_address: String::new(),
    };
    let welcome = told(rest, "hello", "", &hello).await?;
    ensure!(matches!(welcome.work, Work::Inventory { .. }), "the work is {:?}", welcome.work);
    let outcome = Outcome::Inventory(Box::new(small_inventory(machine, address)));
    let report = Report { system_id: welcome.system_id, job: welcome.job, outcome };
    let answer = told(rest, "report", welcome.token.expose(), &report).await?;
    ensure!(answer.work == Work::PowerOff, "the work is {:?}", answer.work);
    Ok(())
}

async fn told(
    rest: &Rest,
    path: &str,
    token: &str,
    message: &impl serde::Serialize,
) -> anyhow::Result<Welcome> {
    let answer = rest.tell_agent_door(path, token, message).await?.success()?;
    serde_json::from_str(&answer.text).context("the answer")
}
