//! The store beside etcd. It is its own store process too: `ironraft-bench-store run …`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use store_node::bench::run;
use store_node::bench::settings::Settings;
use store_node::start::Action;
use tokio::signal::unix::{SignalKind, signal};

/// As in production.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Debug, Parser)]
#[command(name = "ironraft-bench-store", about, version)]
struct Arguments {
    #[command(subcommand)]
    action: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Measures and writes a report.
    Measure(Settings),
    #[command(flatten)]
    Node(Action),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().action {
        What::Node(action) => action.act(),
        What::Measure(settings) => start(&settings),
    };
    match done {
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
