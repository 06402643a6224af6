//! What a run is to show, beside what it showed.

use std::time::Duration;

use serde::Serialize;

use super::check::answers::{PerDiscover, per_discover};
use super::check::waits::gap_of_names;
use super::check::{Window, names, owners, refused};
use super::history::{History, Resolved};
use super::kind::Family;
use super::phase::Phase;

/// How goals begin that are about how many answer a client.
const PER_DISCOVER: &str = "answers per ";
const DNS_GAP: &str = "DNS gap for clients that ask once more, while a rack serves";
/// Contradictions that are shown.
const SHOWN_MAX: usize = 20;

/// A goal and its figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// What is to be.
    pub claim: String,
    /// The figure that is wanted.
    pub wanted: String,
    /// The figure that was seen.
    pub found: String,
    /// Whether it was met.
    pub met: bool,
    /// What contradicts it.
    pub contradictions: Vec<String>,
}

impl Goal {
    /// Whether a host that is slow misses it, too: it is about how soon somebody answers, and not about what was promised.
    #[must_use]
    pub fn is_of_speed(&self) -> bool {
        self.claim.starts_with(PER_DISCOVER) || self.claim == DNS_GAP
    }
}

/// The goals of a run that lasted until `end`.
#[must_use]
pub fn goals(history: &History, phases: &[Phase], end: Duration) -> Vec<Goal> {
    let shared = owners::shared(&history.holdings);
    let mut refused = refused::refused(&history.refusals);
    refused.extend(refused::moved(&history.holdings));
    refused.extend(refused::lapsed(&history.holdings, &served(phases, end)));
    let failed: Vec<String> = phases.iter().filter_map(failure).collect();
    let mut goals = vec![
        none("addresses with two live owners", shared),
        none("renewals refused that could be granted", refused),
        none_lost(phases),
    ];
    let quiet = quiet(phases, end);
    for family in Family::ALL {
        let sum = per_discover(&history.asks, family, &quiet);
        goals.push(answered_once(family.discover(), sum));
    }
    goals.push(no_gap_of_names(history, phases));
    goals.push(none("wrong answers for names", names::wrong(&history.lookups)));
    goals.push(none("faults that could not be done or undone", failed));
    goals
}

fn failure(phase: &Phase) -> Option<String> {
    phase.failed.as_ref().map(|failed| format!("{}: {failed}", phase.name))
}

/// Something of which there must be none.
fn none(claim: &str, contradictions: Vec<String>) -> Goal {
    Goal {
        claim: claim.to_owned(),
        wanted: "0".to_owned(),
        found: contradictions.len().to_string(),
        met: contradictions.is_empty(),
        contradictions: contradictions.into_iter().take(SHOWN_MAX).collect(),
    }
}

/// No lease is lost. Where a fault could not be done or undone, nobody looked.
fn none_lost(phases: &[Phase]) -> Goal {
    let lost: Vec<String> = phases.iter().flat_map(|phase| phase.lost.clone()).collect();
    let goal = none("acknowledged leases lost", lost);
    let judged = phases.iter().filter(|phase| phase.failed.is_none()).count();
    if judged == phases.len() {
        return goal;
    }
    let found =
        format!("{} in {judged} of {} faults, the others not judged", goal.found, phases.len());
    Goal { found, met: false, ..goal }
}

fn answered_once(name: &str, sum: PerDiscover) -> Goal {
    let PerDiscover { discovers, offers, unanswered, too_many } = sum;
    let mean = sum.mean().map_or_else(|| "none asked".to_owned(), |mean| format!("{mean:.2}"));
    let detail = format!(
        "{offers} answers for {discovers}: {unanswered} without one, {too_many} beyond the first"
    );
    Goal {
        claim: format!("{PER_DISCOVER}{name} outside of faults"),
        wanted: "1.00".to_owned(),
        found: format!("{mean} ({offers} for {discovers})"),
        met: discovers > 0 && sum.is_one(),
        contradictions: if sum.is_one() { Vec::new() } else { vec![detail] },
    }
}

/// While a rack serves, names are resolved for whoever asks a second server.
fn no_gap_of_names(history: &History, phases: &[Phase]) -> Goal {
    let gaps = phases.iter().filter(|phase| phase.is_served).map(|phase| {
        let gap = gap_of_names(&history.lookups, phase.all()).as_secs_f64();
        (gap, &phase.name)
    });
    let longest = gaps.clone().map(|(gap, _)| gap).fold(0.0, f64::max);
    let line = |(gap, name): (f64, &String)| format!("{name}: {gap:.1} s");
    let asked = !history.lookups.is_empty();
    let unanswered = history.lookups.iter().filter(|lookup| {
        let served = |phase: &&Phase| phase.is_served && phase.all().contains(lookup.begun);
        lookup.resolved != Resolved::Right && phases.iter().any(|phase| served(&phase))
    });
    let each = unanswered
        .map(|lookup| format!("at {:.3} s: {}", lookup.begun.as_secs_f64(), lookup.detail));
    let longer = gaps.clone().filter(|(gap, _)| *gap > 0.0).map(line);
    let contradictions = longer.chain(each).take(SHOWN_MAX).collect();
    Goal {
        claim: DNS_GAP.to_owned(),
        wanted: "0 s".to_owned(),
        found: if asked { format!("{longest:.1} s") } else { "none asked".to_owned() },
        met: asked && longest <= 0.0,
        contradictions,
    }
}

