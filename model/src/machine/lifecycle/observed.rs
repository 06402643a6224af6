//! What is observed of a machine from outside: its deployed system, its power, the clock.

use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::{Action, Phase, Refusal, Stage, Step};
use crate::machine::status::Status;

impl Change<'_> {
    pub(super) fn booted_deployed(&self) -> Result<Step, Refusal> {
        if self.state.phase == Phase::Deployed {
            return Ok(self.unchanged());
        }
        self.only_in("finish deploying", &[Status::Deploying])?;
        if self.state.stage != Stage::Done {
            let status = Status::of(self.state);
            return Err(Refusal::WrongStatus { verb: "finish deploying", status });
        }
        let mut step = self.enter(Phase::Deployed, &[]);
        step.next.netboot = self.state.in_memory;
        Ok(step)
    }

    pub(super) fn boot_failed(&self, message: &str) -> Step {
        if Status::of(self.state) == Status::Deploying && self.state.stage == Stage::Done {
            return self.fail(message, &[]);
        }
        self.unchanged()
    }

    pub(super) fn powered_off(&self) -> Step {
        if Status::of(self.state) == Status::Releasing {
            return self.given_back(&[Action::ClearOwner]);
        }
        if self.is_leaving(false) {
            return self.rescued();
        }
        self.unchanged()
    }

    /// Fails the phase if it cannot go on without power control: not when the agent is at work.
    pub(super) fn power_failed(&self, message: &str) -> Step {
        use Status::{
            Commissioning, Deploying, DiskErasing, EnteringRescueMode, ExitingRescueMode,
            Releasing, Testing,
        };
        let status = Status::of(self.state);
        let waits = matches!(
            status,
            Commissioning | Deploying | DiskErasing | EnteringRescueMode | Testing
        ) && self.state.stage == Stage::Waiting;
        if waits || matches!(status, Releasing | ExitingRescueMode) {
            return self.fail(&format!("power control failed: {message}"), &[]);
        }
        self.unchanged()
    }

    pub(super) fn timeout(&self) -> Result<Step, Refusal> {
        let due = self.state.deadline.is_some_and(|deadline| deadline <= self.at.now);
        if !due || self.state.failure.is_some() {
            return Err(Refusal::NotDue);
        }
        let status = Status::of(self.state).name();
        let mut message = format!("{status}: no progress before the deadline");
        if !self.state.progress.is_empty() {
            message = format!("{message}; last was: {}", self.state.progress);
        }
        Ok(self.fail(&message, &[]))
    }
}
