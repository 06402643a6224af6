//! `make journey` and `make screenshots`: a site in the lab, and an operator in a browser at it. See `testkit::journey`.

#![expect(clippy::print_stdout, reason = "a command shows on the terminal how far it is")]

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use testkit::journey::{self, Paths};
use testkit::operator;
use testkit::site::Site;

/// Makes a journey of `ui/journeys` at a site of its own.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which one: the name of its file in `ui/journeys`
    name: String,
    #[arg(long, default_value_t = 3)]
    regions: u8,
    #[arg(long, default_value_t = 1)]
    racks: u8,
    /// Simulated machines
    #[arg(long, default_value_t = 2)]
    machines: u8,
    /// No network is described before
    #[arg(long)]
    new: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { name, regions, racks, machines, new } = arguments;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")?;
    let program = std::env::current_exe().context("the folder of the binaries")?;
    let binaries = program.parent().context("the folder of the binaries")?;
    println!("a site of {regions} regions, {racks} racks and {machines} simulated machines");
    let mut site = Site::form(binaries, regions, racks, machines).await?;
    if !new {
        operator::create_network(&site.cluster).await?;
    }
    site.upload().await?;
    journey::make(&mut site.cluster, &Paths::of(root), &name, |line| println!("{line}")).await
}
