//! Machines as objects: edited, read, deleted.

use std::collections::BTreeMap;

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::dns::domain::Domain;
use model::id::{AvailabilityZoneId, DomainId, ResourcePoolId, SystemId};
use model::mac::MacAddress;
use model::machine::Machine;
use model::machine::architecture::{ARCHITECTURES, is_architecture};
use model::machine::hostname::is_hostname;
use model::machine::lifecycle::Phase;
use model::machine::output::ToolOutput;
use model::machine::power::driver::SERVED;
use model::machine::power::form::completed;
use model::machine::power::parameters::PowerParameters;
use model::machine::power::{Power, PowerJob};
use model::machine::secrets::MachineSecrets;
use model::machine::status::Status;
use model::pool::ResourcePool;
use model::user::ApiToken;
use model::zone::AvailabilityZone;

use crate::authorize::{authorize, cause};
use crate::details::Details;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::credentials;
use crate::machine::enlist::EnlistError;
use crate::machine::filter::Filter;
use crate::machine::holders::{self, Holder};
use crate::machine::list::{MachineDetail, MachineList};
use crate::machine::placement;
use crate::machine::step;
use crate::network::dependents;
use tables::machines::OUTPUTS_OF_MACHINE;
use tables::names::DOMAIN_BY_NAME;
use tables::read::Reads;
use tables::site::{POOL_BY_NAME, ZONE_BY_NAME};
use tables::tx::Tx;
use tables::update::Tables;

/// The field that wrong power parameters are told by.
pub(crate) const POWER_PARAMETERS: &str = "power_parameters";

/// Changes of a machine; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineChange {
    /// Its name.
    pub hostname: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its domain, by name or id.
    pub domain: Option<String>,
    /// Its architecture.
    pub architecture: Option<String>,
    /// Its zone, by name or id.
    pub zone: Option<String>,
    /// Its pool, by name or id.
    pub pool: Option<String>,
    /// Its power driver; the parameters of another driver are dropped.
    pub power_type: Option<String>,
    /// Power parameters to set.
    pub power_parameters: PowerParameters,
    /// Its CPUs.
    pub cpu_count: Option<u32>,
    /// Its memory in MiB.
    pub memory_mib: Option<u64>,
}

/// Changes a machine.
///
/// # Errors
/// [`Refusal`].
pub async fn update(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    change: &MachineChange,
) -> Result<Machine, Refusal> {
    let cause = cause(actor, "machine.update");
    tables
        .update(&cause, |tx| {
            let mut machine = find(tx, id)?;
            permits(actor, Permission::EditMachine, &Object::of(&machine))?;
            let before = machine.placement.clone();
            apply(tx, &mut machine, change)?;
            // Who gives a machine to a pool needs as much there.
            permits(actor, Permission::EditMachine, &Object::Pool { id: machine.placement.pool })?;
            placement::mark(tx, Some(&before), &machine.placement);
            step::write(tx, &mut machine)?;
            Ok(machine)
        })
        .await
}

/// Deletes a machine with everything that belongs to it.
///
/// # Errors
/// [`Refusal`].
pub async fn delete(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<(), Refusal> {
    let cause = cause(actor, "machine.delete");
<<<<<<< ours
    tables
        .update(&cause, |tx| {
            let machine = find(tx, id)?;
            permits(actor, Permission::EditMachine, &Object::of(&machine))?;
            remove(tx, &machine)
        })
        .await
=======
    tables.update(&cause, |tx| remove(tx, actor, id)).await
}

/// The same within a transaction.
///
/// # Errors
/// As [`delete`].
pub(crate) fn remove(tx: &mut Tx, actor: &Actor, id: &SystemId) -> Result<(), Refusal> {
    let machine = find(tx, id)?;
    permits(actor, Permission::EditMachine, &Object::of(&machine))?;
    credentials::revoke(tx, &machine)?;
    for output in tx.list_by(&OUTPUTS_OF_MACHINE, id)? {
        tx.delete::<ToolOutput>(&(output.machine, output.tool))?;
    }
    dependents::forget_node(tx, id)?;
    tx.delete::<MachineSecrets>(id)?;
    tx.delete::<PowerJob>(id)?;
    tx.delete::<Machine>(id)?;
    Ok(())
>>>>>>> theirs
}

/// The same within a transaction.
pub(crate) fn remove(tx: &mut Tx, machine: &Machine) -> Result<(), Refusal> {
    let id = &machine.system_id;
    credentials::revoke(tx, machine)?;
    for output in tx.list_by(&OUTPUTS_OF_MACHINE, id)? {
        tx.delete::<ToolOutput>(&(output.machine, output.tool))?;
    }
    dependents::forget_node(tx, id)?;
    tx.delete::<MachineSecrets>(id)?;
    tx.delete::<PowerJob>(id)?;
    tx.delete::<Machine>(id)?;
    Ok(())
}

/// A machine as doors show it.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<MachineDetail, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let machine = readable(details.view(), actor, id)?;
    details.machine(machine)
}

