//! The replicated state of a machine's life.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::machine::erasure::Erasure;
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

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 14] = [
        Self::New,
        Self::Commissioning,
        Self::Testing,
        Self::Ready,
        Self::Allocated,
        Self::Deploying,
        Self::Deployed,
        Self::Releasing,
        Self::DiskErasing,
        Self::Broken,
        Self::Rescue,
        Self::Reserved,
        Self::Retired,
        Self::Missing,
    ];
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
    /// Since when the status is what it is; none of what was written before that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The phase to return to after a test, a rescue or a repair.
    pub previous: Option<Phase>,
    /// When the present phase counts as timed out, unless there is [progress](Boot) before.
    pub deadline: Option<Timestamp>,
    /// The work that the machine's agent has to do now: a number that changes with every new piece
    /// of work, so that a late report of an earlier one is recognised.
    pub job: u64,
    /// Whether the machine's next network boot runs the ephemeral OS (true) or its own disk.
    pub netboot: bool,
    /// Whether the operating system of its deployment runs in memory: each boot leads to the ephemeral OS, whose agent
    /// starts it anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_memory: bool,
    /// What commissioning leaves as it is.
    #[serde(default, skip_serializing_if = "Kept::is_nothing")]
    pub keeps: Kept,
    /// How far its boot was seen to come in the present phase, since the agent's part of it if that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Boot>,
    /// How the disks are being erased; one whose erasing began before that was noted is erased [quickly](Erasure::QUICK).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<Erasure>,
    /// The agent's last words on the present job, for people.
    pub progress: String,
    /// What the machine was before it went into rescue mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescue: Option<Box<Rescue>>,
}

/// What commissioning leaves as it is (MAAS's `skip_storage` and `skip_networking`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The disks that are known, and what is made of them.
    #[serde(default)]
    pub storage: bool,
    /// Names and links of network interfaces, and what is made of them.
    #[serde(default)]
    pub networking: bool,
}

impl Kept {
    /// Whether all is made anew.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a machine was before it went into rescue mode, and goes back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescue {
    /// The phase.
    pub phase: Phase,
    /// How far the agent was in it.
    pub stage: Stage,
    /// Why it had failed, if it had.
    pub failure: Option<Failure>,
    /// The phase to return to from there.
    pub previous: Option<Phase>,
    /// Whether a network boot led to the ephemeral OS.
    pub netboot: bool,
    /// Whether the machine was on, as far as is known.
    pub was_on: bool,
    /// Who asked for rescue mode, and may log in besides the owner.
    pub user: UserId,
}

impl Lifecycle {
    /// That of a machine that runs already when it is made known: nothing is done to it, and
    /// nothing is known of its hardware, so that it is [New](Phase::New) when it is given back.
    #[must_use]
    pub fn of_running() -> Self {
        Self {
            phase: Phase::Deployed,
            stage: Stage::Done,
            previous: Some(Phase::New),
            ..Self::default()
        }
    }

    /// Whether its deployed system runs in memory, so that the agent starts it whenever the machine boots.
    #[must_use]
    pub fn runs_in_memory(&self) -> bool {
        self.in_memory && is_deployed(self.phase, self.previous)
    }

    /// Whether the machine is started when rescue mode ends: from its own disk, or in memory again. One that has
    /// nothing to run there is switched off.
    #[must_use]
    pub fn rescue_ends_with_a_start(&self) -> bool {
        self.rescue.as_deref().is_some_and(|rescue| {
            let in_memory = self.in_memory && is_deployed(rescue.phase, rescue.previous);
            rescue.was_on && (!rescue.netboot || in_memory)
        })
    }

    /// Since when the status is what it is, as far as that is known: of what was written before it was noted, only
    /// failures say it.
    #[must_use]
    pub fn status_since(&self) -> Option<Timestamp> {
        self.since.or_else(|| self.failure.as_ref().map(|failure| failure.at))
    }

    /// Whether it was [made known while it ran](Self::of_running), and is not given back yet.
    pub(super) fn is_unexamined(&self) -> bool {
        let is_given_back =
            matches!(self.phase, Phase::Deployed | Phase::Releasing | Phase::DiskErasing);
        is_given_back && self.previous == Some(Phase::New)
    }
}

/// Whether a machine has its deployed system in a phase: it is deployed, or was when it was marked broken.
fn is_deployed(phase: Phase, previous: Option<Phase>) -> bool {
    phase == Phase::Deployed || (phase == Phase::Broken && previous == Some(Phase::Deployed))
}

/// How far the boot of a machine was seen to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Boot {
    /// It was switched on.
    Power,
    /// It got an address.
    Address,
    /// It loaded a boot program.
    Program,
    /// It asked what to boot.
    Script,
    /// The agent in the ephemeral OS said hello.
    Agent,
}
