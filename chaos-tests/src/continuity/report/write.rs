//! Writing a report to files.

use std::fs;
use std::path::Path;

use anyhow::Context;

use super::{Report, page, text};

/// Writes the page, the text and the figures to a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(report: &Report, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).context("cannot make the folder of the report")?;
    let figures = serde_json::to_string_pretty(report).context("the report as JSON")?;
    for (name, text) in [
        ("continuity.html", page::page(report)),
        ("continuity.txt", text::text(report)),
        ("continuity.json", figures + "\n"),
    ] {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
