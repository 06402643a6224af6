//! What time it is in the region, as bounds that hold without trusting this machine's wall clock.
//!
//! A region answers each heartbeat with its own time. That time was read between the moment the
//! heartbeat was sent and the moment its answer arrived, both on this machine's monotonic clock,
//! so region time is known between two bounds; they drift apart until the next answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::time::Timestamp;

/// How much faster or slower than the region's this machine's clock may run, in parts per million:
/// more than crystals are off (100) and than NTP slews (500) together.
pub const DRIFT_PPM: u32 = 1_000;

/// Region time at some moment: not before `earliest` and not after `latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// It is at least this late.
    pub earliest: Timestamp,
    /// It is at most this late.
    pub latest: Timestamp,
}

/// The region's clock as this rack knows it; clones share it.
#[derive(Debug, Clone, Default)]
pub struct RegionClock {
    sample: Arc<Mutex<Option<Sample>>>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    region: Timestamp,
    sent: Instant,
    received: Instant,
}

impl RegionClock {
    /// Takes in that the region read `region` between the two moments.
    pub fn observe(&self, region: Timestamp, sent: Instant, received: Instant) {
        let mut sample = self.sample.lock().unwrap_or_else(PoisonError::into_inner);
        *sample = Some(Sample { region, sent, received });
    }

    /// Region time at a moment not before the last observation; none before the first one.
    #[must_use]
    pub fn at(&self, moment: Instant) -> Option<Bounds> {
        let sample = (*self.sample.lock().unwrap_or_else(PoisonError::into_inner))?;
        let least = moment.saturating_duration_since(sample.received);
        let most = moment.saturating_duration_since(sample.sent);
        Some(Bounds {
            earliest: sample.region.plus_ms(millis(least.saturating_sub(drift(least)))),
            latest: sample.region.plus_ms(millis(most.saturating_add(drift(most))) + 1),
        })
    }

    /// Region time now; none before the first observation.
    #[must_use]
    pub fn now(&self) -> Option<Bounds> {
        self.at(Instant::now())
    }
}

/// How much a clock may be off after `span`.
#[must_use]
pub fn drift(span: Duration) -> Duration {
    span * DRIFT_PPM / 1_000_000
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_enclose_the_round_trip_and_the_drift() {
        let clock = RegionClock::default();
        let start = Instant::now();
        assert_eq!(clock.at(start), None);
        let after = |ms| start + Duration::from_millis(ms);
        clock.observe(Timestamp::from_unix_ms(1_000_000), after(100), after(150));
        let check = |at, earliest, latest| {
            let expected = Bounds {
                earliest: Timestamp::from_unix_ms(earliest),
                latest: Timestamp::from_unix_ms(latest),
            };
            assert_eq!(clock.at(after(at)), Some(expected));
        };
        check(150, 1_000_000, 1_000_051);
        check(10_150, 1_009_990, 1_010_061);
    }
}
