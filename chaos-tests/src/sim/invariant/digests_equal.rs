//! Replicas that applied the same entries have the same state (Raft §5.4.3, State Machine Safety).

use super::sight::Sight;
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
    pub fn look(&mut self, sight: &Sight) -> Result<(), String> {
        let Some((index, digest)) = sight.digest else { return Ok(()) };
        self.digests.observe(sight.node, index, digest)
    }
}
