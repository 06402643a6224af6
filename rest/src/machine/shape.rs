//! MAAS's JSON shape of a machine, with everything it embeds.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::domains::Domain;
use api::machines::{
    self, BlockDevice, DefaultGateway, DefaultGateways, Deployed, Disks, Interface, Link, NOT_RUN,
    NOT_RUN_NAME, NumaNode, TestStatuses,
};
use model::id::SystemId;
use model::machine;
use model::machine::Machine;
use model::machine::hardware::{Firmware, Hardware};
use model::machine::interface::LinkMode;
use model::machine::lifecycle::Phase;
use model::machine::power::PowerState;
use model::machine::status::Status;
use ops::Tables;
use ops::background;
use ops::machine::list::{InterfaceDetail, MachineDetail, MachineList};

use crate::problem::Problem;
use crate::reply::Reply;
use crate::shapes;

/// The keys of MAAS's `hardware_info`, which are also the names of our DMI strings.
const HARDWARE_KEYS: &[&str] = &[
    "system_vendor",
    "system_product",
    "system_family",
    "system_version",
    "system_sku",
    "system_serial",
    "mainboard_vendor",
    "mainboard_product",
    "mainboard_serial",
    "mainboard_version",
    "mainboard_firmware_vendor",
    "mainboard_firmware_date",
    "mainboard_firmware_version",
    "chassis_vendor",
    "chassis_type",
    "chassis_serial",
    "chassis_version",
];

/// The answer with a list of machines: each is made when it is sent.
pub(crate) fn list(list: MachineList) -> Reply {
    Reply::json_list(list.map(|found| Ok::<_, Problem>(machine(&found?))))
}

/// Makes something of the shapes of machines, in the order of their ids.
///
/// # Errors
/// [`Problem`] when they cannot be read.
pub async fn of_ids<T: Send + 'static>(
    tables: &Tables,
    ids: Vec<SystemId>,
    made: fn(&machines::Machine) -> T,
) -> Result<Vec<T>, Problem> {
    let list = ops::machine::list::of_ids(tables, ids).await?;
    background::run(move || list.map(|found| Ok(made(&machine(&found?)))).collect()).await
}

/// The shape of a machine for who presented it without a key.
pub(crate) fn presented(detail: &MachineDetail) -> machines::PresentedMachine {
    let machines::Machine {
        system_id,
        hostname,
        domain,
        fqdn,
        architecture,
        status,
        power_type,
        power_state,
        zone,
        status_action,
        status_message,
        status_name,
        node_type,
        resource_uri,
        ..
    } = machine(detail);
    machines::PresentedMachine {
        system_id,
        hostname,
        domain,
        fqdn,
        architecture,
        status,
        power_type,
        power_state,
        zone,
        status_action,
        status_message,
        status_name,
        node_type,
        resource_uri,
    }
}

/// The shape of a machine.
#[must_use]
pub fn machine(detail: &MachineDetail) -> machines::Machine {
    let found = &detail.machine;
    let Machine { placement, lifecycle, hardware, power, .. } = found;
    let domain = detail.domain.as_deref().map(shapes::domain);
    let status = Status::of(lifecycle);
    let failure = lifecycle.failure.as_ref().map(|failure| failure.message.as_str());
    let (commissioning, commissioning_name) = commissioning_status(found);
    let interfaces = interfaces(detail);
    let boots = found.interfaces.iter().rposition(|interface| interface.boot);
    machines::Machine {
        system_id: found.system_id.clone(),
        hostname: found.hostname.clone(),
        fqdn: full_name(&found.hostname, domain.as_ref()),
        description: found.description.clone(),
        domain,
        zone: detail.zone.as_deref().map(Into::into),
        pool: detail.pool.as_deref().map(Into::into),
        pod: None,
        parent: None,
        tag_names: placement.tags.clone(),
        owner: detail.owner.as_ref().map(|owner| owner.username.clone()),
        owner_data: placement.annotations.by_key().clone(),
        workload_annotations: placement.annotations.by_key().clone(),
        locked: placement.locked,
        node_type: 0,
        node_type_name: "Machine".to_owned(),
        is_dpu: false,
        virtualmachine_id: None,
        address_ttl: None,
        resource_uri: format!("/MAAS/api/2.0/machines/{}/", found.system_id),

        status: status.code(),
        status_name: status.name().to_owned(),
        status_action: String::new(),
        status_message: failure.unwrap_or(&lifecycle.progress).to_owned(),
        error_description: failure.unwrap_or_default().to_owned(),
        power_state: power_state(power.state).to_owned(),
        power_type: power.driver.clone(),
        netboot: lifecycle.netboot,
        commissioning_status: commissioning,
        commissioning_status_name: commissioning_name.to_owned(),
        tests: TestStatuses::not_run(),

        architecture: hardware.architecture.clone(),
        cpu_count: hardware.cpu_count,
        cpu_speed: hardware.cpu_speed_mhz,
        memory: hardware.memory_mib,
        hardware_uuid: non_empty(&hardware.uuid),
        hardware_info: hardware_info(hardware),
        numanode_set: numa_nodes(hardware),
        bios_boot_method: match hardware.firmware {
            Firmware::Bios => "pxe".to_owned(),
            Firmware::Uefi => "uefi".to_owned(),
        },

        deployed: deployed(found),

        boot_interface: boots.and_then(|position| interfaces.get(position).cloned()),
        interface_set: interfaces,
        ip_addresses: ip_addresses(detail),
        default_gateways: default_gateways(detail),

        disks: disks(found),
        constraints_by_type: None,
    }
}

