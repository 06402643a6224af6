//! What counts as progress of a phase that has a deadline: each sign of it moves the deadline. What is only repeated is
//! none, so that a machine that boots over and over, or whose agent stays at one step, is found.

use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::state::Boot;
use crate::machine::lifecycle::{Phase, Stage, Step};

impl Change<'_> {
    /// Its boot was seen to come that far.
    pub(super) fn booting(&self, reached: Boot) -> Step {
        let mut step = self.unchanged();
        let stage = self.state.stage;
        let boots = stage == Stage::Waiting
            || (stage == Stage::Done && self.state.phase == Phase::Deploying);
        if boots && self.state.failure.is_none() && self.state.deadline.is_some() {
            self.reach(&mut step, reached);
        }
        step
    }

    /// Notes how far its boot came, which is progress when it was not seen to come that far before.
    pub(super) fn reach(&self, step: &mut Step, reached: Boot) {
        if self.state.reached < Some(reached) {
            step.next.reached = Some(reached);
            self.restart_deadline(&mut step.next);
        }
    }

    /// What the agent or the deployed system does now: progress when it did something else before.
    pub(super) fn tell(&self, step: &mut Step, message: &str) {
        if self.state.progress != message {
            message.clone_into(&mut step.next.progress);
            self.restart_deadline(&mut step.next);
        }
    }

    /// The deployed system goes on with its first boot.
    pub(super) fn system_progress(&self, message: &str) -> Step {
        let mut step = self.unchanged();
        if self.was_started() && self.state.failure.is_none() {
            self.tell(&mut step, message);
        }
        step
    }
}
