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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again_and_pictures_go_with_the_page() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::of_report(folder.path());
        write(&outcome::sample_steps(&[(100, 0.0)]), &settings).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let again: Outcome = serde_json::from_str(&read(VALUES)).unwrap();
        assert_eq!(again.of(Scenario::Dora).count(), 1);
        for picture in [RATES, CPU, LATENCY] {
            assert!(read(PAGE).contains(&format!("({picture})")));
            assert!(read(picture).starts_with("<svg"));
        }
    }
}
