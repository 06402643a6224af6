//! `ironraft-fuzz`: looks for packets and conversations that the DHCP server does not stand, and requests that the API does
//! not.

#![expect(clippy::print_stdout, reason = "what it found is what it is run for")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fuzz::corpus;
use fuzz::target::{Target, search};

/// Tries packets and conversations against the DHCP server, and requests against the API, until the time is over.
#[derive(Debug, Parser)]
struct Options {
    /// How long, in seconds, for all targets together.
    #[arg(long, env = "FUZZ_SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Where the numbers begin.
    #[arg(long, env = "FUZZ_SEED", default_value_t = 1)]
    seed: u64,
    /// One target only.
    #[arg(long)]
    target: Option<Target>,
    /// One case only, as a failure names it; what happens in it is written down.
    #[arg(long, requires = "target")]
    case: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let Options { seconds, seed, target, case } = Options::parse();
    let corpus = corpus::read()?;
    if let (Some(target), Some(case)) = (target, case) {
        target.run(&corpus, seed, case, true);
        return Ok(ExitCode::SUCCESS);
    }
    let targets = target.map_or_else(|| Target::ALL.to_vec(), |target| vec![target]);
    let count = u32::try_from(targets.len()).unwrap_or(1);
    for target in targets {
        let name = target.name();
        match search(target, &corpus, seed, Duration::from_secs(seconds) / count) {
            Ok(cases) => println!("{name}: {cases} cases hold"),
            Err(case) => {
                println!("{name}: case {case} fails; again with");
                println!("ironraft-fuzz --target {name} --seed {seed} --case {case}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
