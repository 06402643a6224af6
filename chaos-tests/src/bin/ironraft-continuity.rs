//! `make continuity`: thousands of simulated clients at a real site, and what they notice while its nodes fail.

#![expect(clippy::print_stdout, reason = "a command-line tool prints its result")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chaos_tests::continuity::catalog;
use chaos_tests::continuity::plan::{Plan, RACKS};
use chaos_tests::continuity::report::{text, write};
use chaos_tests::continuity::run;
use chaos_tests::disk::mounts;
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// The most racks of a VLAN.
const RACKS_MAX: i64 = 8;

/// Does faults to a site of real processes, one after the other, and writes how its clients fared.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many racks the site has, all on one link: a VLAN has eight at most.
    #[arg(long, default_value_t = RACKS, value_parser = clap::value_parser!(u8).range(1..=RACKS_MAX))]
    racks: u8,
    /// How many clients stay, of both families together.
    #[arg(long, default_value_t = 4_000)]
    clients: u32,
    /// How many clients of each family come in a second besides, to go again.
    #[arg(long, default_value_t = 2.0)]
    newcomers: f64,
    /// How long each fault lasts that does not say it itself, seconds.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The lease that clients of `DHCPv4` ask for, seconds.
    #[arg(long, default_value_t = 120)]
    lease: u32,
    /// Decides what is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only faults whose names have this in them; may be given more than once.
    #[arg(long)]
    only: Vec<String>,
    /// The program `ironraft`; that beside this one by default.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where the report goes, and the logs of a run that misses a goal.
    #[arg(long)]
    artifacts: Option<PathBuf>,
    /// Print the names of all faults and end.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_target(false).with_env_filter(filter).init();
    match continuity(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("\ncontinuity: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all goals were met.
fn continuity(arguments: Arguments) -> anyhow::Result<bool> {
    let faults = catalog::chosen(&arguments.only, arguments.newcomers)?;
    if arguments.list {
        faults.iter().for_each(|fault| println!("{}", fault.name()));
        return Ok(true);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")?;
    let program = std::env::current_exe().context("the folder of the binaries")?;
    let artifacts = arguments.artifacts.unwrap_or_else(|| root.join("artifacts/chaos"));
    let plan = Plan {
        binary: arguments.binary.unwrap_or_else(|| program.with_file_name("ironraft")),
        racks: arguments.racks,
        residents: arguments.clients / 2,
        arrival: Duration::from_secs(u64::from(arguments.lease)) / 2,
        newcomers_per_second: arguments.newcomers,
        lease_s: arguments.lease,
        span: Duration::from_secs(arguments.seconds),
        quiet: Duration::from_secs(10),
        seed: arguments.seed,
        faults,
        keep: artifacts.clone(),
    };
    // Before any thread is started, so that all of them share it.
    mounts::enter_private()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(run::run(&plan))?;
    write::write(&report, &artifacts)?;
    println!("\n{}\nreport: {}", text::text(&report), artifacts.join("continuity.html").display());
    Ok(report.is_met())
}
