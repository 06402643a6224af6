//! How long and what the benchmark measures.

use std::path::PathBuf;

use clap::Args;

/// The settings; each can also come from the environment.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Seconds of each measured run.
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 2.0)]
    pub seconds: f64,
    /// Pairs of runs, ours and etcd's in turns.
    #[arg(long, env = "BENCH_PAIRS", default_value_t = 7)]
    pub pairs: usize,
    /// Seconds for which idle servers are measured.
    #[arg(long, env = "BENCH_IDLE_SECONDS", default_value_t = 60.0)]
    pub idle_seconds: f64,
    /// Kills and transfers of leaders.
    #[arg(long, env = "BENCH_KILLS", default_value_t = 20)]
    pub kills: usize,
    /// Keys for memory, restart and snapshot.
    #[arg(long, env = "BENCH_KEYS", default_value_t = 1_000_000)]
    pub keys: u64,
    /// Only the parts whose names begin with one of these: idle, put, get, packed, lease, forwarded, open,
    /// kill, stop, transfer, sustained, size.
    #[arg(long, env = "BENCH_ONLY", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Where the data of the servers is while it runs; on the disk that is to be measured.
    #[arg(long, env = "BENCH_DIR")]
    pub folder: PathBuf,
    /// Where the report goes.
    #[arg(long, env = "BENCH_REPORT")]
    pub report: PathBuf,
    /// More arguments of our store process, as one string.
    #[arg(long, env = "BENCH_NODE_ARGS", default_value = "")]
    pub node_arguments: String,
}

impl Settings {
    /// Whether a part is wanted.
    #[must_use]
    pub fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| part.starts_with(only.trim()))
    }
}
