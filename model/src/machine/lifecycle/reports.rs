//! What the agent in the ephemeral OS reports of its present job.

use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::{Action, AgentWork, Phase, Refusal, Stage, Step, agent_work};

impl Change<'_> {
    pub(super) fn agent_started(&self) -> Step {
        let mut step = self.unchanged();
        if self.agent_works() {
            // Rescue mode is reached when the agent says so, and is not left when it starts anew.
            if self.state.phase != Phase::Rescue {
                step.next.stage = Stage::Working;
            }
            self.restart_deadline(&mut step.next);
        }
        step
    }

    pub(super) fn progress(&self, job: u64, message: &str) -> Result<Step, Refusal> {
        self.present_job(job)?;
        let mut step = self.agent_started();
        if self.agent_works() {
            message.clone_into(&mut step.next.progress);
            step.next.stage = Stage::Working;
            self.restart_deadline(&mut step.next);
        }
        Ok(step)
    }

    pub(super) fn inventoried(&self, job: u64) -> Result<Step, Refusal> {
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

    pub(super) fn installed(&self, job: u64) -> Result<Step, Refusal> {
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

    pub(super) fn erased(&self, job: u64) -> Result<Step, Refusal> {
        self.present_job(job)?;
        if agent_work(self.state) != AgentWork::Erase {
            return Ok(self.unchanged());
        }
        Ok(self.given_back(&[Action::ClearOwner, Action::PowerOff]))
    }

    pub(super) fn agent_failed(&self, job: u64, message: &str) -> Result<Step, Refusal> {
        self.present_job(job)?;
        if !self.agent_works() {
            return Ok(self.unchanged());
        }
        // Who is logged in is not thrown out by a repair of the agent's.
        if self.state.phase == Phase::Rescue && self.state.stage == Stage::Working {
            return Ok(self.unchanged());
        }
        if self.state.phase == Phase::New {
            let mut step = self.enter(Phase::New, &[Action::PowerOff]);
            message.clone_into(&mut step.next.progress);
            return Ok(step);
        }
        Ok(self.fail(message, &[]))
    }
}
