//! Commissioning: what is in this machine.
//!
//! A tool that is missing or fails costs its part of the inventory, never the rest: its error is
//! kept in place of its output.

pub mod bmc;
pub mod cpu;
pub mod device;
pub mod disk;
pub mod identity;
pub mod memory;
pub mod network;
mod storage_extra;
pub mod sysfs;
pub(crate) mod tools;

use api::agent::{BmcAccount, Inventory};
use model::machine::hardware::Hardware;

use self::tools::Tools;
use crate::journal::Journal;

/// Examines the machine, and gives Ironraft an account on its BMC when asked to.
pub async fn examine(account: Option<&BmcAccount>, journal: &Journal) -> Inventory {
    let mut tools = Tools::new(journal);
    journal.step("setting up the BMC");
    let bmc = bmc::find_and_set_up(&mut tools, account).await;
    journal.step("examining the hardware");
    let hardware = hardware(&mut tools).await;
    journal.step("examining network interfaces");
    let interfaces = network::examine(&mut tools, &hardware.devices).await;
    journal.step("examining disks");
    let disks = disk::examine(&mut tools).await;
    journal.step("listing everything");
    tools.run("lshw", "lshw", &["-xml", "-quiet"]).await;
    let storage_extra = storage_extra::examine(&tools);
    Inventory { hardware, interfaces, disks, bmc, outputs: tools.outputs, storage_extra }
}

async fn hardware(tools: &mut Tools<'_>) -> Hardware {
    let dmidecode = tools.run("dmidecode", "dmidecode", &[]).await;
    let cpus = tools.file("cpuinfo", "/proc/cpuinfo");
    let cpu = cpu::parse(&cpus);
    tools.run("lscpu", "lscpu", &[]).await;
    let pci = tools.run("lspci", "lspci", &["-Dvmmnnk"]).await;
    let usb = tools.run("lsusb", "lsusb", &[]).await;
    let mut devices = device::parse_lspci(&pci);
    devices.extend(device::usb(&usb));
    Hardware {
        architecture: identity::architecture(),
        firmware: identity::firmware(),
        secure_boot: identity::secure_boot(),
        uuid: identity::uuid(),
        cpu_count: cpu.count,
        cpu_speed_mhz: cpu.speed_mhz,
        cpu_model: cpu.model,
        memory_mib: memory::total_mib(&dmidecode, &tools.file("meminfo", "/proc/meminfo")),
        numa_nodes: memory::numa_nodes(),
        devices,
        dmi: identity::dmi(),
    }
}