/// The power parameters of a machine, secrets included.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn power_parameters(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<PowerParameters, Refusal> {
    let machine = find(&tables.view().await?, id)?;
    permits(actor, Permission::ReadMachineSecrets, &Object::of(&machine))?;
    Ok(machine.power.parameters)
}

/// The power parameters of some machines, or of all whose secrets the actor may read, by id.
///
/// # Errors
/// [`Refusal`].
pub async fn all_power_parameters(
    tables: &Tables,
    actor: &Actor,
    ids: &[String],
) -> Result<BTreeMap<SystemId, PowerParameters>, Refusal> {
    permits(actor, Permission::ReadMachineSecrets, &Object::Site)?;
    let details = Details::seen_by(actor, tables).await?;
    let filter = if ids.is_empty() { Filter::default() } else { Filter::of_ids(ids.to_vec()) };
    let needed = Permission::ReadMachineSecrets;
    let list = MachineList::select_for(details, actor, needed, filter).await?;
    list.map(|found| found.map(|found| (found.machine.system_id, found.machine.power.parameters)))
        .collect()
}

/// The key of the system on a machine, if it has one.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn token(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<Option<ApiToken>, Refusal> {
    let view = tables.view().await?;
    let machine = find(&view, id)?;
    permits(actor, Permission::ReadMachineSecrets, &Object::of(&machine))?;
    Ok(credentials::of_machine(&view, &machine)?)
}

/// A machine that an actor may read.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Denied`].
pub(crate) fn readable(
    reads: &impl Reads,
    actor: &Actor,
    id: &SystemId,
) -> Result<Machine, Refusal> {
    let machine = find(reads, id)?;
    permits(actor, Permission::ReadMachine, &Object::of(&machine))?;
    Ok(machine)
}

pub(crate) fn find(reads: &impl Reads, id: &SystemId) -> Result<Machine, Refusal> {
    reads.get::<Machine>(id)?.ok_or(Refusal::NotFound { model: "Machine" })
}

/// A domain that a request names, by name or id.
pub(crate) fn named_domain(at: &impl Reads, text: &str) -> Result<DomainId, Refusal> {
    let by_name = at.find(&DOMAIN_BY_NAME, &text.to_lowercase())?.map(|domain| domain.id);
    let by_id = text.parse().ok().map(DomainId);
    chosen("domain", by_name, by_id, |id| Ok(at.get::<Domain>(id)?.is_some()))
}

/// A zone that a request names, by name or id.
pub(crate) fn named_zone(at: &impl Reads, text: &str) -> Result<AvailabilityZoneId, Refusal> {
    let by_name = at.find(&ZONE_BY_NAME, &text.to_owned())?.map(|zone| zone.id);
    let by_id = text.parse().ok().map(AvailabilityZoneId);
    chosen("zone", by_name, by_id, |id| Ok(at.get::<AvailabilityZone>(id)?.is_some()))
}

/// A pool that a request names, by name or id.
pub(crate) fn named_pool(at: &impl Reads, text: &str) -> Result<ResourcePoolId, Refusal> {
    let by_name = at.find(&POOL_BY_NAME, &text.to_owned())?.map(|pool| pool.id);
    let by_id = text.parse().ok().map(ResourcePoolId);
    chosen("pool", by_name, by_id, |id| Ok(at.get::<ResourcePool>(id)?.is_some()))
}

/// What has that name, or else that id.
fn chosen<Id>(
    field: &str,
    by_name: Option<Id>,
    by_id: Option<Id>,
    exists: impl Fn(&Id) -> Result<bool, Refusal>,
) -> Result<Id, Refusal> {
    if let Some(id) = by_name {
        return Ok(id);
    }
    let known = by_id.map(|id| exists(&id).map(|exists| exists.then_some(id))).transpose()?;
    known.flatten().ok_or_else(|| Refusal::field(field, NO_CHOICE))
}

