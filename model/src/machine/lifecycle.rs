//! The life of a machine as one pure function, [`step`]: state and event give the next state and
//! what has to be done. MAAS's 23 status names are printed from phase and failure at the REST edge
//! ([`Status`]).
//!
//! The whole behaviour is on one page: `lifecycle/snapshots/` holds the table (status × event).

mod change;
mod demands;
mod observed;
mod progress;
mod reports;
mod rescue;
mod state;

#[cfg(test)]
mod tests;

pub use self::state::{Boot, Failure, Kept, Lifecycle, Phase, Rescue, Stage};
use crate::id::UserId;
use crate::machine::erasure::Erasure;
use crate::machine::lifecycle::change::Change;
use crate::machine::status::Status;
use crate::time::Timestamp;

/// What happens to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user wants it commissioned.
    Commission {
        /// What stays as it is.
        keeps: Kept,
    },
    /// A user gets it.
    Allocate,
    /// Its owner wants an operating system on it.
    Deploy {
        /// Whether it runs in memory, and nothing on the disks is touched.
        in_memory: bool,
    },
    /// Its owner gives it back.
    Release {
        /// How its disks are erased first, if they are.
        erase: Option<Erasure>,
    },
    /// A user ends what is under way.
    Abort,
    /// A user says it is broken.
    MarkBroken {
        /// Why.
        message: String,
    },
    /// A user says it works again.
    MarkFixed,
    /// A user wants it used although its tests failed.
    OverrideFailedTesting,
    /// A user wants to look after it in the ephemeral OS.
    EnterRescue {
        /// Whether it is on, as far as is known.
        was_on: bool,
        /// The user.
        user: UserId,
    },
    /// A user has looked after it.
    ExitRescue,
    /// Its agent came up in the ephemeral OS.
    AgentStarted,
    /// Its agent goes on with a job.
    Progress {
        /// The job.
        job: u64,
        /// The step, for people.
        message: String,
    },
    /// Its agent reported an inventory.
    Inventoried {
        /// The job.
        job: u64,
    },
    /// Its agent installed the operating system; it restarts from its own disk, or goes on with it in memory.
    Installed {
        /// The job.
        job: u64,
    },
    /// Its agent erased the disks.
    Erased {
        /// The job.
        job: u64,
    },
    /// Its agent gave up a job.
    AgentFailed {
        /// The job.
        job: u64,
        /// Why.
        message: String,
    },
    /// A rack saw how far its boot came.
    Booting {
        /// How far.
        reached: Boot,
    },
    /// The deployed system goes on with its first boot.
    SystemProgress {
        /// What it has done, for people.
        message: String,
    },
    /// The deployed system itself reached the metadata service.
    BootedDeployed,
    /// The deployed system says that its first boot failed.
    BootFailed {
        /// What failed.
        message: String,
    },
    /// Its power is observed to be off, or nobody can switch it.
    PoweredOff,
    /// It was started, or nobody can switch it.
    PoweredOn,
    /// It could not be switched, after all attempts.
    PowerFailed {
        /// What the last attempt said.
        message: String,
    },
    /// The deadline of the phase has passed.
    Timeout,
}

/// What has to be done because of a step, in the same transaction as the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Boot from the network, whatever the power state is now.
    NetworkBoot,
    /// Start what is deployed, from its own disk or in memory, whatever the power state is now.
    DiskBoot,
    /// Switch off.
    PowerOff,
    /// Assign addresses to AUTO links.
    AssignAddresses,
    /// Take assigned addresses back, and end the credentials of the deployed system.
    ReleaseAddresses,
    /// Forget owner, deployment and what belongs to them.
    ClearOwner,
}

/// Where an event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The state from now on.
    pub next: Lifecycle,
    /// What has to be done, in this order.
    pub actions: Vec<Action>,
}

/// Why an event has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The machine's status does not allow it.
    #[error("cannot {verb} a machine in status {}", status.name())]
    WrongStatus {
        /// What was wanted.
        verb: &'static str,
        /// The machine's status.
        status: Status,
    },
    /// The report is about a job that is not the present one.
    #[error("job {reported} is not the present job {present}")]
    StaleJob {
        /// The job of the report.
        reported: u64,
        /// The machine's present job.
        present: u64,
    },
    /// No deadline has passed.
    #[error("the phase has not timed out")]
    NotDue,
}

/// When a step happens, and the limits that hold then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of the step.
    pub now: Timestamp,
    /// How long a phase that waits for the machine may stay without progress, in milliseconds
    /// (MAAS `node_timeout`).
    pub node_timeout_ms: u64,
}

