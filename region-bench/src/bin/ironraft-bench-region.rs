//! `make bench-region`: see `region_bench::bench`.

use std::process::ExitCode;

use clap::Parser;
use region_bench::bench::{run, settings::Settings};
use testkit::measure::until_done;

/// Measures three region processes under MAAS's REST API, and writes a report.
#[derive(Debug, Parser)]
#[command(name = "ironraft-bench-region", version)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> ExitCode {
    let settings = Arguments::parse().settings;
    until_done(run(&settings))
}