/// Sets the zone of machines.
///
/// # Errors
/// [`Refusal`].
pub async fn set_zone(
    tables: &Tables,
    actor: &Actor,
    ids: &[SystemId],
    zone: &str,
) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::EditMachine, "machine.set_zone")?;
    tables
        .update(&cause, |tx| {
            let zone = named_zone(tx, zone)?;
            for id in ids {
                let mut machine = find(tx, id)?;
                permits(actor, Permission::EditMachine, &Object::of(&machine))?;
                let before = machine.placement.clone();
                machine.placement.zone = zone;
                placement::mark(tx, Some(&before), &machine.placement);
                step::write(tx, &mut machine)?;
            }
            Ok(())
        })
        .await
}

fn apply(tx: &Tx, machine: &mut Machine, change: &MachineChange) -> Result<(), Refusal> {
    if let Some(hostname) = &change.hostname {
        if let Err(message) = check_hostname(tx, hostname, Some(&machine.system_id))? {
            return Err(Refusal::field("hostname", message));
        }
        let named = matches!(Status::of(&machine.lifecycle), Status::Deploying | Status::Deployed)
            || (machine.lifecycle.rescue.is_some()
                && machine.lifecycle.lasting_phase() == Phase::Deployed);
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
        check_architecture(architecture)
            .map_err(|message| Refusal::field("architecture", message))?;
        machine.hardware.architecture.clone_from(architecture);
    }
    machine.hardware.cpu_count = change.cpu_count.unwrap_or(machine.hardware.cpu_count);
    machine.hardware.memory_mib = change.memory_mib.unwrap_or(machine.hardware.memory_mib);
    if let Some(domain) = &change.domain {
        machine.placement.domain = named_domain(tx, domain)?;
    }
    if let Some(zone) = &change.zone {
        machine.placement.zone = named_zone(tx, zone)?;
    }
    if let Some(pool) = &change.pool {
        machine.placement.pool = named_pool(tx, pool)?;
    }
    apply_power(machine, change)
}

fn apply_power(machine: &mut Machine, change: &MachineChange) -> Result<(), Refusal> {
    if let Some(driver) = &change.power_type
        && *driver != machine.power.driver
    {
        check_driver(driver).map_err(|message| Refusal::field("power_type", message))?;
        machine.power = Power { driver: driver.clone(), ..Power::default() };
    } else if change.power_parameters.is_empty() {
        return Ok(());
    }
    let Power { driver, parameters, .. } = &machine.power;
    machine.power.parameters =
        completed(driver, parameters, &change.power_parameters).map_err(|messages| {
            let mut errors = FieldErrors::default();
            add_all(&mut errors, POWER_PARAMETERS, messages);
            errors
        })?;
    Ok(())
}

/// Adds messages on a field.
pub(crate) fn add_all(errors: &mut FieldErrors, field: &str, messages: Vec<String>) {
    for message in messages {
        errors.add(field, message);
    }
}

/// What is wrong with an architecture.
pub(crate) fn check_architecture(text: &str) -> Result<(), String> {
    let choices = || ARCHITECTURES.iter().map(|name| format!("{name}/generic"));
    if is_architecture(text) { Ok(()) } else { Err(no_choice("architecture", text, choices())) }
}

/// A machine whose driver nobody has could never be switched.
pub(crate) fn check_driver(name: &str) -> Result<(), String> {
    let choices = || SERVED.iter().map(|&name| name.to_owned());
    let known = name.is_empty() || SERVED.contains(&name);
    if known { Ok(()) } else { Err(no_choice("power type", name, choices())) }
}

/// What MAAS says of a value that is none of the choices.
pub(crate) fn no_choice(
    what: &str,
    value: &str,
    choices: impl IntoIterator<Item = String>,
) -> String {
    let choices: Vec<String> = choices.into_iter().map(|choice| format!("'{choice}'")).collect();
    format!("'{value}' is not a valid {what}.  It should be one of: {}.", choices.join(", "))
}

/// What is wrong with the name of a node; its own one is not.
pub(crate) fn check_hostname(
    tx: &Tx,
    hostname: &str,
    own: Option<&SystemId>,
) -> Result<Result<(), String>, Refusal> {
    if !is_hostname(hostname) {
        return Ok(Err("DNS name contains an invalid character or is too long.".to_owned()));
    }
    let holder = holders::of_hostname(tx, hostname)?;
    if holder.is_some_and(|holder| Some(&holder) != own) {
        return Ok(Err("Node with this Hostname already exists.".to_owned()));
    }
    Ok(Ok(()))
}

/// Terraform's provider searches for these words.
pub(crate) fn mac_in_use(mac: MacAddress, holder: &Holder) -> String {
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
