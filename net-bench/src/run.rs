//! The benchmark from beginning to end.

use crate::progress::say;
use crate::report;
use crate::report::outcome::Outcome;
use crate::scenario::Scenario;
use crate::scenario::findings::Context;
use crate::settings::Settings;

/// Measures everything that is wanted and writes the report.
///
/// # Errors
/// When the report cannot be written. A measurement that fails is reported, not hidden.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut outcome = Outcome::begin(settings)?;
    let names: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.name()).collect();
    let wanted = settings.scenarios(&names);
    for run in 0..settings.runs {
        for scenario in Scenario::ALL.into_iter().filter(|one| wanted.contains(&one.name())) {
            for kind in settings.servers().into_iter().filter(|kind| scenario.takes(*kind)) {
                let context = Context { settings, kind, run };
                say(&format!("{} of {}, run {}", scenario.name(), kind.name(), run + 1));
                let measured = Box::pin(scenario.measure(&context)).await;
                outcome.add(&context, scenario, measured);
                // A long run that is ended early leaves what it has measured.
                report::write(&outcome, settings)?;
            }
        }
    }
    outcome.end()?;
    report::write(&outcome, settings)?;
    say(&format!("report: {}", settings.report.join(report::PAGE).display()));
    Ok(())
}
