//! What a node applied it never takes back while it lives (Raft §5.3: entries are applied in order).

use std::collections::BTreeMap;

use super::observation::Observation;

/// The last applied entry of each process.
#[derive(Debug, Clone, Default)]
pub struct AppliedMonotonic {
    applied: BTreeMap<(u64, u64), u64>,
}

impl AppliedMonotonic {
    /// Looks at a node.
    ///
    /// # Errors
    /// When it applied less than before.
    pub fn look(&mut self, observation: &Observation) -> Result<(), String> {
        let now = observation.position.applied;
        let process = (observation.node, observation.incarnation);
        let before = self.applied.insert(process, now).unwrap_or(0);
        if now < before {
            return Err(format!("it applied up to {before} and now only up to {now}"));
        }
        Ok(())
    }
}
