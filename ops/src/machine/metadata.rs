//! What a deployed system's own words do to its machine: the first boot that reaches the metadata
//! service ends the deployment, a failed one fails it.

use model::access::{Actor, Object, Permission, permits};
use model::event::EventLevel;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::lifecycle::{Event, Phase, Refusal as StepRefusal, Stage};

use crate::access::{authorized_keys, sslkeys};
use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::deploy;
use crate::machine::step::{self, Author, StepError};
use crate::machine::vendor_data;
use crate::site::events::{self, NewEvent};
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// The last stage of cloud-init.
const LAST_STAGE: &str = "modules-final";

/// A stage of the first boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootStatus {
    /// Its name, `modules-final`; parts of a stage have a `/`.
    pub stage: String,
    /// What cloud-init says about it.
    pub description: String,
    /// Whether it ended.
    pub finished: bool,
    /// Whether it failed.
    pub failed: bool,
}

/// The machine that a deployed system is on, as this node has it; works without a quorum.
///
/// # Errors
/// [`Refusal`].
pub async fn machine(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<Machine, Refusal> {
    get(&tables.stale_view().await?, actor, id)
}

/// The full name of the machine that a deployed system is on.
///
/// # Errors
/// [`Refusal`].
pub async fn fqdn(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<String, Refusal> {
    let view = tables.stale_view().await?;
    Ok(deploy::fqdn(&view, &get(&view, actor, id)?)?)
}

/// Who may log in to the system on a machine by SSH: lines with the keys of the user that it is
/// allocated to.
///
/// # Errors
/// [`Refusal`].
pub async fn public_keys(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<Vec<String>, Refusal> {
    let view = tables.stale_view().await?;
    let owner = get(&view, actor, id)?.placement.owner;
    Ok(owner.map(|owner| authorized_keys::lines(&view, owner)).transpose()?.unwrap_or_default())
}

/// The certificates of the user that a machine is allocated to, by which it logs in to systems that know no SSH.
///
/// # Errors
/// [`Refusal`].
pub async fn certificates(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
) -> Result<Vec<String>, Refusal> {
    let view = tables.stale_view().await?;
    let owner = get(&view, actor, id)?.placement.owner;
    Ok(owner.map(|owner| sslkeys::certificates(&view, owner)).transpose()?.unwrap_or_default())
}

/// The site's settings for the deployed system on a machine, for cloud-init.
///
/// # Errors
/// [`Refusal`].
pub async fn vendor_data(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<String, Refusal> {
    let view = tables.stale_view().await?;
    let machine = get(&view, actor, id)?;
    Ok(vendor_data::vendor_data(&view, &machine)?)
}

/// The deployed system fetched its user data. Returns the machine as it is now.
///
/// # Errors
/// [`Refusal`].
pub async fn booted(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<Machine, Refusal> {
    let cause = cause(actor, "machine.booted");
    tables
        .update(&cause, |tx| {
            let mut machine = get(tx, actor, id)?;
            finish(tx, &mut machine)?;
            Ok(machine)
        })
        .await
}

/// The deployed system reports a stage of its boot.
///
/// # Errors
/// [`Refusal`].
pub async fn status(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    status: &BootStatus,
) -> Result<(), Refusal> {
    let top_level = !status.stage.contains('/');
    if !status.finished || !top_level {
        return Ok(());
    }
    let cause = cause(actor, "machine.status");
    tables
        .update(&cause, |tx| {
            let mut machine = get(tx, actor, id)?;
            let level = if status.failed { EventLevel::Error } else { EventLevel::Debug };
            let description = format!("{} ({})", status.description, status.stage);
            let event =
                NewEvent { kind: "Node status event", level, description: description.clone() };
            events::record(tx, &machine, event, Author::System)?;
            if status.failed {
                let message = format!("{} failed: {}", status.stage, status.description);
                let event = Event::BootFailed { message };
                step::advance(tx, &mut machine, &event, Author::System)?;
            } else if status.stage == LAST_STAGE {
                finish(tx, &mut machine)?;
            } else {
                let event = Event::SystemProgress { message: description };
                step::advance(tx, &mut machine, &event, Author::System)?;
            }
            Ok(())
        })
        .await
}

/// Ends the deployment; in any other phase a boot changes nothing.
fn finish(tx: &mut Tx, machine: &mut Machine) -> Result<(), StepError> {
    let state = &machine.lifecycle;
    if state.phase != Phase::Deploying || state.stage != Stage::Done {
        return Ok(());
    }
    match step::advance(tx, machine, &Event::BootedDeployed, Author::System) {
        Err(StepError::Refused { refusal: StepRefusal::WrongStatus { .. }, .. }) => Ok(()),
        other => other,
    }
}

fn get(reads: &impl Reads, actor: &Actor, id: &SystemId) -> Result<Machine, Refusal> {
    let machine = reads.get::<Machine>(id)?.ok_or(Refusal::NotFound { model: "Machine" })?;
    permits(actor, Permission::BootMachine, &Object::of(&machine))?;
    Ok(machine)
}
