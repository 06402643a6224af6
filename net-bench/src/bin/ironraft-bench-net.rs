//! `make bench-net`: see `net_bench`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use net_bench::{run, settings::Settings};
use tokio::signal::unix::{SignalKind, signal};

/// Measures the DHCP of Ironraft and of others, and writes a report.
#[derive(Debug, Parser)]
#[command(name = "ironraft-bench-net", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    match start(&Arguments::parse().settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(settings: &Settings) -> anyhow::Result<()> {
    // This thread starts the servers, and they end with it.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(measure(settings))
}

/// Measures until it is done or a signal ends it; the servers end with it.
async fn measure(settings: &Settings) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        measured = run::run(settings) => measured,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
        _ = terminate.recv() => anyhow::bail!("terminated"),
    }
}
