//! Taking back what users changed at a revision, by the rules.
//!
//! An object that was made is removed as its resource removes it, with the checks of who depends on it. One that was changed
//! or removed gets its former row back, under its id, if it still is as that revision left it, if what it refers to
//! is there, and if the rules over sets hold for the site as it would be: they are asked of the result, not of each step.
//! It is one transaction, which can itself be taken back.
//!
//! What a machine went through is not undone: nobody gives an erased disk back.

mod addresses;
mod changed_since;
mod failure;
mod groups;
mod kind;
mod machines;
mod names;
mod networks;
mod nodes;
mod past;
mod settings;
mod steps;

use model::access::{Actor, Object, Permission, permits};
use tables::error::TableError;
use tables::tx::Tx;
use tables::update::Tables;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::site::undo::failure::Failure;
use crate::site::undo::kind::{Change, Step};
use crate::site::undo::past::Past;

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The revision whose changes they were.
    pub undone: u64,
    /// The objects.
    pub objects: Vec<UndoneObject>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneObject {
    /// What one is called: `subnet`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// `removed` where it had been made, `restored` where it had been removed, `changed` else.
    pub change: &'static str,
}

/// Takes back what users changed at a revision.
///
/// # Errors
/// [`Refusal`] when something of it was changed since, which is named; when a rule is against it; when nothing
/// was changed that can be taken back.
pub async fn undo(tables: &Tables, actor: &Actor, revision: u64) -> Result<Undone, Refusal> {
    permits(actor, Permission::ReadAudit, &Object::Site)?;
    let past = Past::read(tables, revision).await?;
    let steps = steps::of(&past)?;
    let cause = cause(actor, "revision.undo");
    match tables.update(&cause, |tx| take_back(tx, actor, &steps)).await {
        Ok(()) => {}
        Err(Failure::Refused(refusal)) => return Err(refusal),
        Err(Failure::Changed(changed)) => return Err(changed.told(tables, revision).await),
    }
    let objects = steps.iter().map(|step| UndoneObject {
        kind: step.kind(),
        name: step.name(),
        change: match step.change() {
            Change::Made => "removed",
            Change::Removed => "restored",
            Change::Changed => "changed",
        },
    });
    Ok(Undone { undone: revision, objects: objects.collect() })
}

fn take_back(tx: &mut Tx, actor: &Actor, steps: &[Box<dyn Step>]) -> Result<(), Failure> {
    for step in steps {
        step.is_as_left(tx).map_err(Failure::Changed)?;
        step.allow(tx, actor)?;
    }
    let (made, others): (Vec<_>, Vec<_>) =
        steps.iter().partition(|step| step.change() == Change::Made);
    // What has a name or an address that another one is to get back comes again when that has gone.
    let mut waiting = Vec::new();
    for step in others.iter().filter(|step| step.change() == Change::Changed) {
        match step.put(tx) {
            Err(Failure::Refused(Refusal::Tables(TableError::Duplicate { .. }))) => {
                waiting.push(step);
            }
            other => other?,
        }
    }
    for step in &made {
        step.remove(tx, actor).map_err(|failure| failure.of(step.kind(), &step.name()))?;
    }
    let removed = others.iter().filter(|step| step.change() == Change::Removed);
    for step in waiting.into_iter().chain(removed) {
        step.put(tx).map_err(|failure| failure.of(step.kind(), &step.name()))?;
    }
    for step in &others {
        step.check(tx, actor).map_err(|failure| failure.of(step.kind(), &step.name()))?;
    }
    Ok(())
}
