//! What users demand of a machine, and in which statuses it is granted.

use crate::machine::erasure::Erasure;
use crate::machine::lifecycle::change::Change;
use crate::machine::lifecycle::{Action, Kept, Phase, RELEASE_TIMEOUT_MS, Refusal, Step};
use crate::machine::status::Status;

impl Change<'_> {
    pub(super) fn commission(&self, keeps: Kept) -> Result<Step, Refusal> {
        use Status::{Broken, FailedCommissioning, FailedTesting, New, Ready};
        self.only_in("commission", &[New, FailedCommissioning, Ready, Broken, FailedTesting])?;
        let mut step = self.begin(Phase::Commissioning, &[Action::NetworkBoot]);
        step.next.keeps = keeps;
        Ok(step)
    }

    pub(super) fn allocate(&self) -> Result<Step, Refusal> {
        self.only_in("allocate", &[Status::Ready])?;
        Ok(self.enter(Phase::Allocated, &[]))
    }

    pub(super) fn deploy(&self, in_memory: bool) -> Result<Step, Refusal> {
        self.only_in("deploy", &[Status::Ready, Status::Allocated])?;
        let mut step =
            self.begin(Phase::Deploying, &[Action::AssignAddresses, Action::NetworkBoot]);
        step.next.in_memory = in_memory;
        Ok(step)
    }

    pub(super) fn release(&self, erase: Option<Erasure>) -> Result<Step, Refusal> {
        use Status::{
            Allocated, Deployed, Deploying, FailedDeployment, FailedDiskErasing, FailedReleasing,
        };
        self.only_in(
            "release",
            &[Deployed, Deploying, Allocated, FailedDeployment, FailedReleasing, FailedDiskErasing],
        )?;
        let mut step = if erase.is_some() {
            self.begin(Phase::DiskErasing, &[Action::ReleaseAddresses, Action::NetworkBoot])
        } else {
            self.begin(Phase::Releasing, &[Action::ReleaseAddresses, Action::PowerOff])
        };
        if erase.is_none() {
            step.next.deadline = Some(self.at.now.plus_ms(RELEASE_TIMEOUT_MS));
        }
        step.next.erasure = erase;
        if self.state.is_unexamined() {
            step.next.previous = Some(Phase::New);
        }
        Ok(step)
    }

    pub(super) fn abort(&self) -> Result<Step, Refusal> {
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

    pub(super) fn mark_broken(&self, message: &str) -> Result<Step, Refusal> {
        use Status::{
            Broken, EnteringRescueMode, ExitingRescueMode, Missing, RescueMode, Reserved, Retired,
        };
        let unbreakable =
            [Missing, Reserved, Retired, Broken, RescueMode, EnteringRescueMode, ExitingRescueMode];
        self.not_in("mark broken", &unbreakable)?;
        let was = self.lasting_phase();
        let actions: &[Action] = match was {
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
        step.next.previous = Some(was);
        step.next.failure = Some(self.failure(message));
        step.next.netboot = was != Phase::Deployed || step.next.in_memory;
        Ok(step)
    }

    pub(super) fn override_failed_testing(&self) -> Result<Step, Refusal> {
        self.only_in("override the tests of", &[Status::FailedTesting])?;
        let was_deployed = self.state.previous == Some(Phase::Deployed);
        let back = if was_deployed { Phase::Deployed } else { Phase::Ready };
        let mut step = self.enter(back, &[]);
        step.next.previous = None;
        step.next.netboot = !was_deployed || step.next.in_memory;
        Ok(step)
    }

    pub(super) fn mark_fixed(&self) -> Result<Step, Refusal> {
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
        step.next.netboot = back != Phase::Deployed || step.next.in_memory;
        Ok(step)
    }
}
