//! Replicas that applied the same entries have the same state (Raft §5.4.3, State Machine Safety).

use super::observation::Observation;
use crate::check::digest::Digests;

/// The digests of all indexes that were seen.
#[derive(Debug, Clone, Default)]
pub struct DigestsEqual {
    digests: Digests,
}

impl DigestsEqual {
    /// Looks at a node.
    ///
    /// # Errors
    /// When another node had another state at the same index.
    pub fn look(&mut self, observation: &Observation) -> Result<(), String> {
        let Some((index, digest)) = observation.digest else { return Ok(()) };
        self.digests.observe(observation.node, index, digest)
    }
}
