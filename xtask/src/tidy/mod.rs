//! The checks, one file per subject; this file gathers what they look at.

pub mod circles;
pub mod documents;
pub mod finding;
pub mod imports;
pub mod locked;
pub mod paths;
pub mod secrets;
pub mod sizes;
pub mod source;
pub mod structs;
pub mod testing;
pub mod words;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use self::finding::Finding;

/// What `cargo xtask tidy` found.
pub struct Report {
    /// Broken rules; empty when the tree is tidy.
    pub findings: Vec<Finding>,
    /// The largest files, functions and structs, and exceptions that are greater than they need be:
    /// for judgement, they fail nothing.
    pub sizes: String,
}

/// Checks the workspace at `root`.
///
/// # Errors
/// When files cannot be read, or `cargo metadata` or `git ls-files` fails.
pub fn check(root: &Path) -> anyhow::Result<Report> {
    let metadata = imports::metadata(root)?;
    let packages = imports::packages(&metadata)?;
    let mut findings = imports::check(&packages);
    findings.extend(testing::check(&packages));
    findings.extend(imports::check_manifests(root, &metadata)?);
    let sources = rust_files(root)?;
    for (path, text) in &sources {
        findings.extend(source::check(path, text));
        findings.extend(secrets::check(path, text));
        findings.extend(words::check(path, text));
    }
    findings.extend(circles::check(&sources));
    findings.extend(documents::check(root)?);
    findings.extend(locked::check(&read(root, "deny.toml")?, &read(root, "Cargo.lock")?)?);
    findings.sort();
    let sizes = sizes::show(&sources) + &structs::show(&sources) + &circles::show(&sources);
    Ok(Report { findings, sizes })
}

/// Every Rust file that git knows or would add, with its text; paths are relative to `root`.
fn rust_files(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs"])
        .current_dir(root)
        .output()
        .context("cannot run git")?;
    ensure!(output.status.success(), "git ls-files failed in {}", root.display());
    let mut files = Vec::new();
    for path in String::from_utf8(output.stdout)?.lines() {
        // A file that was deleted and not committed yet is still listed.
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            files.push((path.to_owned(), text));
        }
    }
    Ok(files)
}

fn read(root: &Path, name: &str) -> anyhow::Result<String> {
    let path: PathBuf = root.join(name);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
