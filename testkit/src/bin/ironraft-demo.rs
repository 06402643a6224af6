//! `make demo`: see `testkit::demo`.

#![expect(clippy::print_stdout, reason = "the demo shows its result on the terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use testkit::demo::{Finished, Options, run};
use testkit::lab::cluster::{ADMIN, Cluster, Kind};
use tokio::signal::unix::{SignalKind, signal};

/// A three-region cluster takes two blank virtual machines to a deployed operating system and loses
/// its leader in the middle.
#[derive(Debug, Parser)]
struct Arguments {
    /// Leave the cluster running until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Where logs and the report go; emptied first.
    #[arg(long)]
    artifacts: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match demo(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\ndemo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(arguments: Arguments) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")?;
    let program = std::env::current_exe().context("the folder of the binaries")?;
    let binaries = program.parent().context("the folder of the binaries")?;
    let artifacts = arguments.artifacts.unwrap_or_else(|| root.join("artifacts/demo"));
    let options = Options {
        binaries: binaries.to_owned(),
        root: root.to_owned(),
        artifacts: artifacts.clone(),
    };
    let Finished { report, cluster } = run(&options, ended_by_signal()).await?;
    println!("\n{}", report.show());
    println!("logs, consoles and report: {}", artifacts.display());
    if arguments.keep {
        println!("\n{}", how_to_watch(&cluster)?);
        ended_by_signal().await?;
    }
    Ok(())
}

async fn ended_by_signal() -> anyhow::Result<String> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    };
    Ok(name.to_owned())
}

fn how_to_watch(cluster: &Cluster) -> anyhow::Result<String> {
    let mut lines = vec!["the cluster goes on running until Ctrl-C:".to_owned()];
    let (user, password) = ADMIN;
    for url in cluster.region_urls() {
        lines.push(format!("  web     {url}/ (user {user}, password {password})"));
    }
    lines.push(format!("  API key {}", cluster.key().text()));
    lines.push(format!("  logs    {}", cluster.lab().logs().display()));
    for machine in cluster.lab().machines() {
        lines.push(format!("  console tail -F {}", machine.console().display()));
    }
    for node in cluster.nodes(Kind::Rack) {
        lines.push(format!("  names   dig @{} NAME.maas", node.address));
        let namespace = cluster.lab().network().node(&node.name)?;
        lines.push(format!("  inside {} nsenter --net={}", node.name, namespace.path()));
    }
    Ok(lines.join("\n"))
}
