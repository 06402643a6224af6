//! Enlistment: a machine nobody knows becomes a machine of the cluster. Also taking in what a
//! machine says about its hardware, at enlistment and when it is commissioned.

use api::agent::{Hello, Inventory, ReportedBmc, ReportedDisk, ReportedInterface};
use model::error::Kind;
use model::event::EventLevel;
use model::id::{AvailabilityZoneId, BlockDeviceId, DomainId, InterfaceId, ResourcePoolId};
use model::mac::MacAddress;
use model::machine::disk::BlockDevice;
use model::machine::hardware::{Firmware, Hardware};
use model::machine::hostname::generated_hostname;
use model::machine::interface::{Interface, stack};
use model::machine::lifecycle::{Kept, Lifecycle, Phase};
use model::machine::output::{OUTPUT_BYTES_MAX, ToolOutput, kept_tail};
use model::machine::power::Power;
use model::machine::secrets::MachineSecrets;
use model::machine::{Machine, Placement};
use model::setting::typed::DEFAULT_STORAGE_LAYOUT;
use serde_json::Value;

use crate::machine::step::{Author, StepError};
use crate::machine::storage::ids::STORAGE_EXTRA;
use crate::machine::{holders, placement, storage, tag_evaluation};
use crate::network::addresses;
use crate::site::events::{self, NewEvent};
use crate::site::settings;
use tables::error::TableError;
use tables::machines::MACHINE_BY_MAC;
use tables::read::Reads;
use tables::tx::Tx;
use tables::views::machines::MachineKey;

/// The type of the event that a machine was presented by others than administrators.
pub(crate) const ENLISTED: &str = "Node enlisted";

/// How many generated names are tried.
const NAMES_TRIED_MAX: u32 = 1000;

/// Why a machine could not be enlisted or examined.
#[derive(Debug, thiserror::Error)]
pub enum EnlistError {
    /// What it said makes no sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which part of it.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The lifecycle refuses, or the tables failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl EnlistError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Invalid { .. } => Kind::Invalid,
            Self::Step(error) => error.kind(),
            Self::Table(error) => error.kind(),
        }
    }
}

/// What a new machine is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMachine {
    /// Its name; one is generated when there is none.
    pub hostname: Option<String>,
    /// Free text.
    pub description: String,
    /// Its domain; the default one when there is none.
    pub domain: Option<DomainId>,
    /// `amd64/generic`.
    pub architecture: String,
    /// Its hardware addresses, the boot interface's first.
    pub macs: Vec<MacAddress>,
    /// How to switch it.
    pub power: Power,
}

/// Makes a machine in phase New, without writing it.
///
/// # Errors
/// See [`EnlistError`].
pub fn new_machine(tx: &mut Tx, wanted: &NewMachine) -> Result<Machine, EnlistError> {
    let hostname = match &wanted.hostname {
        Some(name) => name.clone(),
        None => free_hostname(tx)?,
    };
    let domain = match wanted.domain {
        Some(domain) => domain,
        None => default_domain(tx)?,
    };
    tx.mark(&placement::of_domain(domain));
    let mut interfaces = Vec::new();
    for (position, mac) in wanted.macs.iter().enumerate() {
        let mut interface = new_interface(tx, format!("eth{position}"), *mac)?;
        interface.boot = position == 0;
        interfaces.push(interface);
    }
    let now = tx.now();
    Ok(Machine {
        system_id: tx.next_system_id()?,
        hostname,
        description: wanted.description.clone(),
        placement: Placement {
            domain,
            zone: AvailabilityZoneId(1),
            pool: ResourcePoolId(0),
            ..Placement::default()
        },
        lifecycle: Lifecycle { netboot: true, since: Some(now), ..Lifecycle::default() },
        power: wanted.power.clone(),
        hardware: Hardware { architecture: wanted.architecture.clone(), ..Hardware::default() },
        interfaces,
        block_devices: Vec::new(),
        storage: model::machine::storage::Storage::default(),
        deployment: None,
        created: now,
        updated: now,
    })
}

