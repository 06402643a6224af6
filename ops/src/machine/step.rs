//! Every change of a machine's lifecycle: the pure step, and its actions as writes of the *same*
//! transaction, so no crash can separate the change from the power job, the addresses, the
//! credentials and the event that belong to it.

use model::error::Kind;
use model::event::EventLevel;
use model::machine::Machine;
use model::machine::interface::acquired;
use model::machine::lifecycle::{self, Action, Event, Moment, Refusal, Step};
use model::machine::power::PowerAction;
use model::machine::status::Status;
use model::machine::status_change::{self, StatusChange};
use model::setting::typed::NODE_TIMEOUT;

use crate::error as ops_error;
use crate::machine::credentials;
use crate::network::addresses::{self, AssignError};
use crate::power;
use crate::site::events::{self, NewEvent};
use crate::site::settings;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;

/// Who or what changes a machine; goes into its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author<'a> {
    /// A user of the API.
    User(&'a str),
    /// The machine's agent or deployed system, a rack, or a reconciler.
    System,
}

/// Why a machine could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The lifecycle refuses.
    #[error("machine {hostname}: {refusal}")]
    Refused {
        /// The machine's name.
        hostname: String,
        /// Why.
        refusal: Refusal,
    },
    /// An AUTO link got no address.
    #[error(transparent)]
    Addresses(#[from] AssignError),
    /// The tables failed.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl StepError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Refused { .. } => Kind::Conflict,
            Self::Addresses(error) => error.kind(),
            Self::Table(error) => error.kind(),
        }
    }
}

/// Applies an event to a machine and writes it, with everything that follows from it.
///
/// # Errors
/// See [`StepError`]; nothing of this event is written then.
pub fn advance(
    tx: &mut Tx,
    machine: &mut Machine,
    event: &Event,
    author: Author<'_>,
) -> Result<(), StepError> {
    let at = Moment { now: tx.now(), node_timeout_ms: node_timeout_ms(tx)? };
    let Step { next, actions } = lifecycle::step(&machine.lifecycle, event, at)
        .map_err(|refusal| StepError::Refused { hostname: machine.hostname.clone(), refusal })?;
    let before = Status::of(&machine.lifecycle);
    machine.lifecycle = next;
    record_status(tx, machine, before, author)?;
    for action in actions {
        act(tx, machine, action, author)?;
    }
    if machine.lifecycle.phase == lifecycle::Phase::Deploying
        && matches!(event, Event::Deploy { .. })
    {
        credentials::issue(tx, machine)?;
    }
    write(tx, machine)
}

/// Writes a machine; its `updated` time moves only when something else did.
///
/// # Errors
/// As [`Tx::put`].
pub fn write(tx: &mut Tx, machine: &mut Machine) -> Result<(), StepError> {
    let stored = tx.get::<Machine>(&machine.system_id)?;
    if stored.as_ref() != Some(machine) {
        machine.updated = tx.now();
        tx.put(machine)?;
    }
    let Some(Machine { power: before, .. }) = stored else { return Ok(()) };
    power::reached_otherwise(tx, &before, machine)?;
    if before.is_switchable() && !machine.power.is_switchable() {
        // Nobody can switch it any more, so nobody will ever report what its phase waits for.
        advance(tx, machine, &Event::PoweredOff, Author::System)?;
        advance(tx, machine, &Event::PoweredOn, Author::System)?;
    }
    Ok(())
}

fn act(
    tx: &mut Tx,
    machine: &mut Machine,
    action: Action,
    author: Author<'_>,
) -> Result<(), StepError> {
    match action {
        Action::NetworkBoot => {
            power::request(tx, machine, PowerAction::NetworkBoot)?;
        }
        Action::DiskBoot => {
            // Its boot plan leads from the network to its disk.
            let asked = power::request(tx, machine, PowerAction::NetworkBoot)?;
            if !asked {
                return advance(tx, machine, &Event::PoweredOn, author);
            }
        }
        Action::PowerOff => {
            let asked = power::request(tx, machine, PowerAction::Off)?;
            if !asked {
                // Nobody can switch it, so nobody will ever report that it is off.
                return advance(tx, machine, &Event::PoweredOff, author);
            }
        }
        Action::AssignAddresses => addresses::assign(tx, machine)?,
        Action::ReleaseAddresses => {
            addresses::release(machine);
            credentials::revoke(tx, machine)?;
        }
        Action::ClearOwner => {
            machine.placement.owner = None;
            machine.placement.agent_name.clear();
            machine.placement.annotations.clear();
            machine.placement.locked = false;
            machine.deployment = None;
            machine.storage.give_back();
            acquired::take_down(&mut machine.interfaces);
        }
    }
    Ok(())
}

fn record_status(
    tx: &mut Tx,
    machine: &Machine,
    before: Status,
    author: Author<'_>,
) -> Result<(), TableError> {
    let after = Status::of(&machine.lifecycle);
    if before == after {
        return Ok(());
    }
    let failed = machine.lifecycle.failure.as_ref();
    let mut description = StatusChange { from: before, to: after }.to_string();
    if let Some(failure) = failed {
        description = format!("{description}: {}", failure.message);
    }
    let level = if failed.is_some() { EventLevel::Error } else { EventLevel::Info };
    events::record(tx, machine, NewEvent { kind: status_change::KIND, level, description }, author)
}

fn node_timeout_ms(tx: &Tx) -> Result<u64, TableError> {
    let timeout = settings::read(tx, &NODE_TIMEOUT)?;
    Ok(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))
}

impl From<StepError> for ops_error::Refusal {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Table(error) => Self::Tables(error),
            error => Self::with_message(error.kind(), error.to_string()),
        }
    }
}
