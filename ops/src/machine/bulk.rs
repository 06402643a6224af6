//! What is done to several machines at once: to all that are named, or to none.

use std::collections::BTreeSet;

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::erasure::ErasureRequest;
use model::machine::lifecycle::{Event, Kept};
use model::machine::status::Status;

use crate::authorize::{author, cause};
use crate::details::Details;
use crate::error::Refusal;
use crate::machine::actions::{of_status, record_comment};
use crate::machine::filter::Filter;
use crate::machine::holders;
use crate::machine::list::MachineList;
use crate::machine::release::{Given, give_back};
use crate::machine::step;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// Gives machines back; returns those that were not free already. The disks of all of them are erased as is wanted, or
/// as the site has it.
///
/// # Errors
/// [`Refusal::Message`] that names those that there are not, are not the actor's, or cannot be released now.
pub async fn release(
    tables: &Tables,
    actor: &Actor,
    ids: &[String],
    wanted: ErasureRequest,
    comment: Option<&str>,
) -> Result<Vec<SystemId>, Refusal> {
    let needed = (Permission::OperateMachine, "release");
    let cause = cause(actor, "machine.release");
    tables
        .update(&cause, |tx| {
            let (mut released, mut failed) = (Vec::new(), Vec::new());
            for mut machine in named(tx, actor, needed, ids)? {
                let status = Status::of(&machine.lifecycle);
                if status == Status::Ready {
                    continue;
                }
                match give_back(tx, &mut machine, wanted, author(actor))? {
                    Given::Back => released.push(machine.system_id.clone()),
                    Given::NotInItsStatus => {
                        failed.push(format!("{} ('{}')", machine.system_id, status.name()));
                        continue;
                    }
                }
                record_comment(tx, &machine, "machine.release", comment, author(actor))?;
            }
            if failed.is_empty() {
                return Ok(released);
            }
            let failed = failed.join(", ");
            let message =
                format!("Machine(s) cannot be released in their current state: {failed}.");
            Err(Refusal::with_message(Kind::Conflict, message))
        })
        .await
}

/// Takes New machines in: they are examined. Returns them; those that were taken in already are none of them.
///
/// # Errors
/// [`Refusal::Message`] that names those that there are not, or that are past that.
pub async fn accept(
    tables: &Tables,
    actor: &Actor,
    ids: &[String],
) -> Result<Vec<SystemId>, Refusal> {
    let needed = (Permission::CommissionMachine, "accept");
    let cause = cause(actor, "machine.accept");
    tables
        .update(&cause, |tx| {
            let mut accepted = Vec::new();
            for mut machine in named(tx, actor, needed, ids)? {
                if accept_one(tx, actor, &mut machine)? {
                    accepted.push(machine.system_id);
                }
            }
            Ok(accepted)
        })
        .await
}

/// Takes every New machine in that the actor may take in, one transaction each: there may be thousands. Returns them.
///
/// # Errors
/// [`Refusal`].
pub async fn accept_all(tables: &Tables, actor: &Actor) -> Result<Vec<SystemId>, Refusal> {
    if permits(actor, Permission::CommissionMachine, &Object::Site).is_err() {
        return Ok(Vec::new());
    }
    let details = Details::seen_by(actor, tables).await?;
    let (needed, filter) = (Permission::CommissionMachine, Filter::of_status(Status::New));
    let new = MachineList::select_for(details, actor, needed, filter).await?;
    let mut accepted = Vec::new();
    for id in new.ids() {
        let cause = cause(actor, "machine.accept");
        let is_accepted = tables
            .update(&cause, |tx| match tx.get::<Machine>(id)? {
                // Gone, or taken in by somebody else meanwhile.
                Some(machine) if Status::of(&machine.lifecycle) != Status::New => Ok(false),
                Some(mut machine) => {
                    permits(actor, Permission::CommissionMachine, &Object::of(&machine))?;
                    accept_one(tx, actor, &mut machine)
                }
                None => Ok(false),
            })
            .await?;
        accepted.extend(is_accepted.then(|| id.clone()));
    }
    Ok(accepted)
}

fn accept_one(tx: &mut Tx, actor: &Actor, machine: &mut Machine) -> Result<bool, Refusal> {
    let status = Status::of(&machine.lifecycle);
    if matches!(status, Status::Ready | Status::Commissioning) {
        return Ok(false);
    }
    let id = machine.system_id.clone();
    let refused = || {
        let name = status.name();
        let message = format!("Cannot accept node enlistment: node {id} is in state {name}.");
        Refusal::with_message(Kind::Conflict, message)
    };
    if status != Status::New {
        return Err(refused());
    }
    step::advance(tx, machine, &Event::Commission { keeps: Kept::default() }, author(actor))
        .map_err(|error| of_status(error, refused))?;
    Ok(true)
}

/// The machines with these ids or names, each once; what the actor may not do to all of them is done to none.
fn named(
    tx: &Tx,
    actor: &Actor,
    (permission, verb): (Permission, &str),
    ids: &[String],
) -> Result<Vec<Machine>, Refusal> {
    let distinct: BTreeSet<&String> = ids.iter().collect();
    let (mut found, mut unknown, mut denied) = (Vec::<Machine>::new(), Vec::new(), Vec::new());
    for id in distinct {
        match holders::machine(tx, id)? {
            None => unknown.push(id.as_str()),
            Some(machine) if permits(actor, permission, &Object::of(&machine)).is_err() => {
                denied.push(id.as_str());
            }
            // By its id and by its name.
            Some(machine) if found.iter().any(|it| it.system_id == machine.system_id) => {}
            Some(machine) => found.push(machine),
        }
    }
    if !unknown.is_empty() {
        let message = format!("Unknown machine(s): {}.", unknown.join(", "));
        return Err(Refusal::with_message(Kind::Invalid, message));
    }
    if !denied.is_empty() {
        let message = format!(
            "You don't have the required permission to {verb} the following machine(s): {}.",
            denied.join(", ")
        );
        return Err(Refusal::with_message(Kind::Forbidden, message));
    }
    Ok(found)
}