/// How long powering off may take, in milliseconds (MAAS: 5 minutes).
pub const RELEASE_TIMEOUT_MS: u64 = 5 * 60 * 1000;

/// What the agent in the ephemeral OS has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentWork {
    /// Examine the hardware.
    Inventory,
    /// Install the operating system of the deployment.
    Install,
    /// Unpack the operating system of the deployment into memory and start it.
    RunInMemory,
    /// Erase the disks.
    Erase,
    /// Let the owner log in, and stay up.
    Rescue,
    /// Nothing, and stay up.
    Wait,
    /// Restart from disk.
    Reboot,
    /// Power off.
    PowerOff,
}

/// What an agent that runs on a machine in this state has to do.
#[must_use]
pub fn agent_work(state: &Lifecycle) -> AgentWork {
    if state.runs_in_memory() {
        return AgentWork::RunInMemory;
    }
    if state.failure.is_some() {
        return AgentWork::PowerOff;
    }
    match (state.phase, state.stage) {
        (Phase::New | Phase::Commissioning, Stage::Waiting | Stage::Working) => {
            AgentWork::Inventory
        }
        (Phase::Deploying, _) if state.in_memory => AgentWork::RunInMemory,
        (Phase::Deploying, Stage::Waiting | Stage::Working) => AgentWork::Install,
        (Phase::Deploying, Stage::Done) | (Phase::Deployed, _) => AgentWork::Reboot,
        (Phase::DiskErasing, Stage::Waiting | Stage::Working) => AgentWork::Erase,
        (Phase::Rescue, Stage::Waiting | Stage::Working) => AgentWork::Rescue,
        (Phase::Rescue, Stage::Done) if !state.netboot || state.rescue_ends_with_a_start() => {
            AgentWork::Reboot
        }
        (Phase::Testing, Stage::Waiting | Stage::Working) => AgentWork::Wait,
        (
            Phase::New
            | Phase::Commissioning
            | Phase::Testing
            | Phase::DiskErasing
            | Phase::Rescue
            | Phase::Ready
            | Phase::Allocated
            | Phase::Releasing
            | Phase::Broken
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing,
            _,
        ) => AgentWork::PowerOff,
    }
}

/// Decides what an event does to a machine.
///
/// A report about the present job that was already taken in changes nothing, so an agent may repeat
/// whatever it did not get an answer to.
///
/// # Errors
/// See [`Refusal`]; the machine stays as it is.
pub fn step(state: &Lifecycle, event: &Event, at: Moment) -> Result<Step, Refusal> {
    let mut step = decided(state, event, at)?;
    let is_same = Status::of(&step.next) == Status::of(state);
    step.next.since = if is_same { state.since } else { Some(at.now) };
    Ok(step)
}

fn decided(state: &Lifecycle, event: &Event, at: Moment) -> Result<Step, Refusal> {
    let change = Change { state, at };
    match event {
        Event::Commission { keeps } => change.commission(*keeps),
        Event::Allocate => change.allocate(),
        Event::Deploy { in_memory } => change.deploy(*in_memory),
        Event::Release { erase } => change.release(*erase),
        Event::Abort => change.abort(),
        Event::MarkBroken { message } => change.mark_broken(message),
        Event::MarkFixed => change.mark_fixed(),
        Event::OverrideFailedTesting => change.override_failed_testing(),
        Event::EnterRescue { was_on, user } => change.enter_rescue(*was_on, *user),
        Event::ExitRescue => change.exit_rescue(),
        Event::AgentStarted => Ok(change.agent_started()),
        Event::Progress { job, message } => change.progress(*job, message),
        Event::Inventoried { job } => change.inventoried(*job),
        Event::Installed { job } => change.installed(*job),
        Event::Erased { job } => change.erased(*job),
        Event::AgentFailed { job, message } => change.agent_failed(*job, message),
        Event::Booting { reached } => Ok(change.booting(*reached)),
        Event::SystemProgress { message } => Ok(change.system_progress(message)),
        Event::BootedDeployed => change.booted_deployed(),
        Event::BootFailed { message } => Ok(change.boot_failed(message)),
        Event::PoweredOff => Ok(change.powered_off()),
        Event::PoweredOn => Ok(change.powered_on()),
        Event::PowerFailed { message } => Ok(change.power_failed(message)),
        Event::Timeout => change.timeout(),
    }
}
