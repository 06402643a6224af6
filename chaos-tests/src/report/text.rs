//! The report as text.

use std::fmt::Write;

use super::{Report, contradictions, longest_gap_ms, replay, word};
use crate::scenario::{Outcome, Verdict};

/// The whole report.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    write_all(report, &mut out).expect("writing to a string does not fail");
    out
}

fn write_all(report: &Report, out: &mut String) -> std::fmt::Result {
    let Report { seed, began, machine, seconds, budget_seconds, .. } = report;
    let [pass, open, fail] =
        [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail].map(|verdict| report.count(verdict));
    writeln!(out, "chaos: {}", word(report.verdict()))?;
    writeln!(out, "{pass} pass, {open} inconclusive, {fail} fail")?;
    writeln!(out, "seed {seed}, began {began}, {seconds:.0} s of {budget_seconds} s")?;
    writeln!(out, "{machine}\n")?;
    for part in &report.parts {
        writeln!(out, "{:<13}{} ({:.0} s)", word(part.verdict), part.name, part.seconds)?;
        writeln!(out, "{:13}{}", "", part.detail)?;
        writeln!(out, "{:13}{}", "", part.replay)?;
    }
    for outcome in &report.outcomes {
        out.push_str(&scenario(outcome)?);
    }
    for (name, reason) in &report.skipped {
        writeln!(out, "{:<13}{name}: {reason}", "not run")?;
    }
    Ok(())
}

/// One scenario, in a few lines.
///
/// # Errors
/// None: writing to a string does not fail.
pub fn scenario(outcome: &Outcome) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let Outcome { name, acknowledged, unknown, seconds, .. } = outcome;
    let gap = longest_gap_ms(outcome).map_or_else(|| "none".to_owned(), |ms| format!("{ms} ms"));
    writeln!(out, "{:<13}{name} ({seconds:.0} s)", word(outcome.verdict))?;
    writeln!(
        out,
        "{:13}answers {} before, {} during, {} after; {unknown} unknown; longest write gap {gap}",
        "", acknowledged.before, acknowledged.during, acknowledged.after
    )?;
    if outcome.verdict != Verdict::Pass {
        for line in contradictions(outcome) {
            writeln!(out, "{:13}{line}", "")?;
        }
        writeln!(out, "{:13}{}", "", replay(outcome))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::report::gaps::Gap;
    use crate::report::{Part, Report, page};
    use crate::scenario::{Acknowledged, Check, Outcome, Verdict};

    fn outcome(verdict: Verdict) -> Outcome {
        let check = Check {
            claim: "what was acknowledged is there".to_owned(),
            verdict,
            detail: "r/1 = <v7> is not".to_owned(),
        };
        Outcome {
            name: "F1 kill leader".to_owned(),
            seed: 7,
            verdict,
            checks: vec![check],
            events: Vec::new(),
            acknowledged: Acknowledged { before: 1, during: 2, after: 3 },
            unknown: 4,
            gaps: vec![Gap { from_ns: 0, to_ns: 1_234_000_000 }],
            worked_ns: (0, 5_000_000_000),
            converged_ms: Some(5),
            seconds: 6.0,
        }
    }

    fn report(verdicts: &[Verdict]) -> Report {
        let part = Part {
            name: "simulation".to_owned(),
            verdict: Verdict::Pass,
            detail: "100 seeds".to_owned(),
            replay: "ironraft-chaos".to_owned(),
            seconds: 1.0,
        };
        Report {
            seed: 7,
            began: "today".to_owned(),
            machine: "two cores".to_owned(),
            seconds: 8.0,
            budget_seconds: 600,
            parts: vec![part],
            outcomes: verdicts.iter().map(|verdict| outcome(*verdict)).collect(),
            skipped: vec![("F2".to_owned(), "no time".to_owned())],
        }
    }

    #[test]
    fn the_worst_verdict_counts_and_a_failure_says_how_to_see_it_again() {
        assert_eq!(report(&[Verdict::Pass]).verdict(), Verdict::Pass);
        let bad = report(&[Verdict::Pass, Verdict::Fail, Verdict::Inconclusive]);
        assert_eq!(bad.verdict(), Verdict::Fail);
        let shown = text(&bad);
        assert!(shown.contains("2 pass, 1 inconclusive, 1 fail"), "{shown}");
        assert!(shown.contains("make chaos CHAOS_SEED=7 CHAOS_ONLY='F1 kill leader'"), "{shown}");
        assert!(shown.contains("longest write gap 1234 ms"), "{shown}");
        assert!(shown.contains("not run      F2: no time"), "{shown}");
    }

    #[test]
    fn the_page_escapes_what_it_shows() {
        let shown = page::page(&report(&[Verdict::Fail]));
        assert!(shown.contains("r/1 = &lt;v7&gt; is not"), "{shown}");
        assert!(shown.contains("<svg"), "{shown}");
    }
}
