//! Power jobs: asked for by lifecycle changes, handed to a rack, reported back.
//!
//! A machine has at most one job. A newer one replaces it, except that a mere query never replaces
//! an order. Jobs may run twice; all orders are idempotent.

use std::time::Duration;

use model::access::{Actor, Denied, Object, Permission, permits};
use model::controller::RackController;
use model::error::Kind;
use model::event::EventLevel;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::lifecycle::Event;
use model::machine::power::{Power, PowerAction, PowerJob, PowerState};
use model::machine::status::Status;
use model::net::vlan::Vlan;

use crate::authorize::authorize;
use crate::error::Refusal;
use crate::machine::machines;
use crate::machine::step::{self, Author, StepError};
use crate::site::events::{self, NewEvent};
use tables::error::TableError;
use tables::read::Reads;
use tables::row::prefix;
use tables::tx::Tx;
use tables::update::Tables;

/// How often an order is handed out before it counts as failed.
pub const ATTEMPTS_MAX: u32 = 5;

/// How long a rack may take for a job before another rack gets it, in milliseconds.
pub const REPORT_TIMEOUT_MS: u64 = 60_000;

/// The pause after a failed attempt, in milliseconds.
pub const RETRY_PAUSE_MS: u64 = 3_000;

/// How old a power state may get before racks are asked again, in milliseconds (MAAS: 5 minutes).
pub const POLL_INTERVAL_MS: u64 = 5 * 60_000;

/// Why a power request failed.
#[derive(Debug, thiserror::Error)]
pub enum PowerError {
    /// There is no such machine.
    #[error("No Machine matches the given query.")]
    NoMachine,
    /// Nobody can switch the machine.
    #[error("Unable to change the power state of machine {hostname}: power type '{driver}'")]
    NotSwitchable {
        /// The machine's name.
        hostname: String,
        /// Its driver, empty or `manual`.
        driver: String,
    },
    /// The actor may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A rack reported on a job that it does not have.
    #[error("{actor} does not have power job {job} of machine {machine}: {}", holder(has.as_ref()))]
    OtherRack {
        /// Who reported, `rack abc123`.
        actor: String,
        /// The job.
        job: u64,
        /// The machine.
        machine: SystemId,
        /// The rack that has the job.
        has: Option<SystemId>,
    },
    /// A step of the machine failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

fn holder(has: Option<&SystemId>) -> String {
    has.map_or_else(|| "no rack has it now".to_owned(), |rack| format!("rack {rack} has it"))
}

impl PowerError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoMachine => Kind::NotFound,
            Self::NotSwitchable { .. } => Kind::Conflict,
            Self::Denied(denied) => denied.kind(),
            Self::OtherRack { .. } => Kind::Forbidden,
            Self::Step(error) => error.kind(),
            Self::Table(error) => error.kind(),
        }
    }
}

/// What a rack says about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerReport {
    /// The machine.
    pub machine: SystemId,
    /// The job.
    pub job: u64,
    /// The state after the job, or why the attempt failed.
    pub outcome: Result<PowerState, String>,
}

/// Writes a job for the machine; returns whether somebody can carry it out.
///
/// # Errors
/// As [`Tx::put`].
pub fn request(tx: &mut Tx, machine: &Machine, action: PowerAction) -> Result<bool, TableError> {
    if !machine.power.is_switchable() {
        return Ok(false);
    }
    let present = tx.get::<PowerJob>(&machine.system_id)?;
    if action == PowerAction::Query && present.is_some() {
        return Ok(true);
    }
    let rack = choose_rack(tx, machine, None)?;
    let job = PowerJob {
        machine: machine.system_id.clone(),
        id: rand::random(),
        action,
        driver: machine.power.driver.clone(),
        parameters: machine.power.parameters.clone(),
        attempt: u32::from(rack.is_some()),
        rack,
        assigned: tx.now(),
    };
    tx.put(&job)?;
    Ok(true)
}

