//! What Ironraft is to reach, and whether it did in this run.

use std::fmt::Write;

use super::outcome::Outcome;
use crate::scenario::Scenario;
use crate::server::kind::Kind;

const OURS: [Kind; 2] = [Kind::Ironraft, Kind::IronraftPair];
/// Memory of a rack with the leases of the scenario, MiB.
const RACK_MIB_MAX: f64 = 1024.0;
/// Exchanges that may be lost where few come at once, per cent.
const LOST_MAX: f64 = 0.1;
/// How much longer a commit may take among very many leases than among few.
const FLAT_MAX: f64 = 1.5;
const CLIENT_MS_MAX: f64 = 1000.0;

/// A target of one of our servers.
struct Target {
    what: &'static str,
    target: &'static str,
    value: fn(&Outcome, Kind) -> Option<f64>,
    met: fn(f64) -> bool,
}

/// A target of a figure of ours to one of Kea's.
struct BesideKea {
    what: &'static str,
    target: &'static str,
    /// Ours, and Kea's.
    figures: [&'static str; 2],
    other: Kind,
    met: fn(f64) -> bool,
}

/// What new clients of either family are to get beside Kea.
const BESIDE_KEA: [BesideKea; 3] = [
    BesideKea {
        what: "clean rate to that of kea-ha",
        target: "at least 3 x",
        figures: ["clean /s", "clean /s"],
        other: Kind::KeaPair,
        met: |ratio| ratio >= 3.0,
    },
    BesideKea {
        what: "clean rate to that of kea at 2.5 % loss",
        target: "at least 1 x",
        figures: ["clean /s", "at 2.5 % loss /s"],
        other: Kind::Kea,
        met: |ratio| ratio >= 1.0,
    },
    BesideKea {
        what: "CPU to that of kea-ha",
        target: "below 1 x",
        figures: ["CPU us per DORA", "CPU us per DORA"],
        other: Kind::KeaPair,
        met: |ratio| ratio < 1.0,
    },
];

const TARGETS: [Target; 6] = [
    Target {
        what: "failover: slowest client, ms",
        target: "at most 1000",
        value: |of, kind| of.figure(Scenario::Failover, kind, "slowest client ms"),
        met: |ms| ms <= CLIENT_MS_MAX,
    },
    Target {
        what: "failover: leases lost",
        target: "none",
        value: |of, kind| of.figure(Scenario::Failover, kind, "leases lost"),
        met: |lost| lost == 0.0,
    },
    Target {
        what: "failover: addresses given twice",
        target: "none",
        value: |of, kind| of.figure(Scenario::Failover, kind, "addresses given twice"),
        met: |twice| twice == 0.0,
    },
    Target {
        what: "leases: memory of the rack, MiB",
        target: "at most 1024",
        value: |of, kind| of.figure(Scenario::Leases, kind, "rack MiB"),
        met: |mib| mib <= RACK_MIB_MAX,
    },
    Target {
        what: "leases: new clients that got no address, %",
        target: "at most 0.1",
        value: |of, kind| of.figure(Scenario::Leases, kind, "lost %"),
        met: |lost| lost <= LOST_MAX,
    },
    Target {
        what: "leases: time to the ACK to that with 1,000",
        target: "at most 1.5 x",
        value: |of, kind| of.figure(Scenario::Leases, kind, "ratio"),
        met: |ratio| ratio <= FLAT_MAX,
    },
];

/// A table of all targets that were measured.
pub(super) fn write(outcome: &Outcome, page: &mut String) -> std::fmt::Result {
    writeln!(page, "## Targets\n\n| what | server | target | measured | |\n|---|---|---|---|---|")?;
    let mut row = |what: &str, target: &str, kind: Kind, is: f64, met: fn(f64) -> bool| {
        let verdict = if met(is) { "met" } else { "**missed**" };
        writeln!(page, "| {what} | {} | {target} | {is:.2} | {verdict} |", kind.name())
    };
    for scenario in [Scenario::Dora, Scenario::Sarr] {
        for BesideKea { what, target, figures, other, met } in &BESIDE_KEA {
            for kind in OURS {
                let Some(is) = ratio(outcome, scenario, kind, *figures, *other) else { continue };
                row(&format!("{}: {what}", scenario.name()), target, kind, is, *met)?;
            }
        }
    }
    for Target { what, target, value, met } in &TARGETS {
        for kind in OURS {
            let Some(is) = value(outcome, kind) else { continue };
            row(what, target, kind, is, *met)?;
        }
    }
    writeln!(page)
}

/// One of our figures of a scenario to one of another server.
fn ratio(
    outcome: &Outcome,
    scenario: Scenario,
    ours: Kind,
    [name, of]: [&str; 2],
    other: Kind,
) -> Option<f64> {
    let ours = outcome.figure(scenario, ours, name)?;
    let other = outcome.figure(scenario, other, of)?;
    (other > 0.0).then(|| ours / other)
}

#[cfg(test)]
mod tests {
    use super::super::outcome::sample;
    use super::*;

    fn written(scenario: Scenario, figures: &[(Kind, &str, [f64; 2])]) -> String {
        let mut page = String::new();
        write(&sample(scenario, figures), &mut page).unwrap();
        page
    }

    #[test]
    fn a_rate_is_compared_with_those_of_the_others_in_the_same_run() {
        let page = written(
            Scenario::Dora,
            &[
                (Kind::Ironraft, "clean /s", [6000.0, 6000.0]),
                (Kind::KeaPair, "clean /s", [1000.0, 3000.0]),
                (Kind::Kea, "at 2.5 % loss /s", [8000.0, 8000.0]),
            ],
        );
        assert!(page.contains("kea-ha | ironraft | at least 3 x | 3.00 | met |"), "{page}");
        assert!(page.contains("loss | ironraft | at least 1 x | 0.75 | **missed** |"), "{page}");
        assert!(!page.contains("CPU"), "without figures there is no verdict");
    }

    #[test]
    fn one_lost_lease_is_too_many() {
        let lost = |count| [(Kind::IronraftPair, "leases lost", [count, count])];
        assert!(written(Scenario::Failover, &lost(0.0)).contains("none | 0.00 | met"));
        assert!(written(Scenario::Failover, &lost(1.0)).contains("none | 1.00 | **missed**"));
    }
}
