//! MAAS's JSON shape of a machine, with everything it embeds.

use std::collections::BTreeMap;
use std::net::IpAddr;

use api::domains::Domain;
use api::machines::{
    self, DefaultGateway, DefaultGateways, Deployed, Interface, InterfaceParams, Link, NOT_RUN,
    NOT_RUN_NAME, NumaNode, TestStatuses,
};
use model::id::SystemId;
use model::machine;
use model::machine::Machine;
use model::machine::hardware::{Firmware, Hardware};
use model::machine::interface::Kind;
use model::machine::interface::gateways::{Gateway, Gateways, Router};
use model::machine::lifecycle::Phase;
use model::machine::power::PowerState;
use model::machine::status::Status;
use model::machine::storage::Drives;
use ops::Tables;
use ops::background;
use ops::machine::list::{InterfaceDetail, MachineDetail, MachineList};
use serde_json::Value;

use crate::machine::storage_shape;
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

        disks: storage_shape::disks(&found.system_id, &Drives::of(found)),
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
        ephemeral_deploy: machine.deployment.is_some() && machine.lifecycle.in_memory,
        enable_kernel_crash_dump: false,
        enable_hw_sync: false,
        last_sync: None,
        next_sync: None,
        sync_interval: None,
    }
}

/// The shapes of a machine's interfaces.
fn interfaces(detail: &MachineDetail) -> Vec<Interface> {
    let named = detail.machine.interfaces.iter().zip(&detail.interfaces);
    named.map(|(found, names)| interface(&detail.machine.system_id, found, names)).collect()
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
        mode: link.mode.word().to_owned(),
        subnet: subnet.as_deref().map(shapes::subnet),
        ip_address: link.ip_address,
    });
    Interface {
        system_id: id.clone(),
        id: found.id.0,
        name: found.name.clone(),
        kind: found.kind.word().to_owned(),
        effective_mtu: names.effective_mtu,
        vlan,
        mac_address: found.mac,
        parents: names.parents.clone(),
        children: names.children.clone(),
        tags: found.tags.clone(),
        enabled: names.enabled,
        links: links.collect(),
        params: InterfaceParams::of(params(found)),
        discovered: Vec::new(),
        vendor: non_empty(&found.vendor),
        product: non_empty(&found.product),
        firmware_version: non_empty(&found.firmware_version),
        link_connected: found.link_connected,
        interface_speed: if found.card.speed > 0 { found.card.speed } else { found.link_speed },
        link_speed: if found.link_connected { found.link_speed } else { 0 },
        numa_node: found.kind.is_physical().then_some(found.card.numa_node),
        sriov_max_vf: found.card.virtual_functions_max,
        resource_uri: format!("/MAAS/api/2.0/nodes/{id}/interfaces/{}/", found.id),
    }
}

/// What is set of an interface, by MAAS's names of it.
fn params(interface: &machine::interface::Interface) -> BTreeMap<String, Value> {
    let mut params = BTreeMap::new();
    let mut set = |name: &str, value: Value| params.insert(name.to_owned(), value);
    match &interface.kind {
        Kind::Bond(bond) => {
            set("bond_mode", bond.mode.word().into());
            set("bond_miimon", bond.miimon_ms.into());
            set("bond_downdelay", bond.down_delay_ms.into());
            set("bond_updelay", bond.up_delay_ms.into());
            set("bond_num_grat_arp", bond.peer_notifications.into());
            set("bond_lacp_rate", bond.lacp_rate.word().into());
            set("bond_xmit_hash_policy", bond.hash_policy.word().into());
        }
        Kind::Bridge(bridge) => {
            set("bridge_type", bridge.made_by.word().into());
            set("bridge_stp", bridge.stp.into());
            set("bridge_fd", bridge.forward_delay_s.into());
        }
        Kind::Physical | Kind::Vlan | Kind::Unknown => {}
    }
    if let Some(mtu) = interface.settings.mtu {
        set("mtu", mtu.into());
    }
    if let Some(accept_ra) = interface.settings.accept_ra {
        set("accept_ra", accept_ra.into());
    }
    params
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
    let secure_boot = hardware.secure_boot.map(|is_on| if is_on { "on" } else { "off" });
    let secure_boot = secure_boot.map(str::to_owned);
    let others = [("cpu_model", Some(&hardware.cpu_model)), ("secure_boot", secure_boot.as_ref())];
    named.chain(others.map(|(key, value)| (key.to_owned(), known(value)))).collect()
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

/// The default gateways of a machine, with the links that they were set by.
fn default_gateways(detail: &MachineDetail) -> DefaultGateways {
    let mut routers = BTreeMap::new();
    for subnet in detail.interfaces.iter().flat_map(|names| names.subnets.iter().flatten()) {
        let dhcp_on = subnet.vlan.vlan.dhcp_on;
        let router = subnet.subnet.gateway_ip.map(|gateway_ip| Router { gateway_ip, dhcp_on });
        routers.extend(router.map(|router| (subnet.subnet.id, router)));
    }
    let found = Gateways::of(&detail.machine.interfaces, |id| routers.get(&id).copied());
    let shape = |gateway: Option<Gateway>| DefaultGateway {
        gateway_ip: gateway.map(|gateway| gateway.gateway_ip),
        link_id: gateway.filter(|gateway| gateway.is_set).map(|gateway| gateway.link),
    };
    DefaultGateways { ipv4: shape(found.ipv4), ipv6: shape(found.ipv6) }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
