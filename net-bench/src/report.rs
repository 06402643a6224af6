//! What was measured, as JSON and as a page.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::run::say;
use crate::scenario::{Context, Figure, Findings, Scenario, Step};
use crate::settings::Settings;

const VALUES: &str = "net.json";

/// Everything that was measured.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    commit: String,
    profile: String,
    seconds: u32,
    runs: usize,
    results: Vec<Measured>,
    /// What failed, and why.
    failures: Vec<String>,
}

/// What one run of a scenario found out about a server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    scenario: String,
    server: String,
    run: usize,
    figures: Vec<Figure>,
    steps: Vec<Step>,
}

impl Outcome {
    /// An empty one with the settings.
    ///
    /// # Errors
    /// When the machine does not say what it is.
    pub fn begin(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            commit: settings.commit.clone(),
            profile: settings.profile.clone(),
            seconds: settings.seconds,
            runs: settings.runs,
            ..Self::default()
        })
    }

    /// Takes the end of the run down.
    ///
    /// # Errors
    /// When the machine does not say how it is.
    pub fn end(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Adds what a scenario found, or notes that it failed.
    pub fn add(
        &mut self,
        context: &Context<'_>,
        scenario: Scenario,
        measured: anyhow::Result<Findings>,
    ) {
        let (scenario, server) = (scenario.name().to_owned(), context.kind.name().to_owned());
        match measured {
            Ok(Findings { figures, steps }) => {
                let shown: Vec<String> =
                    figures.iter().map(|one| format!("{} {:.1}", one.name, one.value)).collect();
                say(&format!("{scenario} {server}: {}", shown.join(", ")));
                self.results.push(Measured { scenario, server, run: context.run, figures, steps });
            }
            Err(error) => {
                let failure = format!("{scenario} of {server}, run {}: {error:#}", context.run + 1);
                say(&failure);
                self.failures.push(failure);
            }
        }
    }

    /// Writes `net.json`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, settings: &Settings) -> anyhow::Result<()> {
        let folder = &settings.report;
        std::fs::create_dir_all(folder)?;
        let json = format!("{}\n", serde_json::to_string(self)?);
        std::fs::write(folder.join(VALUES), json).with_context(|| format!("cannot write {VALUES}"))
    }
}
