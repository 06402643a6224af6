//! How long and what the benchmark measures.

use std::path::PathBuf;

use clap::Args;

/// The settings; each can also come from the environment.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Seconds of each measured run.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 2.0)]
    pub seconds: f64,
    /// Runs of each part, the parts in turns.
    #[arg(long, env = "BENCH_RUNS", default_value_t = 3)]
    pub runs: usize,
    /// Numbers of machines of the sites.
    #[arg(long, env = "BENCH_SIZES", value_delimiter = ',', default_value = "10,1000,10000")]
    pub sizes: Vec<u32>,
    /// Numbers of clients.
    #[arg(long, env = "BENCH_CLIENTS", value_delimiter = ',', default_value = "1,8,64")]
    pub clients: Vec<usize>,
    /// Only these parts: reserve, life (allocate, deploy, release), get, page, plan, list, lease, idle.
    #[arg(long, env = "BENCH_ONLY", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Seconds over which idle regions are watched.
    #[arg(long, env = "BENCH_IDLE_SECONDS", default_value_t = 30.0)]
    pub idle_seconds: f64,
    /// A run that is expected to take longer, in seconds, by what fewer clients took, is left out.
    #[arg(long, env = "BENCH_RUN_MAX", default_value_t = 60.0)]
    pub run_max_seconds: f64,
    /// The largest memory that lists at once may be expected to take, in MiB.
    #[arg(long, env = "BENCH_MEMORY_MAX", default_value_t = 6144)]
    pub memory_max_mib: u64,
    /// Where the data of the regions is while it runs; on the disk that is to be measured.
    #[arg(long, env = "BENCH_DIR")]
    pub folder: PathBuf,
    /// Where the report goes.
    #[arg(long, env = "BENCH_REPORT")]
    pub report: PathBuf,
    /// Keep this run as what later ones are compared with.
    #[arg(long, env = "BENCH_AS_BEFORE")]
    pub as_before: bool,
    /// The regions' program.
    #[arg(long, env = "BENCH_BINARY")]
    pub binary: PathBuf,
    /// The commit that is measured.
    #[arg(long, env = "BENCH_COMMIT", default_value = "")]
    pub commit: String,
    /// The profile that the program was built with.
    #[arg(long, env = "BENCH_PROFILE", default_value = "release")]
    pub profile: String,
}

impl Settings {
    /// Whether a part is wanted.
    #[must_use]
    pub fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.trim() == part)
    }
}
