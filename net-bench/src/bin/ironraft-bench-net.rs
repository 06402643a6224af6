//! `make bench-net`: see `net_bench`.

use std::process::ExitCode;

use clap::Parser;
use net_bench::{run, settings::Settings};
use testkit::measure::until_done;

/// Measures the DHCP of Ironraft and of others, and writes a report.
#[derive(Debug, Parser)]
#[command(name = "ironraft-bench-net", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let settings = Arguments::parse().settings;
    until_done(run::run(&settings))
}
