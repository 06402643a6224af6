//! MAAS's JSON shape of a machine, with everything it embeds: all 81 fields, because clients built
//! for MAAS take any of them for granted.

use model::boot::resource::BootResource;
use model::machine::Machine;
use model::machine::disk::BlockDevice;
use model::machine::hardware::{Firmware, NumaNode};
use model::machine::interface::{Interface, Link, LinkMode};
use model::machine::lifecycle::Phase;
use model::machine::power::PowerState;
use model::machine::status::Status;
use serde_json::{Map, Value, json};

use crate::shapes::Shapes;
use tables::error::TableError;

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

/// The tests that MAAS shows a status of; none has run here, which MAAS numbers -1.
const TESTS: &[&str] = &["cpu", "interface", "memory", "network", "other", "storage"];

/// The shape of a machine.
///
/// # Errors
/// [`TableError`].
pub fn machine(shapes: &Shapes<'_>, machine: &Machine) -> Result<Value, TableError> {
    let mut fields = Map::new();
    identity(shapes, machine, &mut fields)?;
    state(machine, &mut fields);
    hardware(machine, &mut fields);
    deployment(machine, &mut fields);
    network(shapes, machine, &mut fields)?;
    storage(machine, &mut fields);
    Ok(Value::Object(fields))
}

/// The shape of an interface.
///
/// # Errors
/// [`TableError`].
pub fn interface(
    shapes: &Shapes<'_>,
    machine: &Machine,
    interface: &Interface,
) -> Result<Value, TableError> {
    let vlan = interface.vlan.map_or(Ok(None), |vlan| shapes.vlan(vlan))?;
    let mut links = Vec::new();
    for found in &interface.links {
        links.push(link(shapes, found)?);
    }
    let id = &machine.system_id;
    Ok(json!({
        "system_id": id,
        "id": interface.id,
        "name": interface.name,
        "type": "physical",
        "effective_mtu": vlan.as_ref().map_or(1500, |vlan| vlan.mtu),
        "vlan": vlan,
        "mac_address": interface.mac,
        "parents": [],
        "children": [],
        "tags": [],
        "enabled": interface.enabled,
        "links": links,
        "params": "",
        "discovered": [],
        "vendor": non_empty(&interface.vendor),
        "product": non_empty(&interface.product),
        "firmware_version": non_empty(&interface.firmware_version),
        "link_connected": interface.link_connected,
        "interface_speed": interface.link_speed,
        "link_speed": if interface.link_connected { interface.link_speed } else { 0 },
        "numa_node": 0,
        "sriov_max_vf": 0,
        "resource_uri": format!("/MAAS/api/2.0/nodes/{id}/interfaces/{}/", interface.id),
    }))
}

