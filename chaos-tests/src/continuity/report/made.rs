//! Makes a report of what clients saw.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Report, Timeline};
use crate::circumstances::{machine, now};
use crate::continuity::goal::goals;
use crate::continuity::history::{History, Resolved};
use crate::continuity::kind::Kind;
use crate::continuity::phase::{Phase, fared};
use crate::continuity::plan::{Plan, RACKS};

/// The report of a run that ended then.
#[must_use]
pub fn report_of(plan: &Plan, history: &History, phases: &[Phase], end: Duration) -> Report {
    Report {
        seed: plan.seed,
        ended: now(),
        machine: machine(),
        racks: plan.racks,
        clients: clients(plan, history),
        replay: replay(plan),
        seconds: end.as_secs_f64().round(),
        goals: goals(history, phases, end),
        phases: fared(phases, history),
        timeline: timeline(history, end),
    }
}

/// How it is run again.
fn replay(plan: &Plan) -> String {
    let racks = match plan.racks {
        RACKS => String::new(),
        racks => format!(" CONTINUITY_RACKS={racks}"),
    };
    format!(
        "make continuity CONTINUITY_CLIENTS={} CONTINUITY_SECONDS={} CONTINUITY_SEED={}{racks}",
        2 * plan.residents,
        plan.span.as_secs(),
        plan.seed
    )
}

/// Who the clients were.
fn clients(plan: &Plan, history: &History) -> String {
    format!(
        "{} clients of each family stay, {} more of each come in a second and go; DHCPv4 leases of {} s; {} exchanges, \
         {} leases and {} questions for names",
        plan.residents,
        plan.newcomers_per_second,
        plan.lease_s,
        history.asks.len(),
        history.holdings.len(),
        history.lookups.len()
    )
}

fn timeline(history: &History, end: Duration) -> BTreeMap<&'static str, Timeline> {
    let seconds = usize::try_from(end.as_secs()).unwrap_or_default() + 1;
    let mut counts: BTreeMap<&'static str, Timeline> =
        Kind::ALL.map(|kind| (kind.name(), Timeline(vec![0; seconds]))).into();
    let granted = history.asks.iter().filter(|ask| ask.granted);
    let answered = granted.filter_map(|ask| Some((ask.kind, ask.ended?)));
    let right = history.lookups.iter().filter(|lookup| lookup.resolved == Resolved::Right);
    for (kind, at) in answered.chain(right.map(|lookup| (Kind::Names, lookup.ended))) {
        let second = usize::try_from(at.as_secs()).unwrap_or_default();
        let of_kind = counts.get_mut(kind.name()).and_then(|counts| counts.0.get_mut(second));
        if let Some(count) = of_kind {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::continuity::check::planted::{ask, at, window};
    use crate::continuity::kind::Family;
    use crate::continuity::report::{page, text};

    fn report() -> Report {
        let plan = Plan {
            binary: "ironraft".into(),
            racks: 3,
            residents: 10,
            arrival: at(10),
            newcomers_per_second: 1.0,
            lease_s: 120,
            span: at(20),
            quiet: at(10),
            seed: 7,
            faults: Vec::new(),
            keep: "artifacts".into(),
        };
        let kind = Kind::New(Family::V4);
        let history = History {
            asks: vec![ask(kind, 1, 3, Some(4)), ask(kind, 2, 12, Some(19))],
            ..History::default()
        };
        let phase = Phase {
            name: "rack <killed>".to_owned(),
            is_served: true,
            quiet: window(0, 10),
            harm: window(10, 20),
            recovery: window(20, 25),
            deeds: vec![crate::continuity::fault::Deed {
                at: at(10),
                what: "k1 is killed".to_owned(),
            }],
            lost: Vec::new(),
            failed: None,
        };
        report_of(&plan, &history, &[phase], at(30))
    }

    #[test]
    fn the_text_has_every_goal_beside_its_figure_and_the_longest_gaps() {
        let text = text::text(&report());
        for part in [
            "continuity: MISSED",
            "3 regions, and 3 racks on one link",
            "make continuity CONTINUITY_CLIENTS=20 CONTINUITY_SECONDS=20 CONTINUITY_SEED=7 CONTINUITY_RACKS=3",
            "met     addresses with two live owners: 0 (wanted 0)",
            "MISSED  answers per Solicit outside of faults: none asked",
            "rack <killed>",
            "k1 is killed",
            "new, DHCPv4       1 of 1 answered; slowest 7.0 s, longest silence 7.0 s",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn the_page_escapes_what_it_shows_and_has_a_picture() {
        let page = page::page(&report());
        assert!(page.contains("rack &lt;killed&gt;") && page.contains("<svg"), "{page}");
    }

    #[test]
    fn the_timeline_has_each_answer_in_its_second() {
        let timeline = &report().timeline[Kind::New(Family::V4).name()];
        assert_eq!((timeline.0[4], timeline.0[19], timeline.0.len()), (1, 1, 31));
        assert_eq!(timeline.0.iter().sum::<u32>(), 2);
    }
}
