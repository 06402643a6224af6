//! The monotonic clock of a simulated process, which runs at a rate of its own.
//!
//! What a node waits for, and how long it thinks that something took, goes by this clock; what the
//! network and the disks take is in true time, which is tokio's. Where no process is simulated, both
//! are the same.

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use tokio::time::{Instant as TrueInstant, Sleep, Timeout};

use super::process;

/// How much faster than true time a monotonic clock runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drift {
    /// In parts per thousand; more than -1000, as clocks never stand still.
    pub faster_permille: i16,
}

impl Drift {
    fn rate_permille(self) -> u128 {
        u128::try_from(1000 + i32::from(self.faster_permille)).unwrap_or(1).max(1)
    }

    /// What the clock shows to have passed, of a time that passed.
    fn shown(self, passed: Duration) -> Duration {
        from_nanos(passed.as_nanos() * self.rate_permille() / 1000)
    }

    /// The time that passes until the clock shows so much: never less than that.
    fn passed(self, shown: Duration) -> Duration {
        from_nanos((shown.as_nanos() * 1000).div_ceil(self.rate_permille()))
    }
}

fn from_nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// A clock that was right at a moment, and has its own rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) right_at: TrueInstant,
    pub(super) drift: Drift,
}

impl Clock {
    fn now(self) -> Instant {
        Instant(self.right_at + self.drift.shown(self.right_at.elapsed()))
    }

    /// When the clock shows `deadline`.
    fn true_instant(self, deadline: Instant) -> TrueInstant {
        self.right_at + self.drift.passed(deadline.0.saturating_duration_since(self.right_at))
    }
}

/// What the clock of the process showed whose task asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(TrueInstant);

impl openraft::Instant for Instant {
    fn now() -> Self {
        process::with_current(|process| {
            process.map_or_else(|| Self(TrueInstant::now()), |process| process.clock().now())
        })
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        self.0 += duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        self.0 -= duration;
    }
}

impl Sub<Self> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0 - earlier.0
    }
}

fn true_instant(deadline: Instant) -> TrueInstant {
    process::with_current(|process| {
        process.map_or(deadline.0, |process| process.clock().true_instant(deadline))
    })
}

fn true_duration(duration: Duration) -> Duration {
    process::with_current(|process| {
        process.map_or(duration, |process| process.clock().drift.passed(duration))
    })
}

/// Waits until the process's clock has gone on so much.
pub(crate) fn sleep(duration: Duration) -> Sleep {
    tokio::time::sleep(true_duration(duration))
}

/// Waits until the process's clock shows this.
pub(crate) fn sleep_until(deadline: Instant) -> Sleep {
    tokio::time::sleep_until(true_instant(deadline))
}

/// Gives a future so much time, by the process's clock.
pub(crate) fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    tokio::time::timeout(true_duration(duration), future)
}

/// Gives a future time until the process's clock shows this.
pub(crate) fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    tokio::time::timeout_at(true_instant(deadline), future)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use openraft::Instant as _;

    use super::super::process::Process;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_clock_that_is_fast_shows_more_and_one_that_is_slow_less() {
        for (faster_permille, shown_ms) in [(0, 1000), (200, 1200), (-200, 800), (-999, 1)] {
            let drift = Drift { faster_permille };
            assert_eq!(Duration::from_millis(shown_ms), drift.shown(SECOND), "{drift:?}");
        }
    }

    #[test]
    fn a_deadline_is_reached_when_the_clock_shows_it_and_not_before() {
        let nanosecond = Duration::from_nanos(1);
        for faster_permille in [-999, -200, -7, 0, 7, 200, 1000] {
            let drift = Drift { faster_permille };
            for shown in [1, 2, 999, 1_000_000, 349_999_999, 1_000_000_007] {
                let shown = Duration::from_nanos(shown);
                let passed = drift.passed(shown);
                assert!(drift.shown(passed) >= shown, "{drift:?} {shown:?}");
                assert!(drift.shown(passed - nanosecond) < shown, "{drift:?} {shown:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn processes_wait_by_their_own_clocks() {
        let begin = TrueInstant::now();
        tokio::time::advance(SECOND).await;
        for (faster_permille, took_ms) in [(0, 1000), (250, 800), (-200, 1250)] {
            let process = Process::new(begin, 1, None, Drift { faster_permille });
            let waited = async {
                let began = TrueInstant::now();
                timeout(SECOND, pending::<()>()).await.expect_err("nothing else ends it");
                let (waited, began) = (began.elapsed(), TrueInstant::now());
                let deadline = Instant::now() + SECOND;
                timeout_at(deadline, pending::<()>()).await.expect_err("nothing else ends it");
                [waited, began.elapsed()]
            };
            let took = process.run(waited).await.expect("it lives");
            assert_eq!([Duration::from_millis(took_ms); 2], took);
        }
    }
}
