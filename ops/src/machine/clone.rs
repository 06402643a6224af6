//! Gives machines the networks of another one, interface by interface of the same name, and the layout of its disks.

use api::field_errors::FieldErrors;
use model::access::{Actor, Object, Permission, permits};
use model::machine::Machine;
use model::machine::interface::Interface;
use model::machine::interface::copy::Network;
use model::machine::status::Status;
use model::machine::storage::Drives;

use crate::authorize::cause;
use crate::error::{NO_CHOICE, Refusal};
use crate::machine::interfaces::links;
use crate::machine::{deploy, holders, step, storage};
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// What is copied from which machine to which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloneRequest {
    /// The id of the one that is copied.
    pub source: String,
    /// The ids of those that become like it.
    pub destinations: Vec<String>,
    /// Whether the interfaces are copied.
    pub interfaces: bool,
    /// Whether the layout of its disks is.
    pub storage: bool,
}

/// Copies the configuration of interfaces and disks to all destinations, or to none.
///
/// # Errors
/// [`Refusal::Fields`] in the words of MAAS.
pub async fn clone(tables: &Tables, actor: &Actor, request: &CloneRequest) -> Result<(), Refusal> {
    permits(actor, Permission::View, &Object::Site)?;
    let cause = cause(actor, "machine.clone");
    tables.update(&cause, |tx| copy(tx, actor, request)).await
}

fn copy(tx: &mut Tx, actor: &Actor, request: &CloneRequest) -> Result<(), Refusal> {
    let mut errors = FieldErrors::default();
    let source = source(tx, actor, &request.source, &mut errors)?;
    let destinations = destinations(tx, actor, request, &mut errors)?;
    if !request.storage && !request.interfaces {
        errors.add("__all__", "Either storage or interfaces must be true.");
    }
    let Some(source) = source else { return Ok(errors.finish()?) };
    for destination in &destinations {
        if let Err(message) = check(tx, &source, destination, request)? {
            errors.add("destinations", message);
        }
    }
    errors.finish()?;
    let network = Network::of(&source.interfaces);
    if request.storage {
        storage::version::check_version(tx)?;
    }
    for mut destination in destinations {
        if request.interfaces {
            let numbers = (0..network.numbers()).map(|_| links::next_id(tx));
            let numbers = numbers.collect::<Result<Vec<u32>, TableError>>()?;
            network.copy_to(&mut destination.interfaces, numbers);
        }
        if request.storage {
            storage::copy_layout(tx, &source, &mut destination)?;
        }
        step::write(tx, &mut destination)?;
    }
    Ok(())
}

fn source(
    tx: &Tx,
    actor: &Actor,
    id: &str,
    errors: &mut FieldErrors,
) -> Result<Option<Machine>, Refusal> {
    let found = holders::machine(tx, id)?;
    let seen = found
        .filter(|machine| permits(actor, Permission::ReadMachine, &Object::of(machine)).is_ok());
    if seen.is_none() {
        errors.add("source", if id.is_empty() { "This field is required." } else { NO_CHOICE });
    }
    Ok(seen)
}

/// Those that are free to change, in the order of the request.
fn destinations(
    tx: &Tx,
    actor: &Actor,
    request: &CloneRequest,
    errors: &mut FieldErrors,
) -> Result<Vec<Machine>, Refusal> {
    if request.destinations.is_empty() {
        errors.add("destinations", "This field is required.");
    }
    let mut found: Vec<Machine> = Vec::new();
    for (position, id) in request.destinations.iter().enumerate() {
        let is_free = |machine: &Machine| {
            let status = Status::of(&machine.lifecycle);
            matches!(status, Status::Ready | Status::FailedTesting)
                && permits(actor, Permission::EditMachine, &Object::of(machine)).is_ok()
        };
        match holders::machine(tx, id)?.filter(is_free) {
            Some(machine) if found.iter().any(|known| known.system_id == machine.system_id) => {}
            Some(machine) => found.push(machine),
            None => {
                let message = format!("Machine {} is invalid: {NO_CHOICE}", position + 1);
                errors.add("destinations", message);
            }
        }
    }
    Ok(found)
}

/// Whether a destination can become like the source.
fn check(
    reads: &impl Reads,
    source: &Machine,
    destination: &Machine,
    request: &CloneRequest,
) -> Result<Result<(), String>, TableError> {
    let named = |machine: &Machine| {
        Ok::<_, TableError>(format!("{} ({})", machine.system_id, deploy::fqdn(reads, machine)?))
    };
    let name = named(destination)?;
    if source.system_id == destination.system_id {
        return Ok(Err(format!("Source machine {name} cannot be a destination machine.")));
    }
    if request.storage
        && let Err(why) = Drives::of(destination).check_like(&Drives::of(source))
    {
        return Ok(Err(format!("{name} is invalid: {why}")));
    }
    if !request.interfaces {
        return Ok(Ok(()));
    }
    let has = |from: &&Interface| {
        let mut hardware = destination.interfaces.iter().filter(|to| to.kind.is_physical());
        hardware.any(|to| to.name == from.name)
    };
    let hardware = source.interfaces.iter().filter(|from| from.kind.is_physical());
    let missing = hardware.filter(|from| !has(from));
    let missing: Vec<&str> = missing.map(|interface| interface.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(Ok(()));
    }
    Ok(Err(format!(
        "{name} is invalid: destination node physical interfaces do not match the source nodes \
         physical interfaces: {}",
        missing.join(", ")
    )))
}
