//! What a scenario is given, and what comes of it.

use serde::{Deserialize, Serialize};

use crate::server::kind::Kind;
use crate::server::{Server, Used};
use crate::settings::Settings;

/// Which run of which server it is.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The settings of the benchmark.
    pub settings: &'a Settings,
    /// The server.
    pub kind: Kind,
    /// Which run, from 0.
    pub run: usize,
}

/// What a scenario found out about a server.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Its figures.
    pub figures: Vec<Figure>,
    /// The steps of its searches.
    pub steps: Vec<Step>,
}

/// One figure: a name with its unit, and a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is, with its unit: `CPU us per DORA`.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// New clients at one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Exchanges asked for per second.
    pub rate: u32,
    /// Exchanges begun per second; fewer where the generator had no time.
    pub begun: f64,
    /// Exchanges completed per second.
    pub done: f64,
    /// The share that was not completed in time, 0 to 1.
    pub loss: f64,
    /// Mean time from DISCOVER to OFFER, milliseconds.
    pub offer_ms: f64,
    /// Mean time from REQUEST to ACK, milliseconds.
    pub ack_ms: f64,
    /// The longest time from REQUEST to ACK, milliseconds.
    pub ack_max_ms: f64,
    /// Addresses that two clients got.
    pub not_unique: u32,
    /// CPU of each process for a completed exchange, microseconds.
    pub cpu_us: Vec<(String, f64)>,
}

impl Findings {
    pub(super) fn put(&mut self, name: &str, value: f64) {
        self.figures.push(Figure { name: name.to_owned(), value });
    }
}

/// CPU time of each process between two moments, in microseconds for each of `count` things.
pub(super) fn cpu_us(before: &[Used], after: &[Used], count: u32) -> Vec<(String, f64)> {
    let of = |used: &Used| {
        let begin = before.iter().find(|begin| begin.process == used.process);
        let spent = used.time.saturating_sub(begin.map(|begin| begin.time).unwrap_or_default());
        (used.process.clone(), spent.as_secs_f64() * 1e6 / f64::from(count.max(1)))
    };
    after.iter().map(of).collect()
}

/// CPU time of all processes until now, seconds.
pub(super) fn cpu_seconds(server: &Server) -> anyhow::Result<f64> {
    Ok(server.used()?.iter().map(|used| used.time.as_secs_f64()).sum())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn cpu_time_is_what_each_process_used_between_two_moments() {
        let used = |process: &str, ms| Used {
            process: process.to_owned(),
            time: Duration::from_millis(ms),
        };
        let before = [used("r1", 100), used("k1", 10)];
        let after = [used("r1", 150), used("k1", 30), used("new", 10)];
        let found = cpu_us(&before, &after, 100);
        let want = [("r1".to_owned(), 500.0), ("k1".to_owned(), 200.0), ("new".to_owned(), 100.0)];
        assert_eq!(found, want);
    }
}
