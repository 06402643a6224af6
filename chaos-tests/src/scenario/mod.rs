//! A scenario: a cluster at work, faults, healing, and what must be true then.
//!
//! What fails a scenario is a broken promise or a cluster that does not come back. How long nobody
//! could write is reported, because on a busy machine it says little. A scenario in which too
//! little happened proves nothing and is called inconclusive.

pub mod catalog;
pub mod run;
pub mod truth;
pub mod verify;

use std::time::Duration;

use serde::Serialize;

use crate::cluster::Plan;
use crate::fault::Fault;
use crate::fault::timeline::Event;
use crate::report::gaps::Gap;

/// What is done to which cluster.
#[derive(Debug)]
pub struct Scenario {
    /// Its name, unique in the catalog.
    pub name: String,
    /// The cluster.
    pub plan: Plan,
    /// What happens to it, all at once.
    pub faults: Vec<Box<dyn Fault>>,
    /// How long.
    pub span: Duration,
    /// Whether clients must get answers meanwhile.
    pub serves: bool,
    /// Decides what is left to chance.
    pub seed: u64,
}

/// What a scenario proved; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All promises were kept.
    Pass,
    /// Too little happened to say.
    Inconclusive,
    /// A promise was broken, or the cluster did not come back.
    Fail,
}

/// A claim that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What was claimed.
    pub claim: String,
    /// What it proved.
    pub verdict: Verdict,
    /// Figures, or what contradicts the claim.
    pub detail: String,
}

/// Operations that were answered with success.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Acknowledged {
    /// Before the faults.
    pub before: u64,
    /// While they lasted.
    pub during: u64,
    /// After they were healed.
    pub after: u64,
}

/// What came of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// The seed of the catalog that it is from.
    pub seed: u64,
    /// What it proved: the worst of its checks.
    pub verdict: Verdict,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What was done, on the clock of the history.
    pub events: Vec<Event>,
    /// The answers.
    pub acknowledged: Acknowledged,
    /// Operations whose outcome their clients never knew.
    pub unknown: u64,
    /// The times in which nobody could write.
    pub gaps: Vec<Gap>,
    /// From when to when clients worked, nanoseconds on the clock of the history.
    pub worked_ns: (u64, u64),
    /// How long the cluster took until all agreed, after the last operation.
    pub converged_ms: Option<u64>,
    /// How long all of it took.
    pub seconds: f64,
}
