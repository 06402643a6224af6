//! The report: what was measured as JSON, as a page, and as pictures.

pub mod outcome;
mod page;
mod pictures;
mod targets;

use anyhow::Context;

use self::outcome::Outcome;
use self::page::VALUES;
use self::pictures::{CPU, LATENCY, RATES};
use crate::scenario::Scenario;
use crate::settings::Settings;

/// The file of the page.
pub const PAGE: &str = "net.md";

/// Writes `net.json`, `net.md` and the pictures.
///
/// # Errors
/// When a file cannot be written.
pub fn write(outcome: &Outcome, settings: &Settings) -> anyhow::Result<()> {
    let folder = &settings.report;
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
    };
    write(VALUES, &format!("{}\n", serde_json::to_string(outcome)?))?;
    write(PAGE, &page::write(outcome)?)?;
    if outcome.of(Scenario::Dora).next().is_some() {
        write(RATES, &pictures::rates(outcome))?;
        write(CPU, &pictures::cpu(outcome))?;
        write(LATENCY, &pictures::latency(outcome))?;
    }
    Ok(())
}
