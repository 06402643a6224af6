//! The report's pictures.

use super::outcome::Outcome;
use crate::plot::{self, Bar, Curve};
use crate::scenario::Scenario;
use crate::server::kind::Kind;

/// Names of their files: highest rates, CPU, latency by rate.
pub(super) const RATES: &str = "net-rates.svg";
pub(super) const CPU: &str = "net-cpu.svg";
pub(super) const LATENCY: &str = "net-latency.svg";

/// Highest rates.
pub(super) fn rates(outcome: &Outcome) -> String {
    let bar = |kind: Kind| {
        let value = |name| outcome.figure(Scenario::Dora, kind, name).unwrap_or_default();
        let values = vec![value("clean /s"), value("at 2.5 % loss /s")];
        Bar { name: kind.name().to_owned(), values }
    };
    let bars: Vec<Bar> = Kind::ALL.into_iter().map(bar).collect();
    plot::bars("New clients per second", &["at most 0.1 % lost", "at most 2.5 % lost"], &bars)
}

/// CPU for a new client.
pub(super) fn cpu(outcome: &Outcome) -> String {
    let bar = |kind: Kind| {
        let value = outcome.figure(Scenario::Dora, kind, "CPU us per DORA").unwrap_or_default();
        Bar { name: kind.name().to_owned(), values: vec![value] }
    };
    let bars: Vec<Bar> = Kind::ALL.into_iter().map(bar).collect();
    plot::bars("CPU of all processes for a new client, us", &["at the clean rate"], &bars)
}

/// Mean time to the ACK by the rate, of the steps that lost little.
pub(super) fn latency(outcome: &Outcome) -> String {
    let curve = |kind: Kind| {
        let of = outcome.of(Scenario::Dora).filter(|measured| measured.server == kind.name());
        let steps = of.flat_map(|measured| &measured.steps).filter(|step| step.loss <= 0.1);
        let mut points: Vec<(f64, f64)> = steps.map(|step| (step.begun, step.ack_ms)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Curve { name: kind.name().to_owned(), points }
    };
    let curves: Vec<Curve> = Kind::ALL.into_iter().map(curve).collect();
    plot::curves("Mean time to the ACK, ms, by new clients per second", &curves)
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{sample, sample_steps};
    use super::*;

    #[test]
    fn a_server_has_a_bar_for_each_limit() {
        let clean = [(Kind::Kea, "clean /s", [4000.0, 6000.0])];
        let picture = rates(&sample(Scenario::Dora, &clean));
        assert!(picture.contains(">5000<"), "{picture}");
        let background = 1;
        assert_eq!(picture.matches("<rect").count(), background + 2 * Kind::ALL.len());
        let cpu_of = [(Kind::Dnsmasq, "CPU us per DORA", [800.0, 900.0])];
        assert!(cpu(&sample(Scenario::Dora, &cpu_of)).contains(">850<"));
    }

    #[test]
    fn latency_leaves_out_steps_at_which_the_server_was_overrun() {
        let points = |picture: &str| picture.matches(',').count();
        let without = points(&latency(&sample_steps(&[(100, 0.0), (1000, 0.02)])));
        let with = points(&latency(&sample_steps(&[(100, 0.0), (1000, 0.02), (2000, 0.4)])));
        assert_eq!(without, with);
    }
}
