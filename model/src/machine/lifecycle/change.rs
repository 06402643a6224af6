//! A machine's state with the moment of an event, and what all rules of [`step`](super::step) are
//! made from.

use crate::machine::lifecycle::{
    Action, AgentWork, Failure, Kept, Lifecycle, Moment, Phase, Refusal, Stage, Step, agent_work,
};
use crate::machine::status::Status;

/// The machine's state, and the moment something happens to it.
pub(super) struct Change<'a> {
    pub(super) state: &'a Lifecycle,
    pub(super) at: Moment,
}

impl Change<'_> {
    /// A phase in which the agent gets new work.
    pub(super) fn begin(&self, phase: Phase, actions: &[Action]) -> Step {
        let mut step = self.enter(phase, actions);
        step.next.stage = Stage::Waiting;
        step.next.previous = Some(self.state.phase);
        step.next.job += 1;
        self.restart_deadline(&mut step.next);
        step
    }

    /// A phase without work for the agent.
    pub(super) fn enter(&self, phase: Phase, actions: &[Action]) -> Step {
        let next = Lifecycle {
            phase,
            stage: Stage::Done,
            failure: None,
            since: self.state.since,
            previous: self.state.previous,
            deadline: None,
            job: self.state.job,
            netboot: true,
            in_memory: self.state.in_memory && keeps_deployment(phase),
            keeps: Kept::default(),
            reached: None,
            erasure: None,
            progress: String::new(),
            rescue: None,
        };
        Step { next, actions: actions.to_vec() }
    }

    /// Free again, or New where nobody has examined it yet.
    pub(super) fn given_back(&self, actions: &[Action]) -> Step {
        if !self.state.is_unexamined() {
            return self.enter(Phase::Ready, actions);
        }
        let mut step = self.enter(Phase::New, actions);
        step.next.previous = None;
        step
    }

    pub(super) fn fail(&self, message: &str, actions: &[Action]) -> Step {
        let mut next = self.state.clone();
        next.failure = Some(self.failure(message));
        next.deadline = None;
        next.netboot = self.boots_ephemeral();
        Step { next, actions: actions.to_vec() }
    }

    pub(super) fn unchanged(&self) -> Step {
        Step { next: self.state.clone(), actions: Vec::new() }
    }

    pub(super) fn failure(&self, message: &str) -> Failure {
        Failure { message: message.to_owned(), at: self.at.now }
    }

    pub(super) fn agent_works(&self) -> bool {
        match agent_work(self.state) {
            AgentWork::Inventory
            | AgentWork::Install
            | AgentWork::Erase
            | AgentWork::Rescue
            | AgentWork::Wait => true,
            // What an agent does that starts a deployed system again leads nowhere else.
            AgentWork::RunInMemory => self.state.phase == Phase::Deploying,
            AgentWork::Reboot | AgentWork::PowerOff => false,
        }
    }

    /// [Progress](super::progress) restarts the deadline of the phases that have one. Rescue mode itself lasts as long as it is wanted.
    pub(super) fn restart_deadline(&self, next: &mut Lifecycle) {
        let restarted = Some(self.at.now.plus_ms(self.at.node_timeout_ms));
        next.deadline = match next.phase {
            Phase::Commissioning | Phase::Testing | Phase::Deploying | Phase::DiskErasing => {
                restarted
            }
            Phase::Rescue => restarted.filter(|_| next.stage == Stage::Waiting),
            Phase::New
            | Phase::Ready
            | Phase::Allocated
            | Phase::Deployed
            | Phase::Releasing
            | Phase::Broken
            | Phase::Reserved
            | Phase::Retired
            | Phase::Missing => None,
        };
    }

    pub(super) fn present_job(&self, reported: u64) -> Result<(), Refusal> {
        let present = self.state.job;
        if reported == present { Ok(()) } else { Err(Refusal::StaleJob { reported, present }) }
    }

    pub(super) fn only_in(&self, verb: &'static str, allowed: &[Status]) -> Result<(), Refusal> {
        let status = Status::of(self.state);
        if allowed.contains(&status) {
            return Ok(());
        }
        Err(Refusal::WrongStatus { verb, status })
    }

    pub(super) fn not_in(&self, verb: &'static str, forbidden: &[Status]) -> Result<(), Refusal> {
        let status = Status::of(self.state);
        if forbidden.contains(&status) {
            return Err(Refusal::WrongStatus { verb, status });
        }
        Ok(())
    }
}

/// Whether what was deployed may still be there in a phase.
fn keeps_deployment(phase: Phase) -> bool {
    match phase {
        Phase::Deploying | Phase::Deployed | Phase::Broken | Phase::Rescue | Phase::Testing => true,
        Phase::New
        | Phase::Commissioning
        | Phase::Ready
        | Phase::Allocated
        | Phase::Releasing
        | Phase::DiskErasing
        | Phase::Reserved
        | Phase::Retired
        | Phase::Missing => false,
    }
}
