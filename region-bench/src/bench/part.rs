//! What one run measured.

use serde::{Deserialize, Serialize};
use store_node::bench::stats::percentile;

use super::load::Seen;
use super::site::Door;

/// One run of one part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sample {
    /// `reserve`, `allocate`, `deploy`, `release`, `get`, `page`, `plan`.
    pub(super) part: String,
    /// Machines of the site.
    pub(super) size: u32,
    pub(super) door: Door,
    pub(super) clients: usize,
    pub(super) run: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) per_second: f64,
    pub(super) p50_us: u32,
    pub(super) p99_us: u32,
    /// CPU time of the three regions for one operation that was done.
    pub(super) cpu_us: f64,
    /// What the first refusal said.
    pub(super) refusal: Option<String>,
}

/// A list of all machines of a site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) size: u32,
    pub(super) first_byte_ms: f64,
    pub(super) total_ms: f64,
    pub(super) bytes: u64,
    /// How much more memory the region held at most than before.
    pub(super) growth_mib: f64,
    pub(super) cpu_ms: f64,
}

/// Commits of leases, alone and beside lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Leases {
    pub(super) size: u32,
    pub(super) lists: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) per_second: f64,
    pub(super) p50_us: u32,
    pub(super) p99_us: u32,
}

/// Regions that nobody asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Idle {
    pub(super) size: u32,
    /// CPU of each region, in percent of one core; the leader is the first.
    pub(super) percent: Vec<f64>,
}

/// Which run of which part it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    pub(super) size: u32,
    pub(super) door: Door,
    pub(super) clients: usize,
    pub(super) run: usize,
}

impl Sample {
    /// The sample of what clients saw.
    pub(super) fn of(part: &str, which: Which, mut seen: Seen) -> Self {
        let Which { size, door, clients, run } = which;
        seen.latencies_us.sort_unstable();
        let done = seen.latencies_us.len();
        let seconds = seen.elapsed.as_secs_f64();
        let share = |value: f64, of: f64| if of > 0.0 { value / of } else { 0.0 };
        Self {
            part: part.to_owned(),
            size,
            door,
            clients,
            run,
            done,
            failed: seen.failed,
            per_second: share(count(done), seconds),
            p50_us: percentile(&seen.latencies_us, 0.5),
            p99_us: percentile(&seen.latencies_us, 0.99),
            cpu_us: share(seen.cpu.as_secs_f64() * 1e6, count(done)),
            refusal: seen.refusal,
        }
    }
}

/// A number of things as a factor.
pub(super) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
