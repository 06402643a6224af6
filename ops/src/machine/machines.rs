//! Machines as objects: made by hand, edited, deleted.

use model::error::Kind;
use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::hostname::is_hostname;
use model::machine::lifecycle::Event;
use model::machine::output::ToolOutput;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{Power, PowerJob};
use model::machine::secrets::MachineSecrets;
use model::machine::status::Status;
use model::user::User;

use crate::error::Refusal;
use crate::machine::credentials;
use crate::machine::enlist::{self, EnlistError, NewMachine};
use crate::machine::step::{self, Author};
use tables::machines::{MACHINE_BY_HOSTNAME, MACHINE_BY_MAC, OUTPUTS_OF_MACHINE};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// Changes of a machine; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineChange {
    /// Its name.
    pub hostname: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its domain.
    pub domain: Option<DomainId>,
    /// Its architecture.
    pub architecture: Option<String>,
    /// Its zone.
    pub zone: Option<AvailabilityZoneId>,
    /// Its pool.
    pub pool: Option<ResourcePoolId>,
    /// Its power driver; the parameters of another driver are dropped.
    pub power_type: Option<String>,
    /// Power parameters to set.
    pub power_parameters: PowerParameters,
    /// Its CPUs.
    pub cpu_count: Option<u32>,
    /// Its memory in MiB.
    pub memory_mib: Option<u64>,
}

/// Makes a machine; with `commission`, commissioning starts at once.
///
/// # Errors
/// [`Refusal::Fields`].
pub async fn create(
    tables: &Tables,
    cause: &Cause,
    user: &User,
    wanted: &NewMachine,
    commission: bool,
) -> Result<Machine, Refusal> {
    tables
        .update(cause, |tx| {
            check_new(tx, wanted)?;
            let mut machine = enlist::new_machine(tx, wanted)?;
            let author = Author::User(&user.username);
            if commission {
                step::advance(tx, &mut machine, &Event::Commission, author)?;
            } else {
                step::write(tx, &mut machine)?;
            }
            Ok(machine)
        })
        .await
}

/// Changes a machine.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    cause: &Cause,
    id: &SystemId,
    change: &MachineChange,
) -> Result<Machine, Refusal> {
    tables
        .update(cause, |tx| {
            let mut machine = get(tx, id)?;
            if machine.placement.locked {
                return Err(Refusal::said(Kind::Forbidden, ""));
            }
            apply(tx, &mut machine, change)?;
            step::write(tx, &mut machine)?;
            Ok(machine)
        })
        .await
}

/// Deletes a machine with everything that belongs to it.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, cause: &Cause, id: &SystemId) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            let machine = get(tx, id)?;
            if machine.placement.locked {
                return Err(Refusal::said(Kind::Forbidden, ""));
            }
            credentials::revoke(tx, &machine)?;
            for output in tx.list_by(&OUTPUTS_OF_MACHINE, id)? {
                tx.delete::<ToolOutput>(&(output.machine, output.tool))?;
            }
            tx.delete::<MachineSecrets>(id)?;
            tx.delete::<PowerJob>(id)?;
            tx.delete::<Machine>(id)?;
            Ok(())
        })
        .await
}

/// The machine with that id.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn get(reads: &impl Reads, id: &SystemId) -> Result<Machine, Refusal> {
    reads.get::<Machine>(id)?.ok_or(Refusal::NotFound { model: "Machine" })
}

/// Sets the zone of machines.
///
/// # Errors
/// [`Refusal`].
pub async fn set_zone(
    tables: &Tables,
    cause: &Cause,
    ids: &[SystemId],
    zone: AvailabilityZoneId,
) -> Result<(), Refusal> {
    tables
        .update(cause, |tx| {
            for id in ids {
                let mut machine = get(tx, id)?;
                machine.placement.zone = zone;
                step::write(tx, &mut machine)?;
            }
            Ok(())
        })
        .await
}

fn check_new(tx: &Tx, wanted: &NewMachine) -> Result<(), Refusal> {
    let mut errors = api::field_errors::FieldErrors::default();
    if wanted.architecture.is_empty() {
        errors.add("architecture", "This field is required.");
    }
    if wanted.macs.is_empty() {
        errors.add("mac_addresses", "One or more MAC addresses is invalid.");
    }
    for mac in &wanted.macs {
        if let Some(holder) = tx.find(&MACHINE_BY_MAC, mac)? {
            errors.add("mac_addresses", mac_in_use(*mac, &holder));
        }
    }
    if let Some(hostname) = &wanted.hostname
        && let Err(message) = check_hostname(tx, hostname, None)?
    {
        errors.add("hostname", message);
    }
    Ok(errors.finish()?)
}

fn apply(tx: &Tx, machine: &mut Machine, change: &MachineChange) -> Result<(), Refusal> {
    if let Some(hostname) = &change.hostname {
        if let Err(message) = check_hostname(tx, hostname, Some(&machine.system_id))? {
            return Err(Refusal::field("hostname", message));
        }
        let named = matches!(Status::of(&machine.lifecycle), Status::Deploying | Status::Deployed);
        if named && *hostname != machine.hostname {
            let message = "Can't change hostname: machine is deployed or deploying.";
            return Err(Refusal::field("hostname", message));
        }
        machine.hostname.clone_from(hostname);
    }
    if let Some(description) = &change.description {
        machine.description.clone_from(description);
    }
    if let Some(architecture) = &change.architecture {
        machine.hardware.architecture.clone_from(architecture);
    }
    machine.hardware.cpu_count = change.cpu_count.unwrap_or(machine.hardware.cpu_count);
    machine.hardware.memory_mib = change.memory_mib.unwrap_or(machine.hardware.memory_mib);
    machine.placement.domain = change.domain.unwrap_or(machine.placement.domain);
    machine.placement.zone = change.zone.unwrap_or(machine.placement.zone);
    machine.placement.pool = change.pool.unwrap_or(machine.placement.pool);
    apply_power(machine, change);
    Ok(())
}

fn apply_power(machine: &mut Machine, change: &MachineChange) {
    if let Some(driver) = &change.power_type
        && *driver != machine.power.driver
    {
        machine.power = Power { driver: driver.clone(), ..Power::default() };
    }
    let set = change.power_parameters.iter();
    machine.power.parameters.extend(set.map(|(name, value)| (name, value.clone())));
}

fn check_hostname(
    tx: &Tx,
    hostname: &str,
    own: Option<&SystemId>,
) -> Result<Result<(), String>, Refusal> {
    if !is_hostname(hostname) {
        return Ok(Err("DNS name contains an invalid character or is too long.".to_owned()));
    }
    let holder = tx.find(&MACHINE_BY_HOSTNAME, &hostname.to_lowercase())?;
    if holder.is_some_and(|holder| Some(&holder.system_id) != own) {
        return Ok(Err("Node with this Hostname already exists.".to_owned()));
    }
    Ok(Ok(()))
}

/// Terraform's provider searches for these words.
fn mac_in_use(mac: MacAddress, holder: &Machine) -> String {
    format!("MAC address {mac} already in use on {}.", holder.hostname)
}

impl From<EnlistError> for Refusal {
    fn from(error: EnlistError) -> Self {
        match error {
            EnlistError::Table(error) => Self::Tables(error),
            EnlistError::Step(error) => error.into(),
            EnlistError::Invalid { field, reason } => Self::field(field, reason),
        }
    }
}