/// Begins the machine's job anew when it was reached in another way before: what runs goes to a BMC
/// that is not the machine's any more, or with a password that is wrong.
///
/// # Errors
/// As [`Tx::put`].
pub fn reached_otherwise(tx: &mut Tx, before: &Power, machine: &Machine) -> Result<(), TableError> {
    let same =
        before.driver == machine.power.driver && before.parameters == machine.power.parameters;
    let present = if same { None } else { tx.get::<PowerJob>(&machine.system_id)? };
    let Some(job) = present else { return Ok(()) };
    tx.delete::<PowerJob>(&machine.system_id)?;
    request(tx, machine, job.action).map(drop)
}

/// Has a rack ask for a machine's power state, unless a job is under way.
///
/// # Errors
/// See [`PowerError`].
pub async fn query(tables: &Tables, actor: &Actor, id: &SystemId) -> Result<(), PowerError> {
    let cause = authorize(actor, Permission::QueryPower, "power.query")?;
    tables
        .update(&cause, |tx| {
            let machine = tx.get::<Machine>(id)?.ok_or(PowerError::NoMachine)?;
            request(tx, &machine, PowerAction::Query)?;
            Ok(())
        })
        .await
}

/// Has a rack ask for a machine's power state and waits for what it says; the last known state when
/// none answers in time, or nobody can ask.
///
/// # Errors
/// [`Refusal`].
pub async fn ask(
    tables: &Tables,
    actor: &Actor,
    id: &SystemId,
    patience: Duration,
) -> Result<PowerState, Refusal> {
    let before = machines::readable(&tables.view().await?, actor, id)?;
    // Whoever presented it said where its BMC is: until it is accepted, only who accepts it has a rack ask there.
    let is_trusted = Status::of(&before.lifecycle) != Status::New
        || permits(actor, Permission::CommissionMachine, &Object::of(&before)).is_ok();
    if before.power.is_switchable() && is_trusted {
        query(tables, actor, id).await?;
        // Whatever ends the wait, the present state is the answer.
        let _ = tokio::time::timeout(patience, job_ended(tables, id)).await;
    }
    Ok(machines::find(&tables.view().await?, id)?.power.state)
}

async fn job_ended(tables: &Tables, id: &SystemId) -> Result<(), Refusal> {
    loop {
        let view = tables.view().await?;
        if view.get::<PowerJob>(id)?.is_none() {
            return Ok(());
        }
        match tables.store().watch(vec![prefix::<PowerJob>()], view.revision()).await {
            Ok(mut changes) => drop(changes.next().await),
            Err(error) => return Err(Refusal::with_message(Kind::Unavailable, error.to_string())),
        }
    }
}

/// A connected rack for the machine's jobs: one that serves the VLAN it boots from, if possible,
/// and another one than `not` if there is one.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn choose_rack(
    reads: &impl Reads,
    machine: &Machine,
    not: Option<&SystemId>,
) -> Result<Option<SystemId>, TableError> {
    let boot = machine.interfaces.iter().find(|interface| interface.boot);
    let vlan = match boot.and_then(|interface| interface.vlan) {
        Some(vlan) => reads.get::<Vlan>(&vlan)?,
        None => None,
    };
    let near: Vec<SystemId> = vlan.iter().flat_map(Vlan::racks).cloned().collect();
    let mut racks = reads.list::<RackController>()?;
    racks.retain(|rack| rack.session.is_some());
    racks.sort_by_key(|rack| {
        let id = &rack.system_id;
        (not == Some(id), !near.contains(id), id.clone())
    });
    Ok(racks.into_iter().next().map(|rack| rack.system_id))
}

/// Takes in a rack's report. A report of a job that was replaced changes nothing, and one of a job
/// that another rack has, or none, is refused: a machine's state is what the rack says that was
/// asked.
///
/// # Errors
/// See [`PowerError`].
pub async fn report(
    tables: &Tables,
    actor: &Actor,
    report: &PowerReport,
) -> Result<(), PowerError> {
    let cause = authorize(actor, Permission::ServeMachines, "power.report")?;
    tables.update(&cause, |tx| take_in(tx, actor, report)).await
}

