//! What a rack knows of region time: two bounds.
//!
//! A deadline is checked against the latest time it can be, a claim that something has passed
//! against the earliest. The rack's own clock is monotonic and never compared with a wall clock.

use crate::time::Timestamp;

/// A moment of the rack's monotonic clock, in milliseconds since an arbitrary start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since the start of the clock.
    pub ms: u64,
}

impl Moment {
    /// The moment `ms` milliseconds after the start of the clock.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self { ms }
    }

    /// The moment `span_ms` later.
    #[must_use]
    pub const fn plus_ms(self, span_ms: u64) -> Self {
        Self { ms: self.ms.saturating_add(span_ms) }
    }

    /// Milliseconds since `earlier`; 0 when that is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.ms.saturating_sub(earlier.ms)
    }
}

/// How much two clocks may drift apart, in parts per million.
const DRIFT_PPM: u64 = 1_000;

/// An estimate of region time: the bounds at one moment, which drift apart from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionClock {
    at: Moment,
    earliest: Timestamp,
    latest: Timestamp,
}

impl RegionClock {
    /// At the moment `at`, region time was not before `earliest` and not after `latest`.
    #[must_use]
    pub const fn between(at: Moment, earliest: Timestamp, latest: Timestamp) -> Self {
        Self { at, earliest, latest }
    }

    /// Region time is not before this.
    #[must_use]
    pub fn earliest(&self, now: Moment) -> Timestamp {
        let span = now.since_ms(self.at);
        self.earliest.plus_ms(span.saturating_sub(drift_ms(span)))
    }

    /// Region time is not after this.
    #[must_use]
    pub fn latest(&self, now: Moment) -> Timestamp {
        let span = now.since_ms(self.at);
        self.latest.plus_ms(span.saturating_add(drift_ms(span)))
    }
}

const fn drift_ms(span_ms: u64) -> u64 {
    span_ms.saturating_mul(DRIFT_PPM).div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_drift_apart() {
        let time = Timestamp::from_unix_ms;
        let clock = RegionClock::between(Moment::from_ms(100), time(5_000), time(5_050));
        let now = Moment::from_ms(10_100);
        assert_eq!(clock.earliest(now), time(14_990));
        assert_eq!(clock.latest(now), time(15_060));
    }
}
