//! `cargo xtask tidy`: checks the house rules and shows sizes.

#![expect(clippy::print_stdout, reason = "a command-line tool prints its result")]

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let command = std::env::args().nth(1).unwrap_or_default();
    if command != "tidy" {
        bail!("usage: cargo xtask tidy");
    }
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    let report = xtask::tidy::check(root)?;
    print!("{}", report.sizes);
    for finding in &report.findings {
        println!("{finding}");
    }
    match report.findings.len() {
        0 => Ok(()),
        count => bail!("{count} findings"),
    }
}