/// The addresses of its links, and those that it has by DHCP.
fn ip_addresses(detail: &MachineDetail) -> Vec<IpAddr> {
    let links = detail.machine.interfaces.iter().flat_map(|interface| &interface.links);
    let mut all: Vec<IpAddr> = links.filter_map(|link| link.ip_address).collect();
    let others = detail.leased.iter().filter(|ip| !all.contains(ip)).copied();
    let others: Vec<IpAddr> = others.collect();
    all.extend(others);
    all
}

fn deployed(machine: &Machine) -> Deployed {
    let (osystem, distro_series) =
        machine.deployment.as_ref().map_or_else(Default::default, |wanted| {
            (wanted.osystem.clone(), wanted.distro_series.clone())
        });
    Deployed {
        osystem,
        distro_series,
        hwe_kernel: None,
        min_hwe_kernel: String::new(),
        swap_size: None,
        disable_ipv4: false,
        ephemeral_deploy: false,
        enable_kernel_crash_dump: false,
        enable_hw_sync: false,
        last_sync: None,
        next_sync: None,
        sync_interval: None,
    }
}

fn disks(machine: &Machine) -> Disks {
    let disks = block_devices(machine);
    let boot_disk = machine.block_devices.iter().find(|disk| disk.boot);
    let bytes: u64 = machine.block_devices.iter().map(|disk| disk.size_bytes).sum();
    Disks {
        storage: megabytes(bytes),
        boot_disk: boot_disk.map(|disk| block_device(machine, disk)),
        physicalblockdevice_set: disks.clone(),
        blockdevice_set: disks,
        virtualblockdevice_set: Vec::new(),
        volume_groups: Vec::new(),
        raids: Vec::new(),
        cache_sets: Vec::new(),
        bcaches: Vec::new(),
        special_filesystems: Vec::new(),
    }
}

/// The shapes of a machine's interfaces.
fn interfaces(detail: &MachineDetail) -> Vec<Interface> {
    let named = detail.machine.interfaces.iter().zip(&detail.interfaces);
    named.map(|(found, names)| interface(&detail.machine.system_id, found, names)).collect()
}

/// The shapes of a machine's disks.
#[must_use]
pub fn block_devices(machine: &Machine) -> Vec<BlockDevice> {
    machine.block_devices.iter().map(|disk| block_device(machine, disk)).collect()
}

/// A host name with its domain.
pub(crate) fn full_name(hostname: &str, domain: Option<&Domain>) -> String {
    domain.map_or_else(|| hostname.to_owned(), |domain| format!("{hostname}.{}", domain.name))
}

