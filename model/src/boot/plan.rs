//! The boot plan: what a network boot leads to.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::machine::Machine;
use crate::machine::lifecycle::Phase;

/// What a machine that boots from the network shall boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BootPlan {
    /// The ephemeral OS with the agent; the id is absent for a machine that is not known yet.
    Ephemeral {
        /// The machine.
        system_id: Option<SystemId>,
    },
    /// Its own disk.
    LocalDisk,
}

/// Decides what a network boot of this machine leads to; an unknown machine is enlisted.
///
/// Only a machine whose own disk holds what was deployed boots from it; every other one meets the
/// agent, which starts what was deployed in memory, and is told to power off when there is nothing to do.
#[must_use]
pub fn boot_plan(machine: Option<&Machine>) -> BootPlan {
    let Some(machine) = machine else {
        return BootPlan::Ephemeral { system_id: None };
    };
    let installed = matches!(
        machine.lifecycle.phase,
        Phase::Deploying | Phase::Deployed | Phase::Broken | Phase::Rescue
    );
    if installed && !machine.lifecycle.netboot {
        BootPlan::LocalDisk
    } else {
        BootPlan::Ephemeral { system_id: Some(machine.system_id.clone()) }
    }
}
