//! Rounds of our own clients: the first addresses of many, and what a round came to.

use std::time::Duration;

use anyhow::ensure;
use store_node::bench::stats::percentile;

use crate::fleet::clients::{Clients, Seen};
use crate::fleet::drive::{Pace, Relay, Round};

/// Clients under way at the same time while leases are only made to be there.
const WINDOW: usize = 128;

/// What a round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Came {
    /// Exchanges that were done.
    pub(super) done: u32,
    /// From the beginning until the last one was done, seconds.
    pub(super) seconds: f64,
    /// Times of exchanges, milliseconds.
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) max_ms: f64,
    /// The longest time in which no exchange was done, milliseconds.
    pub(super) gap_ms: f64,
}

impl Came {
    pub(super) fn of(seen: &Seen) -> Self {
        let mut times: Vec<Duration> = seen.done.iter().map(|(_, time)| *time).collect();
        times.sort_unstable();
        let mut ends: Vec<Duration> = seen.done.iter().map(|(at, _)| *at).collect();
        ends.sort_unstable();
        let gaps = ends.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        Self {
            done: u32::try_from(times.len()).unwrap_or(u32::MAX),
            seconds: ends.last().copied().unwrap_or_default().as_secs_f64(),
            p50_ms: ms(percentile(&times, 0.5)),
            p99_ms: ms(percentile(&times, 0.99)),
            max_ms: ms(times.last().copied().unwrap_or_default()),
            gap_ms: ms(gaps.max().unwrap_or_default()),
        }
    }
}

/// Gives all clients their first addresses.
///
/// # Errors
/// When not all have one in time.
pub(super) async fn fill(
    relay: &Relay,
    clients: &mut Clients,
    limit: Duration,
) -> anyhow::Result<()> {
    let count = clients.count();
    let round = Round { clients: (0..count).collect(), pace: Pace::Window(WINDOW), limit };
    let came = Came::of(&relay.drive(clients, &round).await?);
    let (done, seconds) = (came.done, limit.as_secs());
    ensure!(done == count, "only {done} of {count} clients got an address within {seconds} s");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_its_longest_gap_and_its_slowest_client() {
        let ms = Duration::from_millis;
        // Noted in the order in which answers came, which is that of their ends.
        let done = vec![(ms(10), ms(10)), (ms(15), ms(5)), (ms(815), ms(300)), (ms(820), ms(2))];
        let came = Came::of(&Seen { done, ..Seen::default() });
        assert_eq!((came.done, came.gap_ms, came.max_ms), (4, 800.0, 300.0));
        assert!((came.seconds - 0.82).abs() < 1e-9);
        assert_eq!(Came::of(&Seen::default()), Came::default());
    }
}
