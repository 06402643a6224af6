//! `make chaos`: real processes under faults, and a report of what that proved.

#![expect(clippy::print_stdout, reason = "a command-line tool prints its result")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chaos_tests::campaign::{self, Campaign};
use chaos_tests::disk::{fuzz, mounts};
use chaos_tests::report::text::text;
use chaos_tests::scenario::{Verdict, catalog};
use chaos_tests::sim::sweep::{Sweep, sweep};
use chaos_tests::sim::{self, Setup};
use clap::{Parser, Subcommand};
use raft_store::sim::mutant::Mutant;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Runs simulation, crash fuzzing and scenarios on real processes, and writes a report.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long all of it may take, minutes.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Decides what is left to chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only scenarios whose name contains this, and nothing else.
    #[arg(long)]
    only: Option<String>,
    /// The program `ironraft`, for clients at a whole site.
    #[arg(long)]
    ironraft: Option<PathBuf>,
    /// Where the report and the evidence of failures go.
    #[arg(long)]
    artifacts: Option<PathBuf>,
    /// Print the names of all scenarios and end.
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate clusters from seeds, and nothing else.
    Sim {
        /// How many.
        #[arg(long, default_value_t = 100)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// How many run at a time.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Give all nodes this deliberate defect, and end when it is found.
        #[arg(long)]
        mutant: Option<String>,
        /// Tell the faults of each seed, and what was seen, as lines of JSON.
        #[arg(long)]
        history: bool,
    },
    /// Kill one node and cut its power from seeds, and nothing else.
    Disk {
        /// The first seed; a disk has one each.
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// For how many seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_target(false).with_env_filter(filter).init();
    match chaos(arguments) {
        Ok(Verdict::Pass) => ExitCode::SUCCESS,
        Ok(Verdict::Inconclusive | Verdict::Fail) => ExitCode::FAILURE,
        Err(error) => {
            println!("\nchaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chaos(arguments: Arguments) -> anyhow::Result<Verdict> {
    if let Some(command) = &arguments.command {
        return run_one(command);
    }
    if arguments.list {
        for scenario in catalog::all(arguments.seed) {
            println!("{}", scenario.name);
        }
        return Ok(Verdict::Pass);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the source tree")?;
    let program = std::env::current_exe().context("the folder of the binaries")?;
    let binaries = program.parent().context("the folder of the binaries")?;
    let artifacts = arguments.artifacts.unwrap_or_else(|| root.join("artifacts/chaos"));
    let campaign = Campaign {
        binary: binaries.join("ironraft-store-node"),
        disk_node: binaries.join("ironraft-disk-node"),
        ironraft: arguments.ironraft,
        artifacts: artifacts.clone(),
        budget: Duration::from_secs(60 * arguments.minutes),
        seed: arguments.seed,
        only: arguments.only,
    };
    // Before any thread is started, so that all of them share it.
    mounts::enter_private()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(campaign::run(&campaign, stopped()))?;
    report.write(&artifacts)?;
    println!("\n{}\nreport: {}", text(&report), artifacts.join("report.html").display());
    Ok(report.verdict())
}

fn run_one(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Sim { seeds, from, threads, mutant, history } => {
            simulate((*from, *seeds), *threads, mutant.as_ref(), *history)
        }
        Command::Disk { from, seconds } => {
            let program = std::env::current_exe().context("the folder of the binaries")?;
            let binary = program.with_file_name("ironraft-disk-node");
            let report = fuzz::run(&binary, *from, Duration::from_secs(*seconds))?;
            println!("{report}");
            Ok(if report.violations.is_empty() { Verdict::Pass } else { Verdict::Fail })
        }
    }
}

fn simulate(
    (from, seeds): (u64, u64),
    threads: usize,
    mutant: Option<&String>,
    history: bool,
) -> anyhow::Result<Verdict> {
    let named = |name: &String| {
        let found = Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == *name);
        found.with_context(|| format!("no defect is called {name}"))
    };
    let mutant = mutant.map(named).transpose()?;
    if history {
        for seed in from..from + seeds {
            let report = sim::run_with(Setup { seed, mutant });
            println!("seed {seed}: trace {:016x}, {:?}", report.trace, report.verdict);
            report.faults.iter().for_each(|fault| println!("{fault}"));
            report.history.write(std::io::stdout())?;
        }
        return Ok(Verdict::Pass);
    }
    let (budget, until_violated) = (Duration::MAX, mutant.is_some());
    let what = Sweep { from, seeds, budget, threads, mutant, until_violated };
    let swept = sweep(&what);
    println!("{swept}");
    Ok(if swept.violated.is_empty() { Verdict::Pass } else { Verdict::Fail })
}

/// Ends when somebody wants the run to end.
async fn stopped() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
