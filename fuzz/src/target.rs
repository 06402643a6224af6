//! The targets by name, and what is done with them: a case, and as many as there is time for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::draws::Draws;
use crate::{api, engine, ndp, query, relay, v6, wire};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// Reading packets and writing replies.
    Wire,
    /// Conversations of clients with two racks and a region.
    Engine,
    /// Packets of `DHCPv6`, and conversations with two racks and a region.
    V6,
    /// Packets of both through a rack that relays them.
    Relay,
    /// Router solicitations and advertisements.
    Ndp,
    /// Requests of everybody to a region's API.
    Api,
    /// Reading filters and selectors.
    Query,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 7] =
        [Self::Wire, Self::Engine, Self::V6, Self::Relay, Self::Ndp, Self::Api, Self::Query];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Engine => "engine",
            Self::V6 => "v6",
            Self::Relay => "relay",
            Self::Ndp => "ndp",
            Self::Api => "api",
            Self::Query => "query",
        }
    }

    /// Does one case, and writes down on standard error what happens if that is wanted.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn run(self, corpus: &[Vec<u8>], seed: u64, case: u64, written: bool) {
        let mut draws = Draws::of(seed, case);
        match self {
            Self::Wire => wire::run(corpus, &mut draws),
            Self::Engine => engine::run(corpus, &mut draws, written),
            Self::V6 => v6::run(&mut draws, written),
            Self::Relay => relay::run(corpus, &mut draws),
            Self::Ndp => ndp::run(&mut draws),
            Self::Api => api::run(&mut draws, written),
            Self::Query => query::run(&mut draws),
        }
    }
}

/// The first case of a target in which something does not hold, or how many were done in the time.
///
/// # Errors
/// The number of the case that failed.
pub fn search(target: Target, corpus: &[Vec<u8>], seed: u64, time: Duration) -> Result<u64, u64> {
    let start = Instant::now();
    for case in 0.. {
        if start.elapsed() >= time {
            return Ok(case);
        }
        // A panic is what is looked for; nothing of the case is used after it.
        catch_unwind(AssertUnwindSafe(|| target.run(corpus, seed, case, false)))
            .map_err(|_| case)?;
    }
    Ok(u64::MAX)
}
