//! What a run of continuity showed: every goal beside its figure, how long each kind of client was without an answer in each
//! fault, and how many were answered in each second.

mod chart;
pub mod made;
mod page;
pub mod text;
pub mod write;

use std::collections::BTreeMap;

use serde::Serialize;

use super::goal::Goal;
use super::phase::Fared;
use super::site::REGIONS;

/// A report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// When it ended, in words.
    pub ended: String,
    /// What it ran on.
    pub machine: String,
    /// How many racks the site had.
    pub racks: u8,
    /// Who the clients were, in words.
    pub clients: String,
    /// How it is run again.
    pub replay: String,
    /// How long it took, seconds since the clients came.
    pub seconds: f64,
    /// What was to be shown, and what was.
    pub goals: Vec<Goal>,
    /// The faults, in their order.
    pub phases: Vec<Fared>,
    /// How many clients of each kind were answered in each second.
    pub timeline: BTreeMap<&'static str, Timeline>,
}

/// Counts of seconds, one after the other, in one line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline(pub Vec<u32>);

impl Serialize for Timeline {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        serializer.serialize_str(&counts.join(" "))
    }
}

impl Report {
    /// What the site was, in words.
    #[must_use]
    pub fn site(&self) -> String {
        format!("{REGIONS} regions, and {} racks on one link", self.racks)
    }

    /// Whether all goals were met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.goals.iter().all(|goal| goal.met)
    }

    /// The goals in a line: what was found, and of those that were missed what contradicts them.
    #[must_use]
    pub fn summary(&self) -> String {
        let found = self.goals.iter().map(|goal| format!("{}: {}", goal.claim, goal.found));
        let missed = self.goals.iter().flat_map(|goal| goal.contradictions.iter().cloned());
        found.chain(missed).collect::<Vec<_>>().join("; ")
    }
}
