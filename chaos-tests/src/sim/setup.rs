//! What a simulated run is made from.

use raft_store::sim::mutant::Mutant;

/// What a run is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Gives everything that happens.
    pub seed: u64,
    /// The deliberate defect that all nodes have.
    pub mutant: Option<Mutant>,
}
