//! A node leads only with its own vote, and never forgets a vote with which it led (Raft §5.2).
//!
//! A leader is named by term and node, so two leaders never share a name; what could go wrong is that
//! a node that comes back from a crash does not know any more for whom it voted.

use std::collections::BTreeMap;

use super::observation::Observation;

/// The greatest vote with which each node led.
#[derive(Debug, Clone, Default)]
pub struct ElectionSafety {
    led: BTreeMap<u64, (u64, u64)>,
}

impl ElectionSafety {
    /// Looks at a node.
    ///
    /// # Errors
    /// When it leads with the vote of another, or has an older vote than one it led with.
    pub fn look(&mut self, observation: &Observation) -> Result<(), String> {
        let (node, vote) = (observation.node, observation.position.vote);
        let led = self.led.entry(node).or_default();
        if vote < *led {
            return Err(format!("it led with vote {led:?} and now has vote {vote:?}"));
        }
        if observation.position.leading {
            if vote.1 != node {
                return Err(format!("it leads with vote {vote:?}, which is not its own"));
            }
            *led = vote;
        }
        Ok(())
    }
}
