//! One fault in a run: what was done when, and how clients fared.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::check::Window;
use super::check::answers::{PerDiscover, per_discover};
use super::check::waits::{Question, Waits, gap_of_names, questions, waits};
use super::fault::Deed;
use super::history::History;
use super::kind::{Family, Kind};

/// When the parts of a phase were.
#[derive(Debug, Clone)]
pub struct Phase {
    /// The fault.
    pub name: String,
    /// Whether a rack served all along.
    pub is_served: bool,
    /// Before it: nothing was done.
    pub quiet: Window,
    /// From the harm until all nodes ran again.
    pub harm: Window,
    /// From then on until all was well: all clients had addresses, and the regions knew of them.
    pub recovery: Window,
    /// What was done.
    pub deeds: Vec<Deed>,
    /// What the regions did not know of what clients were told.
    pub lost: Vec<String>,
    /// What went wrong with the fault itself.
    pub failed: Option<String>,
}

impl Phase {
    /// From the harm until all was well.
    #[must_use]
    pub const fn all(&self) -> Window {
        Window { from: self.harm.from, to: self.recovery.to }
    }
}

/// How clients fared in a phase, in seconds since the fleet began.
#[derive(Debug, Clone, Serialize)]
pub struct Fared {
    /// The fault.
    pub name: String,
    /// Whether a rack served all along.
    pub is_served: bool,
    /// When the harm began, when all nodes ran again, and when all was well.
    pub from_s: f64,
    /// When all nodes ran again.
    pub undone_s: f64,
    /// When all was well.
    pub well_s: f64,
    /// What was done, and when.
    pub deeds: Vec<(f64, String)>,
    /// By kind of client.
    pub waits: BTreeMap<&'static str, Waits>,
    /// How often messages of exchanges within the phase were answered, by family.
    pub per_discover: BTreeMap<&'static str, PerDiscover>,
    /// For how long nobody resolved a name for clients that ask once more, seconds.
    pub names_gap_s: f64,
    /// What went wrong with the fault itself.
    pub failed: Option<String>,
}

/// How clients fared in each of the phases.
#[must_use]
pub fn fared(phases: &[Phase], history: &History) -> Vec<Fared> {
    let questions: Vec<(Kind, Vec<Question>)> = Kind::ALL
        .map(|kind| (kind, questions(kind, &history.asks, &history.lookups)))
        .into_iter()
        .collect();
    phases.iter().map(|phase| one(phase, &questions, history)).collect()
}

fn one(phase: &Phase, questions: &[(Kind, Vec<Question>)], history: &History) -> Fared {
    let window = phase.all();
    let of_kind = |(kind, asked): &(Kind, Vec<Question>)| (kind.name(), waits(asked, window));
    let deeds = phase.deeds.iter().map(|deed| (seconds(deed.at), deed.what.clone()));
    Fared {
        name: phase.name.clone(),
        is_served: phase.is_served,
        from_s: seconds(phase.harm.from),
        undone_s: seconds(phase.harm.to),
        well_s: seconds(phase.recovery.to),
        deeds: deeds.collect(),
        waits: questions.iter().map(of_kind).collect(),
        per_discover: Family::ALL
            .map(|family| (family.discover(), per_discover(&history.asks, family, &[window])))
            .into(),
        names_gap_s: gap_of_names(&history.lookups, window).as_secs_f64(),
        failed: phase.failed.clone(),
    }
}

/// Seconds, to a thousandth.
fn seconds(at: Duration) -> f64 {
    (at.as_secs_f64() * 1_000.0).round() / 1_000.0
}
