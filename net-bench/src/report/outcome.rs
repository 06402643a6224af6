//! What was measured, and the figures that the runs come to.

use serde::{Deserialize, Serialize};
use store_node::bench::machine::{self, machine, moment};
use store_node::bench::stats::median;

use crate::progress::say;
use crate::scenario::Scenario;
use crate::scenario::findings::{Context, Figure, Findings, Step};
use crate::server::kind::Kind;
use crate::settings::Settings;

/// Everything that was measured.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    pub(super) commit: String,
    pub(super) profile: String,
    pub(super) machine: String,
    pub(super) seconds: u32,
    pub(super) runs: usize,
    /// Load and fsync before and after.
    pub(super) moments: Vec<String>,
    pub(super) results: Vec<Measured>,
    /// What failed, and why.
    pub(super) failures: Vec<String>,
}

/// What one run of a scenario found out about a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    pub(super) scenario: String,
    pub(super) server: String,
    /// What an ACK of the server rests on.
    pub(super) durability: String,
    pub(super) run: usize,
    pub(super) figures: Vec<Figure>,
    pub(super) steps: Vec<Step>,
}

impl Outcome {
    /// An empty one with the settings.
    ///
    /// # Errors
    /// When the machine does not say what it is.
    pub fn begin(settings: &Settings) -> anyhow::Result<Self> {
        let machine::Machine { processor, cores, memory_kib, kernel } = machine()?;
        Ok(Self {
            commit: settings.commit.clone(),
            profile: settings.profile.clone(),
            machine: format!("{cores} x {processor}, {} MiB, Linux {kernel}", memory_kib / 1024),
            seconds: settings.seconds,
            runs: settings.runs,
            moments: vec![shown()?],
            ..Self::default()
        })
    }

    /// Takes the end of the run down.
    ///
    /// # Errors
    /// When the machine does not say how it is.
    pub fn end(&mut self) -> anyhow::Result<()> {
        self.moments.push(shown()?);
        Ok(())
    }

    /// Adds what a scenario found, or notes that it failed.
    pub fn add(
        &mut self,
        context: &Context<'_>,
        scenario: Scenario,
        measured: anyhow::Result<Findings>,
    ) {
        let Context { kind, run, .. } = *context;
        let (scenario, server) = (scenario.name().to_owned(), kind.name().to_owned());
        match measured {
            Ok(Findings { figures, steps }) => {
                let shown: Vec<String> =
                    figures.iter().map(|one| format!("{} {:.1}", one.name, one.value)).collect();
                say(&format!("{scenario} {server}: {}", shown.join(", ")));
                let durability = kind.durability().to_owned();
                self.results.push(Measured { scenario, server, durability, run, figures, steps });
            }
            Err(error) => {
                let failure = format!("{scenario} of {server}, run {}: {error:#}", run + 1);
                say(&failure);
                self.failures.push(failure);
            }
        }
    }

    pub(super) fn of(&self, scenario: Scenario) -> impl Iterator<Item = &Measured> {
        self.results.iter().filter(move |measured| measured.scenario == scenario.name())
    }

    /// The median of a figure over the runs.
    pub(super) fn figure(&self, scenario: Scenario, kind: Kind, name: &str) -> Option<f64> {
        let of = self.of(scenario).filter(|measured| measured.server == kind.name());
        let figures = of.flat_map(|measured| &measured.figures);
        let values: Vec<f64> =
            figures.filter(|figure| figure.name == name).map(|figure| figure.value).collect();
        (!values.is_empty()).then(|| median(values))
    }
}

fn shown() -> anyhow::Result<String> {
    // Where the lab's disks are.
    let folder = testkit::lab::slot::home()?;
    let machine::Moment { load, fsync_p50_us, fsync_p99_us } = moment(&folder)?;
    Ok(format!("load {load:.2}, fdatasync of 4 KiB p50 {fsync_p50_us} us p99 {fsync_p99_us} us"))
}

/// An outcome in which every server has the figures that are given, in two runs.
#[cfg(test)]
pub(super) fn sample(scenario: Scenario, figures: &[(Kind, &str, [f64; 2])]) -> Outcome {
    let mut outcome = Outcome { runs: 2, ..Outcome::default() };
    for (kind, name, values) in figures {
        for (run, value) in values.iter().enumerate() {
            outcome.results.push(Measured {
                scenario: scenario.name().to_owned(),
                server: kind.name().to_owned(),
                durability: kind.durability().to_owned(),
                run,
                figures: vec![Figure { name: (*name).to_owned(), value: *value }],
                steps: Vec::new(),
            });
        }
    }
    outcome
}

/// An outcome of one run of Kea with steps of a rate and a loss each.
#[cfg(test)]
pub(super) fn sample_steps(steps: &[(u32, f64)]) -> Outcome {
    let mut outcome = sample(Scenario::Dora, &[(Kind::Kea, "clean /s", [1.0, 1.0])]);
    outcome.results.truncate(1);
    outcome.results[0].steps = steps
        .iter()
        .map(|(rate, loss)| Step {
            rate: *rate,
            begun: f64::from(*rate),
            done: f64::from(*rate) * (1.0 - loss),
            loss: *loss,
            offer_ms: 0.5,
            ack_ms: 1.0,
            ack_max_ms: 3.0,
            not_unique: 0,
            cpu_us: vec![("kea-1".to_owned(), f64::from(*rate))],
        })
        .collect();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_of_its_runs() {
        let outcome = sample(Scenario::Dora, &[(Kind::Kea, "clean /s", [100.0, 300.0])]);
        assert_eq!(outcome.figure(Scenario::Dora, Kind::Kea, "clean /s"), Some(200.0));
        assert_eq!(outcome.figure(Scenario::Dora, Kind::Dnsmasq, "clean /s"), None);
        assert_eq!(outcome.figure(Scenario::Renew, Kind::Kea, "clean /s"), None);
    }
}
