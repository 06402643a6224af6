//! What a rack knows of region time: two bounds, from one question and its answer.
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
const DRIFT_PPM: u64 = 500;

/// An estimate of region time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionClock {
    sent: Moment,
    received: Moment,
    region: Timestamp,
}

impl RegionClock {
    /// The region said `region` between the moments the question was sent and the answer came.
    #[must_use]
    pub const fn from_answer(sent: Moment, received: Moment, region: Timestamp) -> Self {
        Self { sent, received, region }
    }

    /// Region time is not before this.
    #[must_use]
    pub fn earliest(&self, now: Moment) -> Timestamp {
        let span = now.since_ms(self.received);
        self.region.plus_ms(span.saturating_sub(drift_ms(span)))
    }

    /// Region time is not after this.
    #[must_use]
    pub fn latest(&self, now: Moment) -> Timestamp {
        let span = now.since_ms(self.sent);
        self.region.plus_ms(span.saturating_add(drift_ms(span)))
    }
}

const fn drift_ms(span_ms: u64) -> u64 {
    span_ms.saturating_mul(DRIFT_PPM).div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_enclose_region_time() {
        let clock = RegionClock::from_answer(
            Moment::from_ms(100),
            Moment::from_ms(150),
            Timestamp::from_unix_ms(5_000),
        );
        let now = Moment::from_ms(10_150);
        assert_eq!(clock.earliest(now), Timestamp::from_unix_ms(14_995));
        assert_eq!(clock.latest(now), Timestamp::from_unix_ms(15_056));
    }
}