/// When a rack could answer everybody: always but from the harm until all was well where none could.
fn served(phases: &[Phase], end: Duration) -> Vec<Window> {
    let unserved = phases.iter().filter(|phase| !phase.is_served).map(Phase::all);
    without(unserved, end)
}

/// When nothing was done.
fn quiet(phases: &[Phase], end: Duration) -> Vec<Window> {
    without(phases.iter().map(Phase::all), end)
}

/// All of the time but these windows, which are in order.
fn without(windows: impl Iterator<Item = Window>, end: Duration) -> Vec<Window> {
    let mut rest = Vec::new();
    let mut from = Duration::ZERO;
    for window in windows {
        rest.push(Window { from, to: window.from });
        from = window.to;
    }
    rest.push(Window { from, to: end });
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuity::check::planted::{address, ask, at, holding, window};
    use crate::continuity::history::{Ending, Lookup, Refusal};
    use crate::continuity::kind::Kind;

    fn phase(is_served: bool) -> Phase {
        Phase {
            name: "rack killed".to_owned(),
            is_served,
            quiet: window(0, 10),
            harm: window(10, 20),
            recovery: window(20, 25),
            deeds: Vec::new(),
            lost: Vec::new(),
            failed: None,
        }
    }

    fn lookup(begun: u64, resolved: Resolved) -> Lookup {
        let (begun, ended) = (at(begun), at(begun + 1));
        Lookup { begun, ended, tries: 2, resolved, detail: "c1".to_owned() }
    }

    /// A history in which all is well.
    fn well() -> History {
        History {
            asks: Family::ALL.map(|family| ask(Kind::New(family), 1, 5, Some(6))).to_vec(),
            holdings: vec![holding(1, 9, 6, 100), holding(2, 8, 6, 100)],
            lookups: vec![lookup(12, Resolved::Right), lookup(15, Resolved::Right)],
            ..History::default()
        }
    }

    #[track_caller]
    fn missed(history: &History, phase: Phase) -> Vec<String> {
        let goals = goals(history, &[phase], at(100)).into_iter();
        goals.filter(|goal| !goal.met).map(|goal| goal.claim).collect()
    }

    #[test]
    fn a_run_in_which_all_is_well_meets_all_goals() {
        assert_eq!(missed(&well(), phase(true)), Vec::<String>::new());
    }

    #[test]
    fn each_goal_is_missed_when_what_it_forbids_happened() {
        let mut shared = well();
        shared.holdings.push(holding(3, 9, 50, 60));
        assert_eq!(missed(&shared, phase(true)), ["addresses with two live owners"]);

        let refusals = "renewals refused that could be granted";
        let mut refused = well();
        refused.refusals =
            vec![Refusal { client: 1, address: address(9), at: at(50), until: at(60) }];
        assert_eq!(missed(&refused, phase(true)), [refusals]);
        let mut moved = well();
        moved.holdings[0].ended = Some((at(22), Ending::Moved));
        assert_eq!(missed(&moved, phase(true)), [refusals]);
        let mut lapsed = well();
        lapsed.holdings[0].ended = Some((at(22), Ending::Lapsed));
        assert_eq!(missed(&lapsed, phase(true)), [refusals]);
        assert!(missed(&lapsed, phase(false)).is_empty(), "nobody could renew it");

        let lost = Phase { lost: vec!["10.64.16.9".to_owned()], ..phase(true) };
        assert_eq!(missed(&well(), lost), ["acknowledged leases lost"]);

        let mut twice = well();
        twice.asks[0].offers = 2;
        assert_eq!(missed(&twice, phase(true)), ["answers per DISCOVER outside of faults"]);

        let mut silent = well();
        silent.lookups.push(lookup(16, Resolved::Unanswered));
        let gap = "DNS gap for clients that ask once more, while a rack serves";
        assert_eq!(missed(&silent, phase(true)), [gap]);
        assert!(missed(&silent, phase(false)).is_empty(), "nobody could answer");

        let mut wrong = well();
        wrong.lookups.push(lookup(50, Resolved::Wrong));
        assert_eq!(missed(&wrong, phase(true)), ["wrong answers for names"]);

        let failed = Phase { failed: Some("it does not start".to_owned()), ..phase(true) };
        let unjudged = ["acknowledged leases lost", "faults that could not be done or undone"];
        assert_eq!(missed(&well(), failed), unjudged);
    }

    #[test]
    fn a_run_in_which_nobody_asked_meets_nothing_by_that() {
        let nobody = History::default();
        assert_eq!(missed(&nobody, phase(true)).len(), 3);
    }
}
