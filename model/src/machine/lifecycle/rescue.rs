//! Rescue mode: the machine runs the ephemeral OS, in which its owner can log in, and goes back to what it
//! was before. Nothing of that is lost meanwhile: the state from before travels with the present one.

use crate::id::UserId;
use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::{
    Action, Boot, Lifecycle, Phase, RELEASE_TIMEOUT_MS, Refusal, Rescue, Step,
};
use crate::machine::status::Status;

impl Lifecycle {
    /// The phase that it is in, or goes back to when rescue mode ends.
    #[must_use]
    pub fn lasting_phase(&self) -> Phase {
        self.rescue.as_deref().map_or(self.phase, |rescue| rescue.phase)
    }
}

impl Change<'_> {
    pub(super) fn enter_rescue(&self, was_on: bool, user: UserId) -> Result<Step, Refusal> {
        use Status::{
            Allocated, Broken, Deployed, FailedCommissioning, FailedDeployment, FailedDiskErasing,
            FailedEnteringRescueMode, FailedTesting, Missing, New, Ready, Reserved, Retired,
        };
        self.only_in(
            "rescue",
            &[
                New,
                FailedCommissioning,
                Missing,
                Ready,
                Reserved,
                Deployed,
                Retired,
                Broken,
                Allocated,
                FailedDeployment,
                FailedDiskErasing,
                FailedEnteringRescueMode,
                FailedTesting,
            ],
        )?;
        let before = || Rescue {
            phase: self.state.phase,
            stage: self.state.stage,
            failure: self.state.failure.clone(),
            previous: self.state.previous,
            netboot: self.state.netboot,
            was_on,
            user,
        };
        let rescue = match &self.state.rescue {
            Some(rescue) => Rescue { user, ..(**rescue).clone() },
            None => before(),
        };
        let mut step = self.begin(Phase::Rescue, &[Action::NetworkBoot]);
        step.next.previous = Some(rescue.phase);
        step.next.rescue = Some(Box::new(rescue));
        Ok(step)
    }

    pub(super) fn exit_rescue(&self) -> Result<Step, Refusal> {
        use Status::{
            EnteringRescueMode, FailedEnteringRescueMode, FailedExitingRescueMode, RescueMode,
        };
        self.only_in(
            "end the rescue of",
            &[RescueMode, EnteringRescueMode, FailedEnteringRescueMode, FailedExitingRescueMode],
        )?;
        let is_started = self.state.rescue_ends_with_a_start();
        let action = if is_started { Action::DiskBoot } else { Action::PowerOff };
        let mut step = self.enter(Phase::Rescue, &[action]);
        step.next.job += 1;
        step.next.netboot = self.boots_ephemeral();
        step.next.deadline = Some(self.at.now.plus_ms(RELEASE_TIMEOUT_MS));
        step.next.rescue.clone_from(&self.state.rescue);
        Ok(step)
    }

    /// The machine was started, again or for a boot that is waited for.
    pub(super) fn powered_on(&self) -> Step {
        if self.is_leaving(true) { self.rescued() } else { self.booting(Boot::Power) }
    }

    /// Whether it leaves rescue mode, by a start or by being switched off.
    pub(super) fn is_leaving(&self, by_a_start: bool) -> bool {
        Status::of(self.state) == Status::ExitingRescueMode
            && self.state.rescue_ends_with_a_start() == by_a_start
    }

    /// What it was before rescue mode; New when that is not known.
    pub(super) fn rescued(&self) -> Step {
        let mut step = self.enter(Phase::New, &[]);
        step.next.previous = None;
        if let Some(rescue) = self.state.rescue.as_deref() {
            let Rescue { phase, stage, failure, previous, netboot, was_on: _, user: _ } =
                rescue.clone();
            let in_memory = self.state.in_memory;
            step.next =
                Lifecycle { phase, stage, failure, previous, netboot, in_memory, ..step.next };
        }
        step
    }

    /// The phase that it is in, or goes back to.
    pub(super) fn lasting_phase(&self) -> Phase {
        self.state.lasting_phase()
    }

    /// Whether its network boots lead to the ephemeral OS once it is not in rescue mode.
    pub(super) fn boots_ephemeral(&self) -> bool {
        self.state.rescue.as_deref().is_none_or(|rescue| rescue.netboot)
    }
}
