//! Power: how a machine is switched, and jobs for the racks that reach its BMC.

pub mod driver;
pub mod form;
pub mod parameters;

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::machine::power::parameters::PowerParameters;
use crate::time::Timestamp;

/// What a BMC says, or that it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PowerState {
    /// On.
    On,
    /// Off.
    Off,
    /// Never asked.
    #[default]
    Unknown,
    /// The BMC did not answer or refused.
    Error,
}

/// A machine's power settings and last known state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// The driver's name in MAAS: `ipmi`, `manual`, …; empty when not known.
    pub driver: String,
    /// The driver's parameters, such as `power_address`, `power_user`, `power_pass`.
    pub parameters: PowerParameters,
    /// What was last observed.
    pub state: PowerState,
    /// When it was observed.
    pub observed: Option<Timestamp>,
}

impl Power {
    /// Where its BMC is reached; none when nobody said so. An address of IPv6 may be written in brackets, as in MAAS.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        let written = self.parameters.public("power_address")?;
        let bare = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        Some(bare.unwrap_or(written)).filter(|address| !address.is_empty())
    }

    /// Whether racks can switch the machine.
    #[must_use]
    pub fn is_switchable(&self) -> bool {
        !matches!(self.driver.as_str(), "" | "manual")
    }
}

/// What to do with a machine's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PowerAction {
    /// Boot from the network: set the boot device, then on, or off and on when it is on.
    NetworkBoot,
    /// Switch on, whatever it boots.
    On,
    /// Switch off.
    Off,
    /// Only ask for the state.
    Query,
}

/// Work for a rack: at most one per machine, replaced by a newer one. Deleted when reported done.
///
/// It is written in the same transaction as the change of the machine that wants it, so no crash
/// can separate the two; racks find it in their feed and may run it twice, which is harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerJob {
    /// The machine.
    pub machine: SystemId,
    /// The revision-independent id of this job: a random number; a newer job has another.
    pub id: u64,
    /// What to do.
    pub action: PowerAction,
    /// The driver to use.
    pub driver: String,
    /// Its parameters, credentials included: sent only to the rack that runs it.
    pub parameters: PowerParameters,
    /// The rack that shall run it; the leader chooses another when that one is gone.
    pub rack: Option<SystemId>,
    /// How often it was handed out.
    pub attempt: u32,
    /// When it was last handed out.
    pub assigned: Timestamp,
}
