//! What the agent in the ephemeral OS reports of its present job.

use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::{Action, AgentWork, Boot, Phase, Refusal, Stage, Step, agent_work};

impl Change<'_> {
    pub(super) fn agent_started(&self) -> Step {
        let mut step = self.unchanged();
        if self.agent_works() {
            // Rescue mode is reached when the agent says so, and is not left when it starts anew. A system in memory
            // may have been started by what is told late.
            if self.state.phase != Phase::Rescue && !self.was_started() {
                step.next.stage = Stage::Working;
            }
            self.reach(&mut step, Boot::Agent);
        }
        step
    }

    pub(super) fn progress(&self, job: u64, message: &str) -> Result<Step, Refusal> {
        self.present_job(job)?;
        let mut step = self.agent_started();
        if self.agent_works() && !self.was_started() {
            step.next.stage = Stage::Working;
            self.tell(&mut step, message);
            if self.state.stage != Stage::Working {
                self.restart_deadline(&mut step.next);
            }
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
        let (in_memory, progress) = match agent_work(self.state) {
            AgentWork::Install => (false, "installed; starting from disk"),
            // Once it was started, a boot that starts it again is no progress.
            AgentWork::RunInMemory if self.agent_works() && !self.was_started() => {
                (true, "unpacked; starting in memory")
            }
            AgentWork::RunInMemory
            | AgentWork::Inventory
            | AgentWork::Erase
            | AgentWork::Rescue
            | AgentWork::Wait
            | AgentWork::Reboot
            | AgentWork::PowerOff => return Ok(step),
        };
        step.next.stage = Stage::Done;
        step.next.netboot = in_memory;
        step.next.reached = None;
        progress.clone_into(&mut step.next.progress);
        self.restart_deadline(&mut step.next);
        Ok(step)
    }

    /// Whether the system of a deployment was started, and did not reach the metadata service yet.
    pub(super) fn was_started(&self) -> bool {
        self.state.phase == Phase::Deploying && self.state.stage == Stage::Done
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
