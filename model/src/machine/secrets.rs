//! What is secret about a machine and belongs in no feed, log or API answer of the machine.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;

/// Secrets of a machine, stored apart from it. The key is the machine.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSecrets {
    /// The machine.
    pub machine: SystemId,
    /// The token of the agent's present boot; empty when no agent was heard of.
    pub agent_token: String,
    /// The password for the BMC account that the agent was asked to make. It becomes a power
    /// parameter only when the agent reports that the account works.
    pub bmc_password: Option<String>,
}

impl std::fmt::Debug for MachineSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MachineSecrets").field("machine", &self.machine).finish_non_exhaustive()
    }
}
