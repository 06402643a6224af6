//! The report as text.

use std::fmt::Write;

use super::Report;
use crate::continuity::check::waits::Waits;
use crate::continuity::kind::Kind;
use crate::continuity::phase::Fared;

/// The whole report.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    write_all(report, &mut out).expect("writing to a string does not fail");
    out
}

fn write_all(report: &Report, out: &mut String) -> std::fmt::Result {
    let Report { seed, ended, machine, clients, replay, seconds, .. } = report;
    writeln!(out, "continuity: {}", word(report.is_met()))?;
    writeln!(out, "{}", report.site())?;
    writeln!(out, "{clients}")?;
    writeln!(out, "seed {seed}, ended {ended}, {seconds:.0} s; {machine}")?;
    writeln!(out, "{replay}\n")?;
    for goal in &report.goals {
        let (word, wanted) = (word(goal.met), &goal.wanted);
        writeln!(out, "{word:<8}{}: {} (wanted {wanted})", goal.claim, goal.found)?;
        for line in &goal.contradictions {
            writeln!(out, "{:8}- {line}", "")?;
        }
    }
    for phase in &report.phases {
        write_phase(phase, out)?;
    }
    Ok(())
}

fn write_phase(phase: &Fared, out: &mut String) -> std::fmt::Result {
    let Fared { name, from_s, undone_s, well_s, .. } = phase;
    let (harm, recovery) = (undone_s - from_s, well_s - undone_s);
    writeln!(out, "\n{name}: {harm:.1} s, and {recovery:.1} s until all was well")?;
    for (at, what) in &phase.deeds {
        writeln!(out, "  {at:>8.1} s  {what}")?;
    }
    for kind in Kind::ALL {
        let Some(waits) = phase.waits.get(kind.name()) else { continue };
        let Waits { asked, answered, slowest_s, silence_s } = waits;
        let gap = if kind == Kind::Names {
            format!("; gap for who asks once more {:.1} s", phase.names_gap_s)
        } else {
            String::new()
        };
        writeln!(
            out,
            "  {:<18}{answered} of {asked} answered; slowest {slowest_s:.1} s, longest silence {silence_s:.1} s{gap}",
            kind.name()
        )?;
    }
    let means = phase.per_discover.iter().filter_map(|(name, sum)| Some((name, sum.mean()?)));
    let means: Vec<String> = means.map(|(name, mean)| format!("{mean:.2} per {name}")).collect();
    writeln!(out, "  {:<18}{}", "answers", means.join(", "))?;
    match &phase.failed {
        Some(failed) => writeln!(out, "  FAILED: {failed}"),
        None => Ok(()),
    }
}

fn word(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}
