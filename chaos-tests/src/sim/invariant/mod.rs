//! What must hold at every moment, looked at from outside while the cluster runs. One a file.

pub mod applied_monotonic;
pub mod committed_stays;
pub mod digests_equal;
pub mod election_safety;
pub mod log_matching;
pub mod observation;

use std::collections::BTreeMap;

use raft_store::sim::process::Ended;

use self::observation::Observation;
use super::world::World;

/// How much of a log is looked at again.
const OVERLAP: u64 = 48;
/// How many looks there are to one that takes digests.
const DIGEST_EVERY: u64 = 8;

/// All invariants.
#[derive(Debug, Default)]
pub(super) struct Invariants {
    looks: u64,
    seen_to: BTreeMap<u64, u64>,
    election: election_safety::ElectionSafety,
    matching: log_matching::LogMatching,
    committed: committed_stays::CommittedStays,
    applied: applied_monotonic::AppliedMonotonic,
    digests: digests_equal::DigestsEqual,
}

impl Invariants {
    /// Looks at every node that runs.
    ///
    /// # Errors
    /// What does not hold.
    pub(super) fn look(&mut self, world: &World) -> Result<(), String> {
        self.looks += 1;
        for (node, member) in world.members() {
            if let Some(Ended::Failed { reason }) = member.process().ended() {
                return Err(format!("node {node} failed: {reason}"));
            }
            let position = member.position();
            let to = self.seen_to.insert(node, position.last_log).unwrap_or(0);
            let from = to.min(position.applied).min(position.last_log).saturating_sub(OVERLAP);
            let observation = Observation {
                node,
                incarnation: member.process().number(),
                position,
                log: member.log_from(from),
                digest: self.looks.is_multiple_of(DIGEST_EVERY).then(|| member.digest()),
            };
            self.judge(&observation).map_err(|reason| format!("node {node}: {reason}"))?;
        }
        Ok(())
    }

    fn judge(&mut self, observation: &Observation) -> Result<(), String> {
        self.election.look(observation)?;
        self.matching.look(observation)?;
        self.committed.look(observation)?;
        self.applied.look(observation)?;
        self.digests.look(observation)
    }
}
