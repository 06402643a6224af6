//! What a run of chaos proved, for people: a page and a text.

pub mod chart;
pub mod gaps;
pub mod page;
pub mod text;
mod write;

use serde::Serialize;

use crate::scenario::{Outcome, Verdict};

/// A part of the run that is not a scenario: simulation, crash fuzzing.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// What it proved.
    pub verdict: Verdict,
    /// Figures, or what went wrong.
    pub detail: String,
    /// The command that runs it again.
    pub replay: String,
    /// How long it took.
    pub seconds: f64,
}

/// Everything that was done and proved.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// When it began, in words.
    pub began: String,
    /// What it ran on.
    pub machine: String,
    /// How long it took.
    pub seconds: f64,
    /// How long it was meant to take.
    pub budget_seconds: u64,
    /// Parts that are not scenarios.
    pub parts: Vec<Part>,
    /// Scenarios that ran.
    pub outcomes: Vec<Outcome>,
    /// Scenarios for which there was no time, or that could not be built, with the reason.
    pub skipped: Vec<(String, String)>,
}

impl Report {
    /// What all of it proves: the worst verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let scenarios = self.outcomes.iter().map(|outcome| outcome.verdict);
        let parts = self.parts.iter().map(|part| part.verdict);
        scenarios.chain(parts).max().unwrap_or(Verdict::Inconclusive)
    }

    /// How many scenarios and parts came to a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let scenarios = self.outcomes.iter().map(|outcome| outcome.verdict);
        let parts = self.parts.iter().map(|part| part.verdict);
        scenarios.chain(parts).filter(|one| *one == verdict).count()
    }
}

/// A verdict as a word.
#[must_use]
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "FAIL",
    }
}

/// The command that runs one scenario again.
#[must_use]
pub fn replay(outcome: &Outcome) -> String {
    format!("make chaos CHAOS_SEED={} CHAOS_ONLY='{}'", outcome.seed, outcome.name)
}

/// The longest time in which nobody could write, milliseconds; `None` when there was no gap.
#[must_use]
pub fn longest_gap_ms(outcome: &Outcome) -> Option<u64> {
    outcome.gaps.iter().map(gaps::Gap::milliseconds).max()
}

/// What did not hold, one line each.
#[must_use]
pub fn contradictions(outcome: &Outcome) -> Vec<String> {
    let broken = outcome.checks.iter().filter(|check| check.verdict != Verdict::Pass);
    broken.map(|check| format!("not true: {}: {}", check.claim, check.detail)).collect()
}
