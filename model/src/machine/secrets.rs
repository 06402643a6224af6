//! What is secret about a machine and belongs in no feed, log or API answer of the machine.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;
use crate::secret::Secret;

/// Secrets of a machine, stored apart from it. The key is the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSecrets {
    /// The machine.
    pub machine: SystemId,
    /// The token of the agent's present boot; empty when no agent was heard of.
    pub agent_token: Secret,
    /// The password for the BMC account that the agent was asked to make. It becomes a power
    /// parameter only when the agent reports that the account works.
    pub bmc_password: Option<Secret>,
}
