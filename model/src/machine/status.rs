//! MAAS's 23 statuses: one flat list that crosses phase, stage and failure. Ironraft stores those
//! three and prints the status; nothing decides by reading a status name back.

use crate::machine::lifecycle::{Lifecycle, Phase, Stage};

macro_rules! statuses {
    ($($variant:ident = $code:literal, $constraint:literal, $name:literal;)+) => {
        /// A MAAS node status. The discriminant is MAAS's code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "MAAS's own names, explained by `name`")]
        pub enum Status { $($variant = $code,)+ }

        impl Status {
            /// All statuses, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// `status_name` of MAAS's API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The lower-case word that the `status` filter takes.
            #[must_use]
            pub const fn filter_name(self) -> &'static str {
                match self { $(Self::$variant => $constraint,)+ }
            }
        }
    };
}

statuses! {
    New = 0, "new", "New";
    Commissioning = 1, "commissioning", "Commissioning";
    FailedCommissioning = 2, "failed_commissioning", "Failed commissioning";
    Missing = 3, "missing", "Missing";
    Ready = 4, "ready", "Ready";
    Reserved = 5, "reserved", "Reserved";
    Deployed = 6, "deployed", "Deployed";
    Retired = 7, "retired", "Retired";
    Broken = 8, "broken", "Broken";
    Deploying = 9, "deploying", "Deploying";
    Allocated = 10, "allocated", "Allocated";
    FailedDeployment = 11, "failed_deployment", "Failed deployment";
    Releasing = 12, "releasing", "Releasing";
    FailedReleasing = 13, "failed_releasing", "Releasing failed";
    DiskErasing = 14, "disk_erasing", "Disk erasing";
    FailedDiskErasing = 15, "failed_disk_erasing", "Failed disk erasing";
    RescueMode = 16, "rescue_mode", "Rescue mode";
    EnteringRescueMode = 17, "entering_rescue_mode", "Entering rescue mode";
    FailedEnteringRescueMode = 18, "failed_entering_rescue_mode", "Failed to enter rescue mode";
    ExitingRescueMode = 19, "exiting_rescue_mode", "Exiting rescue mode";
    FailedExitingRescueMode = 20, "failed_exiting_rescue_mode", "Failed to exit rescue mode";
    Testing = 21, "testing", "Testing";
    FailedTesting = 22, "failed_testing", "Failed testing";
}

impl Status {
    /// MAAS's number for it.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// MAAS's coarser word, `simple_status` of the machine filters.
    #[must_use]
    pub const fn simple_name(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Broken => "broken",
            Self::Commissioning => "commissioning",
            Self::Deployed => "deployed",
            Self::Deploying => "deploying",
            Self::FailedCommissioning
            | Self::FailedDeployment
            | Self::FailedReleasing
            | Self::FailedDiskErasing
            | Self::FailedEnteringRescueMode
            | Self::FailedExitingRescueMode
            | Self::FailedTesting => "failed",
            Self::New => "new",
            Self::Ready => "ready",
            Self::Releasing | Self::DiskErasing => "releasing",
            Self::RescueMode | Self::EnteringRescueMode | Self::ExitingRescueMode => "rescue mode",
            Self::Testing => "testing",
            Self::Missing | Self::Reserved | Self::Retired => "other",
        }
    }

    /// The status of a machine in this state.
    #[must_use]
    pub const fn of(state: &Lifecycle) -> Self {
        let failed = state.failure.is_some();
        match (state.phase, failed) {
            (Phase::New, _) => Self::New,
            (Phase::Commissioning, false) => Self::Commissioning,
            (Phase::Commissioning, true) => Self::FailedCommissioning,
            (Phase::Testing, false) => Self::Testing,
            (Phase::Testing, true) => Self::FailedTesting,
            (Phase::Ready, _) => Self::Ready,
            (Phase::Allocated, _) => Self::Allocated,
            (Phase::Deploying, false) => Self::Deploying,
            (Phase::Deploying, true) => Self::FailedDeployment,
            (Phase::Deployed, _) => Self::Deployed,
            (Phase::Releasing, false) => Self::Releasing,
            (Phase::Releasing, true) => Self::FailedReleasing,
            (Phase::DiskErasing, false) => Self::DiskErasing,
            (Phase::DiskErasing, true) => Self::FailedDiskErasing,
            (Phase::Broken, _) => Self::Broken,
            (Phase::Rescue, failed) => Self::of_rescue(state.stage, failed),
            (Phase::Reserved, _) => Self::Reserved,
            (Phase::Retired, _) => Self::Retired,
            (Phase::Missing, _) => Self::Missing,
        }
    }

    const fn of_rescue(stage: Stage, failed: bool) -> Self {
        match (stage, failed) {
            (Stage::Waiting, false) => Self::EnteringRescueMode,
            (Stage::Waiting, true) => Self::FailedEnteringRescueMode,
            (Stage::Working, _) => Self::RescueMode,
            (Stage::Done, false) => Self::ExitingRescueMode,
            (Stage::Done, true) => Self::FailedExitingRescueMode,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn codes_are_the_positions_of_maas() {
        for (position, status) in Status::ALL.iter().enumerate() {
            assert_eq!(usize::from(status.code()), position, "{}", status.name());
        }
        assert_eq!(Status::ALL.len(), 23);
    }
}
