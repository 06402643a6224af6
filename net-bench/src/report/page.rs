//! The report as a page of Markdown.

use std::fmt::Write;

use super::outcome::Outcome;
use super::pictures::{CPU, LATENCY, RATES};
use super::targets;
use crate::scenario::Scenario;
use crate::server::kind::Kind;

/// The file of the raw values.
pub(super) const VALUES: &str = "net.json";

/// The page.
pub(super) fn write(outcome: &Outcome) -> Result<String, std::fmt::Error> {
    let mut page = String::from("# DHCP beside others\n\n");
    setting(outcome, &mut page)?;
    targets::write(outcome, &mut page)?;
    for scenario in Scenario::ALL {
        table(outcome, scenario, &mut page)?;
    }
    processes(outcome, &mut page)?;
    if outcome.of(Scenario::Dora).next().is_some() {
        writeln!(page, "![rates]({RATES})\n\n![CPU]({CPU})\n\n![latency]({LATENCY})\n")?;
    }
    if outcome.failures.is_empty() {
        writeln!(page, "Nothing failed.")?;
    } else {
        writeln!(page, "## Failed\n")?;
        for failure in &outcome.failures {
            // A log may be in it.
            writeln!(page, "- {}", failure.lines().next().unwrap_or_default())?;
        }
    }
    Ok(page)
}

fn setting(outcome: &Outcome, page: &mut String) -> std::fmt::Result {
    let Outcome { machine, commit, profile, runs, seconds, moments, .. } = outcome;
    writeln!(
        page,
        "Written by `make bench-net`; the raw values, with every step of the searches, are in `{VALUES}`.\n\n\
         - Machine: {machine}. Before and after: {}.\n\
         - Commit {commit}, profile `{profile}`; medians of {runs} runs, steps of {seconds} s; every run with servers \
         that are started anew, in network namespaces, behind a relay. Clients, servers and all regions share the \
         machine, and nothing is pinned.\n\
         - CPU is the user and system time of all processes of the server, the regions among them.\n\
         - The servers do not promise the same. What an ACK rests on stands beside every figure.\n",
        moments.join("; ")
    )
}

/// A row for each server, a column for each figure.
fn table(outcome: &Outcome, scenario: Scenario, page: &mut String) -> std::fmt::Result {
    let mut names: Vec<&str> = Vec::new();
    for figure in outcome.of(scenario).flat_map(|measured| &measured.figures) {
        if !names.contains(&figure.name.as_str()) {
            names.push(&figure.name);
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    writeln!(page, "## {}\n\n{}\n", scenario.name(), scenario.what())?;
    writeln!(page, "| server | an ACK rests on | {} |", names.join(" | "))?;
    writeln!(page, "|---|---|{}", "---|".repeat(names.len()))?;
    for kind in Kind::ALL {
        let values: Vec<Option<f64>> =
            names.iter().map(|name| outcome.figure(scenario, kind, name)).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let cells: Vec<String> =
            values.into_iter().map(|value| value.map(shown).unwrap_or_default()).collect();
        writeln!(page, "| {} | {} | {} |", kind.name(), kind.durability(), cells.join(" | "))?;
    }
    writeln!(page)
}

/// CPU by process, at the highest step of the last run that lost next to nothing.
fn processes(outcome: &Outcome, page: &mut String) -> std::fmt::Result {
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        let measured = outcome.of(Scenario::Dora).filter(|one| one.server == kind.name()).last();
        let steps = measured.into_iter().flat_map(|measured| &measured.steps);
        let clean = steps.filter(|step| step.loss <= 0.001);
        let Some(step) = clean.max_by_key(|step| step.rate) else { continue };
        let cpu: Vec<String> =
            step.cpu_us.iter().map(|(process, us)| format!("{process} {us:.0}")).collect();
        lines.push(format!("- {} at {}/s: {}", kind.name(), step.rate, cpu.join(", ")));
    }
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(page, "## CPU by process\n\nMicroseconds for a new client, in the last run.\n")?;
    writeln!(page, "{}\n", lines.join("\n"))
}

/// A value with as many digits as are of use.
fn shown(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 || value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{sample, sample_steps};
    use super::*;

    #[test]
    fn durability_stands_beside_every_servers_figures() {
        let figures = [(Kind::Kea, "p50 ms", [0.2, 0.4]), (Kind::Dnsmasq, "p50 ms", [3.0, 3.0])];
        let page = write(&sample(Scenario::Renew, &figures)).unwrap();
        assert!(page.contains("| kea | 1 server, file appended, no fsync | 0.30 |"), "{page}");
        assert!(page.contains("| dnsmasq | 1 server, file rewritten, no fsync | 3 |"), "{page}");
        assert!(!page.contains("## dora"), "what was not measured has no table");
        assert!(page.ends_with("Nothing failed.\n"));
    }

    #[test]
    fn a_failure_is_told_in_a_line() {
        let failures = vec!["full of kea, run 1: it ended\nits log".to_owned()];
        let page = write(&Outcome { failures, ..Outcome::default() }).unwrap();
        assert!(page.ends_with("## Failed\n\n- full of kea, run 1: it ended\n"), "{page}");
    }

    #[test]
    fn values_have_digits_that_are_of_use() {
        let all = [0.0, 0.123, 12.34, 1234.5].map(shown);
        assert_eq!(all, ["0", "0.12", "12.3", "1234"]);
    }

    #[test]
    fn cpu_by_process_is_that_of_the_highest_clean_step() {
        let page = write(&sample_steps(&[(200, 0.0), (100, 0.0), (400, 0.01)])).unwrap();
        assert!(page.contains("- kea at 200/s: kea-1 200\n"), "{page}");
    }
}