fn take_in(tx: &mut Tx, actor: &Actor, report: &PowerReport) -> Result<(), PowerError> {
    let Some(job) = tx.get::<PowerJob>(&report.machine)?.filter(|job| job.id == report.job) else {
        return Ok(());
    };
    if !matches!(actor, Actor::Rack(rack) if job.rack.as_ref() == Some(rack)) {
        let (actor, machine) = (actor.to_string().replacen(':', " ", 1), report.machine.clone());
        return Err(PowerError::OtherRack { actor, job: report.job, machine, has: job.rack });
    }
    let Some(mut machine) = tx.get::<Machine>(&report.machine)? else {
        tx.delete::<PowerJob>(&report.machine)?;
        return Ok(());
    };
    match &report.outcome {
        Ok(state) => done(tx, &mut machine, *state),
        Err(message) => failed(tx, &mut machine, job, message),
    }
}

fn done(tx: &mut Tx, machine: &mut Machine, state: PowerState) -> Result<(), PowerError> {
    tx.delete::<PowerJob>(&machine.system_id)?;
    observe(tx, machine, state)?;
    match state {
        PowerState::Off => step::advance(tx, machine, &Event::PoweredOff, Author::System)?,
        PowerState::On => step::advance(tx, machine, &Event::PoweredOn, Author::System)?,
        PowerState::Unknown | PowerState::Error => {}
    }
    Ok(step::write(tx, machine)?)
}

/// Counts the attempt; the reconciler hands the job out again, or the order has failed.
fn failed(
    tx: &mut Tx,
    machine: &mut Machine,
    job: PowerJob,
    message: &str,
) -> Result<(), PowerError> {
    let last = job.attempt >= ATTEMPTS_MAX || job.action == PowerAction::Query;
    if last {
        return give_up(tx, machine, &job, message);
    }
    let description = format!("attempt {} of {ATTEMPTS_MAX}: {message}", job.attempt);
    let event = NewEvent { kind: verb_failed(job.action), level: EventLevel::Warning, description };
    events::record(tx, machine, event, Author::System)?;
    // The reconciler hands it out again after the pause.
    tx.put(&PowerJob { rack: None, assigned: tx.now(), ..job })?;
    Ok(())
}

/// Ends an order that nobody could carry out.
///
/// # Errors
/// See [`PowerError`].
pub fn give_up(
    tx: &mut Tx,
    machine: &mut Machine,
    job: &PowerJob,
    message: &str,
) -> Result<(), PowerError> {
    tx.delete::<PowerJob>(&machine.system_id)?;
    machine.power.state = PowerState::Error;
    machine.power.observed = Some(tx.now());
    let event = NewEvent {
        kind: verb_failed(job.action),
        level: EventLevel::Error,
        description: message.to_owned(),
    };
    events::record(tx, machine, event, Author::System)?;
    if job.action != PowerAction::Query {
        let event = Event::PowerFailed { message: message.to_owned() };
        step::advance(tx, machine, &event, Author::System)?;
    }
    Ok(step::write(tx, machine)?)
}

fn observe(tx: &mut Tx, machine: &mut Machine, state: PowerState) -> Result<(), TableError> {
    let changed = machine.power.state != state;
    machine.power.state = state;
    machine.power.observed = Some(tx.now());
    let kind = match state {
        PowerState::On => "Node powered on",
        PowerState::Off => "Node powered off",
        PowerState::Unknown | PowerState::Error => return Ok(()),
    };
    if !changed {
        return Ok(());
    }
    let event = NewEvent { kind, level: EventLevel::Info, description: String::new() };
    events::record(tx, machine, event, Author::System)
}

fn verb_failed(action: PowerAction) -> &'static str {
    match action {
        PowerAction::NetworkBoot | PowerAction::On => "Failed to power on node",
        PowerAction::Off => "Failed to power off node",
        PowerAction::Query => "Failed to query node's BMC",
    }
}
