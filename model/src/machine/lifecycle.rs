//! The life of a machine as one pure function, [`step`]: state and event give the next state and
//! what has to be done. MAAS's 23 status names are printed from phase and failure at the REST edge
//! ([`Status`]).
//!
//! The whole behaviour is on one page: `lifecycle/snapshots/` holds the table (status × event).

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::machine::status::Status;
use crate::time::Timestamp;

/// Where a machine is in its life.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Phase {
    /// Seen, not yet accepted.
    #[default]
    New,
    /// Its hardware is being examined.
    Commissioning,
    /// Its hardware is being tested.
    Testing,
    /// Can be allocated.
    Ready,
    /// Belongs to a user.
    Allocated,
    /// An operating system is being installed.
    Deploying,
    /// Runs what was deployed.
    Deployed,
    /// Is being given back: powering off.
    Releasing,
    /// Its disks are being erased before it is given back.
    DiskErasing,
    /// Marked broken by a user.
    Broken,
    /// In, or going into or out of, rescue mode.
    Rescue,
    /// Reserved.
    Reserved,
    /// Not to be used any more.
    Retired,
    /// Did not answer for long.
    Missing,
}

/// How far the agent is with the work of the present phase.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Stage {
    /// The agent was not heard of since the phase began.
    #[default]
    Waiting,
    /// The agent is at work.
    Working,
    /// The agent's part is done; in `Deploying` the machine restarts into its own disk.
    Done,
}

/// What went wrong in the present phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened, for the operator.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// The replicated lifecycle state of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The phase.
    pub phase: Phase,
    /// How far the agent is in it.
    #[serde(default)]
    pub stage: Stage,
    /// Why the phase failed, if it did.
    pub failure: Option<Failure>,
    /// The phase to return to after a test, a rescue or a repair.
    pub previous: Option<Phase>,
    /// When the present phase counts as timed out.
    pub deadline: Option<Timestamp>,
    /// The work that the machine's agent has to do now: a number that changes with every new piece
    /// of work, so that a late report of an earlier one is recognised.
    pub job: u64,
    /// Whether the machine's next network boot runs the ephemeral OS (true) or its own disk.
    pub netboot: bool,
    /// The agent's last words on the present job, for people.
    pub progress: String,
}

/// What happens to a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user wants it commissioned.
    Commission,
    /// A user gets it.
    Allocate,
    /// Its owner wants an operating system on it.
    Deploy,
    /// Its owner gives it back.
    Release {
        /// Whether its disks are erased first.
        erase: bool,
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
    /// Its agent installed the operating system; it restarts from its own disk.
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
    /// The deployed system itself reached the metadata service.
    BootedDeployed,
    /// The deployed system says that its first boot failed.
    BootFailed {
        /// What failed.
        message: String,
    },
    /// Its power is observed to be off, or nobody can switch it.
    PoweredOff,
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
    /// Erase the disks.
    Erase,
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
    if state.failure.is_some() {
        return AgentWork::PowerOff;
    }
    match (state.phase, state.stage) {
        (Phase::New | Phase::Commissioning, Stage::Waiting | Stage::Working) => {
            AgentWork::Inventory
        }
        (Phase::Deploying, Stage::Waiting | Stage::Working) => AgentWork::Install,
        (Phase::Deploying, Stage::Done) | (Phase::Deployed, _) => AgentWork::Reboot,
        (Phase::DiskErasing, Stage::Waiting | Stage::Working) => AgentWork::Erase,
        (Phase::Rescue | Phase::Testing, Stage::Waiting | Stage::Working) => AgentWork::Wait,
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
    let change = Change { state, at };
    match event {
        Event::Commission => change.commission(),
        Event::Allocate => change.allocate(),
        Event::Deploy => change.deploy(),
        Event::Release { erase } => change.release(*erase),
        Event::Abort => change.abort(),
        Event::MarkBroken { message } => change.mark_broken(message),
        Event::MarkFixed => change.mark_fixed(),
        Event::AgentStarted => Ok(change.agent_started()),
        Event::Progress { job, message } => change.progress(*job, message),
        Event::Inventoried { job } => change.inventoried(*job),
        Event::Installed { job } => change.installed(*job),
        Event::Erased { job } => change.erased(*job),
        Event::AgentFailed { job, message } => change.agent_failed(*job, message),
        Event::BootedDeployed => change.booted_deployed(),
        Event::BootFailed { message } => Ok(change.boot_failed(message)),
        Event::PoweredOff => Ok(change.powered_off()),
        Event::PowerFailed { message } => Ok(change.power_failed(message)),
        Event::Timeout => change.timeout(),
    }
}

/// The machine's state, and the moment something happens to it.
struct Change<'a> {
    state: &'a Lifecycle,
    at: Moment,
}