/// The shape of a disk.
#[must_use]
pub fn block_device(machine: &Machine, disk: &BlockDevice) -> Value {
    let id = &machine.system_id;
    json!({
        "system_id": id,
        "id": disk.id,
        "name": disk.name,
        "uuid": null,
        "type": "physical",
        "path": format!("/dev/disk/by-dname/{}", disk.name),
        "model": disk.model,
        "serial": disk.serial,
        "id_path": disk.id_path,
        "size": disk.size_bytes,
        "block_size": disk.block_size_bytes,
        "available_size": disk.size_bytes,
        "used_size": 0,
        "used_for": "Unused",
        "tags": disk.tags,
        "filesystem": null,
        "partition_table_type": null,
        "partitions": [],
        "firmware_version": null,
        "storage_pool": null,
        "numa_node": 0,
        "resource_uri": format!("/MAAS/api/2.0/nodes/{id}/blockdevices/{}/", disk.id),
    })
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

/// The shape of a boot resource; with its sets when it is shown alone.
#[must_use]
pub fn boot_resource(resource: &BootResource, with_sets: bool) -> Value {
    let mut shape = json!({
        "id": resource.id,
        "type": "Uploaded",
        "name": resource.name,
        "title": resource.title,
        "architecture": resource.architecture,
        "base_image": resource.base_image,
        "subarches": resource.architecture.split_once('/').map_or("generic", |(_, sub)| sub),
        "last_deployed": resource.last_deployed.map(|at| at.unix_ms),
        "resource_uri": format!("/MAAS/api/2.0/boot-resources/{}/", resource.id),
    });
    if with_sets {
        let sets: Map<String, Value> = resource
            .sets
            .iter()
            .map(|set| (set.version.clone(), resource_set(resource, set)))
            .collect();
        shape["sets"] = Value::Object(sets);
    }
    shape
}

fn resource_set(resource: &BootResource, set: &model::boot::resource::ResourceSet) -> Value {
    let mut files = Map::new();
    for file in &set.files {
        let mut shape = json!({
            "filename": file.filetype,
            "filename_on_disk": file.sha256,
            "filetype": file.filetype,
            "sha256": file.sha256,
            "size": file.size_bytes,
            "complete": file.complete,
        });
        if !file.complete {
            let base = format!("/MAAS/api/2.0/boot-resources/{}", resource.id);
            shape["progress"] = json!(0.0);
            shape["upload_uri"] = json!(format!("{base}/upload/{}/", file.id));
        }
        files.insert(file.filetype.clone(), shape);
    }
    let size: u64 = set.files.iter().map(|file| file.size_bytes).sum();
    json!({
        "version": set.version,
        "label": "uploaded",
        "size": size,
        "complete": set.is_complete(),
        "progress": if set.is_complete() { 100.0 } else { 0.0 },
        "files": files,
    })
}

fn identity(
    shapes: &Shapes<'_>,
    machine: &Machine,
    fields: &mut Map<String, Value>,
) -> Result<(), TableError> {
    let placement = &machine.placement;
    let domain = shapes.domain(placement.domain)?;
    let owner = placement.owner.map_or(Ok(None), |owner| shapes.user(owner))?;
    let fqdn = domain.as_ref().map_or_else(
        || machine.hostname.clone(),
        |domain| format!("{}.{}", machine.hostname, domain.name),
    );
    extend(
        fields,
        json!({
            "system_id": machine.system_id,
            "hostname": machine.hostname,
            "fqdn": fqdn,
            "description": machine.description,
            "domain": domain,
            "zone": shapes.zone(placement.zone)?,
            "pool": shapes.pool(placement.pool)?,
            "pod": null,
            "parent": null,
            "tag_names": placement.tags,
            "owner": owner.map(|owner| owner.username),
            "owner_data": {},
            "workload_annotations": {},
            "locked": placement.locked,
            "node_type": 0,
            "node_type_name": "Machine",
            "is_dpu": false,
            "virtualmachine_id": null,
            "address_ttl": null,
            "resource_uri": format!("/MAAS/api/2.0/machines/{}/", machine.system_id),
        }),
    );
    Ok(())
}

fn state(machine: &Machine, fields: &mut Map<String, Value>) {
    let status = Status::of(&machine.lifecycle);
    let failure = machine.lifecycle.failure.as_ref();
    let message = failure.map(|failure| failure.message.as_str());
    let (commissioning, commissioning_name) = commissioning_status(machine);
    extend(
        fields,
        json!({
            "status": status.code(),
            "status_name": status.name(),
            "status_action": "",
            "status_message": message.unwrap_or(&machine.lifecycle.progress),
            "error_description": message.unwrap_or_default(),
            "power_state": power_state(machine.power.state),
            "power_type": machine.power.driver,
            "netboot": machine.lifecycle.netboot,
            "commissioning_status": commissioning,
            "commissioning_status_name": commissioning_name,
            "testing_status": -1,
            "testing_status_name": "Unknown",
            "current_commissioning_result_id": null,
            "current_installation_result_id": null,
            "current_testing_result_id": null,
        }),
    );
    for test in TESTS {
        fields.insert(format!("{test}_test_status"), json!(-1));
        fields.insert(format!("{test}_test_status_name"), json!("Unknown"));
    }
}

fn commissioning_status(machine: &Machine) -> (i8, &'static str) {
    let failed = machine.lifecycle.failure.is_some();
    match (machine.lifecycle.phase, failed) {
        (Phase::Commissioning, false) => (1, "Running"),
        (Phase::Commissioning, true) => (3, "Failed"),
        (Phase::New, _) => (-1, "Unknown"),
        _ if machine.hardware.cpu_count > 0 => (2, "Passed"),
        _ => (-1, "Unknown"),
    }
}

fn hardware(machine: &Machine, fields: &mut Map<String, Value>) {
    let hardware = &machine.hardware;
    let text = |key: &&str| {
        let found = hardware.dmi.get(*key).filter(|text| !text.is_empty());
        found.map_or("Unknown", String::as_str)
    };
    let mut info: Map<String, Value> =
        HARDWARE_KEYS.iter().map(|key| ((*key).to_owned(), text(key).into())).collect();
    let model = non_empty(&hardware.cpu_model).unwrap_or("Unknown");
    info.insert("cpu_model".to_owned(), model.into());
    let numa: Vec<Value> = hardware.numa_nodes.iter().map(numa_node).collect();
    extend(
        fields,
        json!({
            "architecture": hardware.architecture,
            "cpu_count": hardware.cpu_count,
            "cpu_speed": hardware.cpu_speed_mhz,
            "memory": hardware.memory_mib,
            "hardware_uuid": non_empty(&hardware.uuid),
            "hardware_info": info,
            "numanode_set": numa,
            "bios_boot_method": match hardware.firmware {
                Firmware::Bios => "pxe",
                Firmware::Uefi => "uefi",
            },
        }),
    );
}

fn numa_node(node: &NumaNode) -> Value {
    json!({
        "index": node.index,
        "memory": node.memory_mib,
        "cores": node.cores,
        "hugepages_set": [],
    })
}

fn deployment(machine: &Machine, fields: &mut Map<String, Value>) {
    let deployment = machine.deployment.as_ref();
    let osystem = deployment.map_or("", |deployment| deployment.osystem.as_str());
    let series = deployment.map_or("", |deployment| deployment.distro_series.as_str());
    extend(
        fields,
        json!({
            "osystem": osystem,
            "distro_series": series,
            "hwe_kernel": null,
            "min_hwe_kernel": "",
            "swap_size": null,
            "disable_ipv4": false,
            "ephemeral_deploy": false,
            "enable_kernel_crash_dump": false,
            "enable_hw_sync": false,
            "last_sync": null,
            "next_sync": null,
            "sync_interval": null,
        }),
    );
}

fn network(
    shapes: &Shapes<'_>,
    machine: &Machine,
    fields: &mut Map<String, Value>,
) -> Result<(), TableError> {
    let mut interfaces = Vec::new();
    let mut boot = Value::Null;
    let mut gateways = json!({"ipv4": {"gateway_ip": null, "link_id": null}, "ipv6": {"gateway_ip": null, "link_id": null}});
    let mut addresses = Vec::new();
    for found in &machine.interfaces {
        let shape = interface(shapes, machine, found)?;
        if found.boot {
            boot = shape.clone();
        }
        interfaces.push(shape);
        for link in &found.links {
            addresses.extend(link.ip_address);
            let subnet = link.subnet.map_or(Ok(None), |subnet| shapes.subnet(subnet))?;
            let Some(gateway) = subnet.and_then(|subnet| subnet.gateway_ip) else { continue };
            let family = if gateway.is_ipv4() { "ipv4" } else { "ipv6" };
            if gateways[family]["gateway_ip"].is_null() {
                gateways[family] = json!({"gateway_ip": gateway, "link_id": link.id});
            }
        }
    }
    extend(
        fields,
        json!({
            "interface_set": interfaces,
            "boot_interface": boot,
            "ip_addresses": addresses,
            "default_gateways": gateways,
        }),
    );
    Ok(())
}

fn storage(machine: &Machine, fields: &mut Map<String, Value>) {
    let disks: Vec<Value> =
        machine.block_devices.iter().map(|disk| block_device(machine, disk)).collect();
    let boot = machine.block_devices.iter().find(|disk| disk.boot);
    let bytes: u64 = machine.block_devices.iter().map(|disk| disk.size_bytes).sum();
    extend(
        fields,
        json!({
            "storage": megabytes(bytes),
            "boot_disk": boot.map(|disk| block_device(machine, disk)),
            "blockdevice_set": disks,
            "physicalblockdevice_set": disks,
            "virtualblockdevice_set": [],
            "volume_groups": [],
            "raids": [],
            "cache_sets": [],
            "bcaches": [],
            "special_filesystems": [],
        }),
    );
}

/// Bytes in MAAS's megabytes, with one digit after the point.
fn megabytes(bytes: u64) -> f64 {
    let tenths = u32::try_from(bytes / 100_000).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

fn link(shapes: &Shapes<'_>, link: &Link) -> Result<Value, TableError> {
    let mode = match link.mode {
        LinkMode::Auto => "auto",
        LinkMode::Dhcp => "dhcp",
        LinkMode::Static => "static",
        LinkMode::LinkUp => "link_up",
    };
    let mut shape = json!({ "id": link.id, "mode": mode });
    let subnet = link.subnet.map_or(Ok(None), |subnet| shapes.subnet(subnet))?;
    if let Some(subnet) = subnet {
        shape["subnet"] = json!(subnet);
    }
    if let Some(address) = link.ip_address {
        shape["ip_address"] = json!(address);
    }
    Ok(shape)
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn extend(fields: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
}
