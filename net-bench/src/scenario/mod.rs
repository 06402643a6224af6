//! What is done to a server, one a file, and the figures that come of it.

mod avalanche;
mod dora;
mod failover;
mod full;
mod junk;
mod leases;
mod renew;
mod round;

use serde::{Deserialize, Serialize};

use crate::server::{Kind, Used};
use crate::settings::Settings;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// New clients, at rising rates.
    Dora,
    /// Leases that are renewed all at once.
    Renew,
    /// Clients that come all at once.
    Avalanche,
    /// New clients where nine of ten addresses are taken.
    Full,
    /// New clients beside packets that are none.
    Junk,
    /// New clients while the leading node is killed.
    Failover,
    /// New clients where there are few leases, and where there are very many.
    Leases,
}

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

impl Scenario {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Dora,
        Self::Renew,
        Self::Avalanche,
        Self::Full,
        Self::Junk,
        Self::Failover,
        Self::Leases,
    ];

    /// The name in reports and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dora => "dora",
            Self::Renew => "renew",
            Self::Avalanche => "avalanche",
            Self::Full => "full",
            Self::Junk => "junk",
            Self::Failover => "failover",
            Self::Leases => "leases",
        }
    }

    /// Whether it is done to this server.
    #[must_use]
    pub fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Dora | Self::Renew | Self::Avalanche | Self::Full | Self::Junk => true,
            Self::Failover => !matches!(kind, Kind::Kea | Kind::Dnsmasq),
            Self::Leases => kind == Kind::Ironraft,
        }
    }

    /// Starts the server and does it.
    ///
    /// # Errors
    /// When the server does not start, or a measurement fails.
    pub async fn measure(self, context: &Context<'_>) -> anyhow::Result<Findings> {
        match self {
            Self::Dora => dora::measure(context).await,
            Self::Renew => renew::measure(context).await,
            Self::Avalanche => avalanche::measure(context).await,
            Self::Full => full::measure(context).await,
            Self::Junk => junk::measure(context).await,
            Self::Failover => failover::measure(context).await,
            Self::Leases => leases::measure(context).await,
        }
    }
}

impl Findings {
    fn put(&mut self, name: &str, value: f64) {
        self.figures.push(Figure { name: name.to_owned(), value });
    }
}

/// CPU time of each process between two moments, in microseconds for each of `count` things.
fn cpu_us(before: &[Used], after: &[Used], count: u32) -> Vec<(String, f64)> {
    let of = |used: &Used| {
        let begin = before.iter().find(|begin| begin.process == used.process);
        let spent = used.time.saturating_sub(begin.map(|begin| begin.time).unwrap_or_default());
        (used.process.clone(), spent.as_secs_f64() * 1e6 / f64::from(count.max(1)))
    };
    after.iter().map(of).collect()
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