impl Change<'_> {
    fn commission(&self) -> Result<Step, Refusal> {
        use Status::{Broken, FailedCommissioning, FailedTesting, New, Ready};
        self.only_in("commission", &[New, FailedCommissioning, Ready, Broken, FailedTesting])?;
        Ok(self.begin(Phase::Commissioning, &[Action::NetworkBoot]))
    }

    fn allocate(&self) -> Result<Step, Refusal> {
        self.only_in("allocate", &[Status::Ready])?;
        Ok(self.enter(Phase::Allocated, &[]))
    }

    fn deploy(&self) -> Result<Step, Refusal> {
        self.only_in("deploy", &[Status::Ready, Status::Allocated])?;
        Ok(self.begin(Phase::Deploying, &[Action::AssignAddresses, Action::NetworkBoot]))
    }

    fn release(&self, erase: bool) -> Result<Step, Refusal> {
        use Status::{
            Allocated, Deployed, Deploying, FailedDeployment, FailedDiskErasing, FailedReleasing,
        };
        self.only_in(
            "release",
            &[Deployed, Deploying, Allocated, FailedDeployment, FailedReleasing, FailedDiskErasing],
        )?;
        if erase {
            let mut step =
                self.begin(Phase::DiskErasing, &[Action::ReleaseAddresses, Action::NetworkBoot]);
            step.next.deadline = None;
            return Ok(step);
        }
        let mut step = self.begin(Phase::Releasing, &[Action::ReleaseAddresses, Action::PowerOff]);
        step.next.deadline = Some(self.at.now.plus_ms(RELEASE_TIMEOUT_MS));
        Ok(step)
    }

    fn abort(&self) -> Result<Step, Refusal> {
        use Status::{Commissioning, Deploying, DiskErasing, Testing};
        self.only_in("abort", &[Commissioning, Deploying, DiskErasing, Testing])?;
        if self.state.phase == Phase::DiskErasing {
            return Ok(self.fail("disk erasing was aborted", &[Action::PowerOff]));
        }
        if self.state.phase == Phase::Deploying {
            return Ok(self.enter(Phase::Allocated, &[Action::ReleaseAddresses, Action::PowerOff]));
        }
        let tested = self.state.phase == Phase::Testing;
        let back = self.state.previous.filter(|_| tested).unwrap_or(Phase::New);
        let mut step = self.enter(back, &[Action::PowerOff]);
        step.next.previous = None;
        Ok(step)
    }

    fn mark_broken(&self, message: &str) -> Result<Step, Refusal> {
        use Status::{
            Broken, EnteringRescueMode, ExitingRescueMode, Missing, RescueMode, Reserved, Retired,
        };
        let unbreakable =
            [Missing, Reserved, Retired, Broken, RescueMode, EnteringRescueMode, ExitingRescueMode];
        self.not_in("mark broken", &unbreakable)?;
        let actions: &[Action] = match self.state.phase {
            Phase::Deployed | Phase::New | Phase::Ready => &[],
            Phase::Allocated | Phase::Deploying | Phase::DiskErasing | Phase::Releasing => {
                &[Action::ReleaseAddresses, Action::ClearOwner, Action::PowerOff]
            }
            Phase::Commissioning
            | Phase::Testing
            | Phase::Broken
            | Phase::Rescue
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing => &[Action::PowerOff],
        };
        let mut step = self.enter(Phase::Broken, actions);
        step.next.previous = Some(self.state.phase);
        step.next.failure = Some(self.failure(message));
        step.next.netboot = self.state.phase != Phase::Deployed;
        Ok(step)
    }

    fn mark_fixed(&self) -> Result<Step, Refusal> {
        self.only_in("mark fixed", &[Status::Broken])?;
        let back = match self.state.previous {
            Some(Phase::Deployed) => Phase::Deployed,
            Some(
                Phase::Ready
                | Phase::Allocated
                | Phase::Deploying
                | Phase::Releasing
                | Phase::DiskErasing,
            ) => Phase::Ready,
            Some(
                Phase::New
                | Phase::Commissioning
                | Phase::Testing
                | Phase::Broken
                | Phase::Rescue
                | Phase::Reserved
                | Phase::Retired
                | Phase::Missing,
            )
            | None => Phase::New,
        };
        let mut step = self.enter(back, &[]);
        step.next.previous = None;
        step.next.netboot = back != Phase::Deployed;
        Ok(step)
    }

    fn agent_started(&self) -> Step {
        let mut step = self.unchanged();
        if self.agent_works() {
            step.next.stage = Stage::Working;
            self.restart_deadline(&mut step.next);
        }
        step
    }

    fn progress(&self, job: u64, message: &str) -> Result<Step, Refusal> {
        self.present_job(job)?;
        let mut step = self.agent_started();
        if self.agent_works() {
            message.clone_into(&mut step.next.progress);
        }
        Ok(step)
    }

    fn inventoried(&self, job: u64) -> Result<Step, Refusal> {
        self.present_job(job)?;
        if agent_work(self.state) != AgentWork::Inventory {
            return Ok(self.unchanged());
        }
        let mut step = match self.state.phase {
            Phase::Commissioning => self.enter(Phase::Ready, &[Action::PowerOff]),
            Phase::New
            | Phase::Testing
            | Phase::Ready
            | Phase::Allocated
            | Phase::Deploying
            | Phase::Deployed
            | Phase::Releasing
            | Phase::DiskErasing
            | Phase::Broken
            | Phase::Rescue
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing => self.enter(self.state.phase, &[Action::PowerOff]),
        };
        step.next.previous = None;
        Ok(step)
    }

    fn installed(&self, job: u64) -> Result<Step, Refusal> {
        self.present_job(job)?;
        let mut step = self.unchanged();
        if agent_work(self.state) == AgentWork::Install {
            step.next.stage = Stage::Done;
            step.next.netboot = false;
            "installed; starting from disk".clone_into(&mut step.next.progress);
            self.restart_deadline(&mut step.next);
        }
        Ok(step)
    }

    fn erased(&self, job: u64) -> Result<Step, Refusal> {
        self.present_job(job)?;
        if agent_work(self.state) != AgentWork::Erase {
            return Ok(self.unchanged());
        }
        Ok(self.enter(Phase::Ready, &[Action::ClearOwner, Action::PowerOff]))
    }

    fn agent_failed(&self, job: u64, message: &str) -> Result<Step, Refusal> {
        self.present_job(job)?;
        if !self.agent_works() {
            return Ok(self.unchanged());
        }
        if self.state.phase == Phase::New {
            let mut step = self.enter(Phase::New, &[Action::PowerOff]);
            message.clone_into(&mut step.next.progress);
            return Ok(step);
        }
        Ok(self.fail(message, &[]))
    }

    fn booted_deployed(&self) -> Result<Step, Refusal> {
        if self.state.phase == Phase::Deployed {
            return Ok(self.unchanged());
        }
        self.only_in("finish deploying", &[Status::Deploying])?;
        if self.state.stage != Stage::Done {
            let status = Status::of(self.state);
            return Err(Refusal::WrongStatus { verb: "finish deploying", status });
        }
        let mut step = self.enter(Phase::Deployed, &[]);
        step.next.netboot = false;
        Ok(step)
    }

    fn boot_failed(&self, message: &str) -> Step {
        if Status::of(self.state) == Status::Deploying && self.state.stage == Stage::Done {
            return self.fail(message, &[]);
        }
        self.unchanged()
    }

    fn powered_off(&self) -> Step {
        if Status::of(self.state) == Status::Releasing {
            return self.enter(Phase::Ready, &[Action::ClearOwner]);
        }
        self.unchanged()
    }

    /// Fails the phase if it cannot go on without power control: not when the agent is at work.
    fn power_failed(&self, message: &str) -> Step {
        use Status::{Commissioning, Deploying, DiskErasing, Releasing, Testing};
        let status = Status::of(self.state);
        let waits = matches!(status, Commissioning | Deploying | DiskErasing | Testing)
            && self.state.stage == Stage::Waiting;
        if waits || status == Releasing {
            return self.fail(&format!("power control failed: {message}"), &[]);
        }
        self.unchanged()
    }

    fn timeout(&self) -> Result<Step, Refusal> {
        let due = self.state.deadline.is_some_and(|deadline| deadline <= self.at.now);
        if !due || self.state.failure.is_some() {
            return Err(Refusal::NotDue);
        }
        let status = Status::of(self.state).name();
        Ok(self.fail(&format!("{status}: no progress before the deadline"), &[]))
    }

    /// A phase in which the agent gets new work.
    fn begin(&self, phase: Phase, actions: &[Action]) -> Step {
        let mut step = self.enter(phase, actions);
        step.next.stage = Stage::Waiting;
        step.next.previous = Some(self.state.phase);
        step.next.job += 1;
        self.restart_deadline(&mut step.next);
        step
    }

    /// A phase without work for the agent.
    fn enter(&self, phase: Phase, actions: &[Action]) -> Step {
        let next = Lifecycle {
            phase,
            stage: Stage::Done,
            failure: None,
            previous: self.state.previous,
            deadline: None,
            job: self.state.job,
            netboot: true,
            progress: String::new(),
        };
        Step { next, actions: actions.to_vec() }
    }

    fn fail(&self, message: &str, actions: &[Action]) -> Step {
        let mut next = self.state.clone();
        next.failure = Some(self.failure(message));
        next.deadline = None;
        next.netboot = true;
        Step { next, actions: actions.to_vec() }
    }

    fn unchanged(&self) -> Step {
        Step { next: self.state.clone(), actions: Vec::new() }
    }

    fn failure(&self, message: &str) -> Failure {
        Failure { message: message.to_owned(), at: self.at.now }
    }

    fn agent_works(&self) -> bool {
        match agent_work(self.state) {
            AgentWork::Inventory | AgentWork::Install | AgentWork::Erase | AgentWork::Wait => true,
            AgentWork::Reboot | AgentWork::PowerOff => false,
        }
    }

    /// Progress restarts the deadline of the phases that have one.
    fn restart_deadline(&self, next: &mut Lifecycle) {
        next.deadline = match next.phase {
            Phase::Commissioning | Phase::Testing | Phase::Deploying | Phase::Rescue => {
                Some(self.at.now.plus_ms(self.at.node_timeout_ms))
            }
            Phase::New
            | Phase::Ready
            | Phase::Allocated
            | Phase::Deployed
            | Phase::Releasing
            | Phase::DiskErasing
            | Phase::Broken
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing => None,
        };
    }

    fn present_job(&self, reported: u64) -> Result<(), Refusal> {
        let present = self.state.job;
        if reported == present { Ok(()) } else { Err(Refusal::StaleJob { reported, present }) }
    }

    fn only_in(&self, verb: &'static str, allowed: &[Status]) -> Result<(), Refusal> {
        let status = Status::of(self.state);
        if allowed.contains(&status) {
            return Ok(());
        }
        Err(Refusal::WrongStatus { verb, status })
    }

    fn not_in(&self, verb: &'static str, forbidden: &[Status]) -> Result<(), Refusal> {
        let status = Status::of(self.state);
        if forbidden.contains(&status) {
            return Err(Refusal::WrongStatus { verb, status });
        }
        Ok(())
    }
}
