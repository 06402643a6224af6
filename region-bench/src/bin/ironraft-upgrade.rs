//! `make upgrade`: see `region_bench::upgrade`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use region_bench::upgrade::{Options, Upgraded, run};

/// Replaces three regions of a previous program one by one by the present one, under load.
#[derive(Debug, Parser)]
#[command(name = "ironraft-upgrade", version)]
struct Arguments {
    /// The program before.
    #[arg(long)]
    previous: PathBuf,
    /// The program after; the one beside this one by default.
    #[arg(long)]
    current: Option<PathBuf>,
    /// Where the data of the regions is while it runs.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match start(Arguments::parse()) {
        Ok(Upgraded { kinds, objects, requests }) => {
            say(&format!(
                "upgraded: {objects} objects of {kinds} kinds are what they were, {requests} requests \
                 meanwhile without an error"
            ));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("upgrade failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> anyhow::Result<Upgraded> {
    let Arguments { previous, current, folder } = arguments;
    let current = match current {
        Some(current) => current,
        None => std::env::current_exe()?.with_file_name("ironraft"),
    };
    let options = Options { previous, current, folder, say };
    // This thread starts the regions, and they end with it.
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run(&options))
}

fn say(line: &str) {
    // Nobody has to read it.
    drop(writeln!(std::io::stderr(), "{line}"));
}