/// The shape of an interface of a node.
pub(crate) fn interface(
    id: &SystemId,
    found: &machine::interface::Interface,
    names: &InterfaceDetail,
) -> Interface {
    let vlan = names.vlan.as_deref().map(shapes::vlan);
    let links = found.links.iter().zip(&names.subnets).map(|(link, subnet)| Link {
        id: link.id,
        mode: match link.mode {
            LinkMode::Auto => "auto".to_owned(),
            LinkMode::Dhcp => "dhcp".to_owned(),
            LinkMode::Static => "static".to_owned(),
            LinkMode::LinkUp => "link_up".to_owned(),
        },
        subnet: subnet.as_deref().map(shapes::subnet),
        ip_address: link.ip_address,
    });
    Interface {
        system_id: id.clone(),
        id: found.id.0,
        name: found.name.clone(),
        kind: "physical".to_owned(),
        effective_mtu: vlan.as_ref().map_or(1500, |vlan| vlan.mtu),
        vlan,
        mac_address: found.mac,
        parents: Vec::new(),
        children: Vec::new(),
        tags: found.tags.clone(),
        enabled: found.enabled,
        links: links.collect(),
        params: String::new(),
        discovered: Vec::new(),
        vendor: non_empty(&found.vendor),
        product: non_empty(&found.product),
        firmware_version: non_empty(&found.firmware_version),
        link_connected: found.link_connected,
        interface_speed: found.link_speed,
        link_speed: if found.link_connected { found.link_speed } else { 0 },
        numa_node: Some(0),
        sriov_max_vf: 0,
        resource_uri: format!("/MAAS/api/2.0/nodes/{id}/interfaces/{}/", found.id),
    }
}

fn block_device(machine: &Machine, disk: &machine::disk::BlockDevice) -> BlockDevice {
    let id = &machine.system_id;
    BlockDevice {
        system_id: id.clone(),
        id: disk.id.0,
        name: disk.name.clone(),
        uuid: None,
        kind: "physical".to_owned(),
        path: format!("/dev/disk/by-dname/{}", disk.name),
        model: disk.model.clone(),
        serial: disk.serial.clone(),
        id_path: disk.id_path.clone(),
        size: disk.size_bytes,
        block_size: disk.block_size_bytes,
        available_size: disk.size_bytes,
        used_size: 0,
        used_for: "Unused".to_owned(),
        tags: disk.tags.clone(),
        filesystem: None,
        partition_table_type: None,
        partitions: Vec::new(),
        firmware_version: None,
        storage_pool: None,
        numa_node: 0,
        resource_uri: format!("/MAAS/api/2.0/nodes/{id}/blockdevices/{}/", disk.id),
    }
}

/// MAAS's word for a power state.
#[must_use]
pub const fn power_state(state: PowerState) -> &'static str {
    match state {
        PowerState::On => "on",
        PowerState::Off => "off",
        PowerState::Unknown => "unknown",
        PowerState::Error => "error",
    }
}

fn commissioning_status(machine: &Machine) -> (i8, &'static str) {
    let failed = machine.lifecycle.failure.is_some();
    match (machine.lifecycle.phase, failed) {
        (Phase::Commissioning, false) => (1, "Running"),
        (Phase::Commissioning, true) => (3, "Failed"),
        (Phase::New, _) => (NOT_RUN, NOT_RUN_NAME),
        _ if machine.hardware.cpu_count > 0 => (2, "Passed"),
        _ => (NOT_RUN, NOT_RUN_NAME),
    }
}

fn hardware_info(hardware: &Hardware) -> BTreeMap<String, String> {
    let known = |text: Option<&String>| {
        let known = text.filter(|text| !text.is_empty());
        known.cloned().unwrap_or_else(|| "Unknown".to_owned())
    };
    let named = HARDWARE_KEYS.iter().map(|key| ((*key).to_owned(), known(hardware.dmi.get(*key))));
    named.chain([("cpu_model".to_owned(), known(Some(&hardware.cpu_model)))]).collect()
}

fn numa_nodes(hardware: &Hardware) -> Vec<NumaNode> {
    let nodes = hardware.numa_nodes.iter().map(|node| NumaNode {
        index: node.index,
        memory: node.memory_mib,
        cores: node.cores.clone(),
        hugepages_set: Vec::new(),
    });
    nodes.collect()
}

/// The gateway of the first link of each family that has one.
fn default_gateways(detail: &MachineDetail) -> DefaultGateways {
    let mut gateways = DefaultGateways::default();
    for (interface, names) in detail.machine.interfaces.iter().zip(&detail.interfaces) {
        for (link, subnet) in interface.links.iter().zip(&names.subnets) {
            let found = subnet.as_ref().and_then(|found| found.subnet.gateway_ip);
            let Some(gateway_ip) = found else { continue };
            let family = if gateway_ip.is_ipv4() { &mut gateways.ipv4 } else { &mut gateways.ipv6 };
            if family.gateway_ip.is_none() {
                *family = DefaultGateway { gateway_ip: Some(gateway_ip), link_id: Some(link.id) };
            }
        }
    }
    gateways
}

/// Bytes in MAAS's megabytes, with one digit after the point.
fn megabytes(bytes: u64) -> f64 {
    let tenths = u32::try_from(bytes / 100_000).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