/// The machine that says hello; a new one when nobody knows its addresses. Not written yet.
///
/// # Errors
/// See [`EnlistError`].
pub fn machine_of_hello(tx: &mut Tx, hello: &Hello) -> Result<Machine, EnlistError> {
    let boot_mac = parse_mac("boot_mac", &hello.boot_mac)?;
    let mut macs = vec![boot_mac];
    for reported in &hello.interfaces {
        let mac = parse_mac("interfaces", &reported.mac)?;
        if !macs.contains(&mac) {
            macs.push(mac);
        }
    }
    for mac in &macs {
        if let Some(machine) = tx.find(&MACHINE_BY_MAC, mac)? {
            return Ok(machine);
        }
    }
    if let Some(machine) = made_from_bmc(tx, &hello.bmc_address)? {
        return Ok(machine);
    }
    let wanted =
        NewMachine { architecture: hello.architecture.clone(), macs, ..Default::default() };
    let mut machine = new_machine(tx, &wanted)?;
    machine.hardware.uuid = hello.uuid.to_lowercase();
    let description = format!("enlisted by {boot_mac}");
    let event = NewEvent { kind: ENLISTED, level: EventLevel::Info, description };
    events::record(tx, &machine, event, Author::System)?;
    Ok(machine)
}

/// The machine that was made from the address of a BMC alone: no interface of it is known.
fn made_from_bmc(tx: &Tx, address: &str) -> Result<Option<Machine>, TableError> {
    if address.is_empty() {
        return Ok(None);
    }
    for id in tx.state().ids_with(&MachineKey::Bmc(address.into())) {
        let found = tx.get::<Machine>(&id)?.filter(|found| found.interfaces.is_empty());
        if let Some(found) = found.filter(|found| found.power.address() == Some(address)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Takes in the interfaces a machine reports: new ones are added, known ones brought up to date,
/// and the boot interface is put on the VLAN it is seen on.
///
/// # Errors
/// See [`EnlistError`].
pub fn take_in_interfaces(
    tx: &mut Tx,
    machine: &mut Machine,
    reported: &[ReportedInterface],
    boot_mac: Option<MacAddress>,
) -> Result<(), EnlistError> {
    // Afterwards they are called as their owner wants.
    let examined = matches!(machine.lifecycle.phase, Phase::New | Phase::Commissioning)
        && !machine.lifecycle.keeps.networking;
    for report in reported {
        let mac = parse_mac("interfaces", &report.mac)?;
        let is_known = |interface: &Interface| interface.kind.is_physical() && interface.mac == mac;
        let known = machine.interfaces.iter().position(is_known);
        let position = match known {
            Some(position) => position,
            None => {
                let interface = new_interface(tx, report.name.clone(), mac)?;
                machine.interfaces.push(interface);
                machine.interfaces.len() - 1
            }
        };
        let mut interface = machine.interfaces[position].clone();
        describe_interface(&mut interface, report);
        if examined && !report.name.is_empty() {
            interface.name.clone_from(&report.name);
        }
        if interface.links.is_empty() && !stack::is_replaced(&machine.interfaces, interface.id) {
            let seen = addresses::seen(tx, &interface, &report.addresses)?;
            let seen = seen.or_else(|| interface.vlan.map(addresses::Seen::on));
            let boot = boot_mac.map_or(interface.boot, |boot| boot == mac);
            match seen {
                Some(seen) if boot => addresses::connect(tx, &mut interface, seen)?,
                Some(seen) => {
                    addresses::put_on(tx, &mut interface, seen.vlan)?;
                    interface.ensure_link();
                }
                None => {}
            }
        }
        machine.interfaces[position] = interface;
    }
    if let Some(boot_mac) = boot_mac {
        for interface in &mut machine.interfaces {
            interface.boot = interface.kind.is_physical() && interface.mac == boot_mac;
        }
    }
    Ok(())
}

/// Takes in a whole inventory: hardware, interfaces, disks, BMC, outputs of tools. What commissioning
/// [keeps](Kept) stays as it was.
///
/// # Errors
/// See [`EnlistError`].
pub fn take_in_inventory(
    tx: &mut Tx,
    machine: &mut Machine,
    inventory: &Inventory,
) -> Result<(), EnlistError> {
    let architecture = machine.hardware.architecture.clone();
    machine.hardware = inventory.hardware.clone();
    if machine.hardware.architecture.is_empty() {
        machine.hardware.architecture = architecture;
    }
    machine.hardware.uuid = machine.hardware.uuid.to_lowercase();
    let Kept { storage, networking } = machine.lifecycle.keeps;
    if !networking {
        // What was configured was of the hardware before.
        stack::reset(&mut machine.interfaces);
    }
    take_in_interfaces(tx, machine, &inventory.interfaces, None)?;
    take_in_storage_extra(tx, machine, inventory.storage_extra.as_ref())?;
    // As in MAAS, the disks themselves stay as they were, too: what is made of them stands on all of them.
    if !storage {
        take_in_disks(tx, machine, &inventory.disks)?;
        lay_out_disks(tx, machine)?;
    }
    if let Some(bmc) = &inventory.bmc {
        take_in_bmc(tx, machine, bmc)?;
    }
    for (tool, text) in &inventory.outputs {
        put_output(tx, machine, tool, text)?;
    }
    Ok(tag_evaluation::hardware_changed(tx, &machine.system_id)?)
}

/// Keeps the layout that a commissioning script told, for the layout `custom`, instead of one that it told before.
fn take_in_storage_extra(
    tx: &mut Tx,
    machine: &Machine,
    told: Option<&Value>,
) -> Result<(), EnlistError> {
    let Some(told) = told else {
        tx.delete::<ToolOutput>(&(machine.system_id.clone(), STORAGE_EXTRA.to_owned()))?;
        return Ok(());
    };
    let text = told.to_string();
    if text.len() > OUTPUT_BYTES_MAX {
        let reason = format!("it has {} bytes, and may have {OUTPUT_BYTES_MAX}", text.len());
        return Err(EnlistError::Invalid { field: "storage_extra", reason });
    }
    Ok(put_output(tx, machine, STORAGE_EXTRA, &text)?)
}

/// Lays the disks of a machine out anew, as the site has it. Where that fails they stay blank, and an event says why.
///
/// # Errors
/// As [`Tx::put`].
pub(crate) fn lay_out_disks(tx: &mut Tx, machine: &mut Machine) -> Result<(), TableError> {
    let layout = settings::read(tx, &DEFAULT_STORAGE_LAYOUT)?;
    let Some(description) = storage::default::lay_out(tx, machine, &layout)? else { return Ok(()) };
    let event = NewEvent {
        kind: "Failed to configure storage layout",
        level: EventLevel::Warning,
        description,
    };
    events::record(tx, machine, event, Author::System)?;
    Ok(())
}

/// Keeps what a tool on the machine printed, instead of what it printed before.
///
/// # Errors
/// As [`Tx::put`].
pub fn put_output(
    tx: &mut Tx,
    machine: &Machine,
    tool: &str,
    text: &str,
) -> Result<(), TableError> {
    tx.put(&ToolOutput {
        machine: machine.system_id.clone(),
        tool: tool.to_owned(),
        text: kept_tail(text).to_owned(),
        created: tx.now(),
    })
}

/// How the hello names the firmware.
#[must_use]
pub fn firmware_of(text: &str) -> Firmware {
    if text == "uefi" { Firmware::Uefi } else { Firmware::Bios }
}

fn parse_mac(field: &'static str, text: &str) -> Result<MacAddress, EnlistError> {
    let invalid = |reason: String| EnlistError::Invalid { field, reason };
    let mac: MacAddress = text.parse().map_err(|error| invalid(format!("{error}")))?;
    if mac.is_unicast() { Ok(mac) } else { Err(invalid(format!("{mac} is not unicast"))) }
}

/// A name that no node has.
pub(crate) fn free_hostname(tx: &Tx) -> Result<String, EnlistError> {
    for _ in 0..NAMES_TRIED_MAX {
        let name = generated_hostname(rand::random::<u32>().into());
        if holders::of_hostname(tx, &name)?.is_none() {
            return Ok(name);
        }
    }
    Err(EnlistError::Invalid { field: "hostname", reason: "no free name was found".to_owned() })
}

fn default_domain(tx: &Tx) -> Result<DomainId, TableError> {
    let domains = tx.list::<model::dns::domain::Domain>()?;
    let default = domains.iter().find(|domain| domain.is_default);
    Ok(default.map_or_else(DomainId::default, |domain| domain.id))
}

/// An interface without a link, with an id of its own.
pub(crate) fn new_interface(
    tx: &mut Tx,
    name: String,
    mac: MacAddress,
) -> Result<Interface, TableError> {
    let number = tx.any_number("interface")?;
    let id = InterfaceId(u32::try_from(number).unwrap_or(u32::MAX));
    Ok(Interface { id, name, ..Interface::of_mac(mac) })
}

fn describe_interface(interface: &mut Interface, report: &ReportedInterface) {
    interface.link_connected = report.link_connected;
    interface.link_speed = report.link_speed;
    interface.vendor.clone_from(&report.vendor);
    interface.product.clone_from(&report.product);
    interface.firmware_version.clone_from(&report.firmware_version);
    // An agent of a version before does not look for these.
    let card = &mut interface.card;
    card.numa_node = report.numa_node.unwrap_or(card.numa_node);
    card.virtual_functions_max = report.virtual_functions_max.unwrap_or(card.virtual_functions_max);
}

/// Disks keep their ids by serial number, or by name when they have none.
fn take_in_disks(
    tx: &mut Tx,
    machine: &mut Machine,
    reported: &[ReportedDisk],
) -> Result<(), TableError> {
    let mut disks = Vec::new();
    for report in reported {
        let known = machine.block_devices.iter().find(|disk| {
            disk.serial == report.serial && (!disk.serial.is_empty() || disk.name == report.name)
        });
        let (id, boot, numa_node) = match known {
            Some(disk) => (disk.id, disk.boot, disk.numa_node),
            None => {
                let number = tx.any_number("blockdevice")?;
                (BlockDeviceId(u32::try_from(number).unwrap_or(u32::MAX)), false, 0)
            }
        };
        let kind = if report.rotational { "rotary" } else { "ssd" };
        disks.push(BlockDevice {
            id,
            name: report.name.clone(),
            id_path: report.id_path.clone(),
            model: report.model.clone(),
            serial: report.serial.clone(),
            size_bytes: report.size_bytes,
            block_size_bytes: report.block_size_bytes,
            tags: vec![kind.to_owned()],
            boot,
            numa_node: report.numa_node.unwrap_or(numa_node),
        });
    }
    if !disks.iter().any(|disk| disk.boot)
        && let Some(first) = disks.first_mut()
    {
        first.boot = true;
    }
    machine.block_devices = disks;
    Ok(())
}

/// Takes over the BMC's settings when none are known, or when the account is the one that was
/// asked for: that proves the pending password.
fn take_in_bmc(tx: &mut Tx, machine: &mut Machine, bmc: &ReportedBmc) -> Result<(), TableError> {
    let secrets = tx.get::<MachineSecrets>(&machine.system_id)?;
    let pending = secrets.as_ref().and_then(|secrets| secrets.bmc_password.as_ref());
    let confirmed = pending.is_some() && bmc.parameters.get("power_pass") == pending;
    if !confirmed && !machine.power.driver.is_empty() {
        return Ok(());
    }
    machine.power.driver.clone_from(&bmc.driver);
    machine.power.parameters.clone_from(&bmc.parameters);
    if let (true, Some(secrets)) = (confirmed, secrets) {
        tx.put(&MachineSecrets { bmc_password: None, ..secrets })?;
    }
    Ok(())
}
