//! How long the write takes that is running, for those who watch the writer from outside.
//!
//! An fsync cannot be interrupted, so another thread, which needs nothing but the clock, ends the
//! process when one takes too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openraft::Instant as _;

use crate::fatal::end_process;
use crate::runtime::clock::Instant;

/// How often the writer is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// When the write began that is running.
#[derive(Debug)]
pub(crate) struct WriteClock {
    zero: Instant,
    /// Microseconds from `zero`, and one; 0 when nothing runs.
    begun: AtomicU64,
}

impl WriteClock {
    pub(crate) fn new() -> Self {
        Self { zero: Instant::now(), begun: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.zero.elapsed().as_micros()).unwrap_or(u64::MAX - 1) + 1
    }

    /// A write begins.
    pub(crate) fn begin(&self) {
        self.begun.store(self.now(), Ordering::Release);
    }

    /// A write begins beside the writer. When one runs already, that one stays watched: both need
    /// the same disk. Returns what [`Self::end_of`] is to be told.
    pub(crate) fn begin_if_idle(&self) -> Option<u64> {
        let now = self.now();
        let begun = self.begun.compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire);
        begun.is_ok().then_some(now)
    }

    /// The write beside the writer is done; one that the writer began meanwhile stays watched.
    pub(crate) fn end_of(&self, begun: Option<u64>) {
        if let Some(begun) = begun {
            // It fails when the writer began another.
            self.begun.compare_exchange(begun, 0, Ordering::AcqRel, Ordering::Acquire).ok();
        }
    }

    /// It is done.
    pub(crate) fn end(&self) {
        self.begun.store(0, Ordering::Release);
    }

    /// How long the running write takes already; zero when none runs.
    pub(crate) fn running(&self) -> Duration {
        match self.begun.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            begun => Duration::from_micros(self.now().saturating_sub(begun)),
        }
    }
}

/// Starts the thread that ends the process when a write takes longer than `end_after`. It ends soon
/// after the writer does.
pub(crate) fn start_watchdog(clock: &Arc<WriteClock>, end_after: Duration) -> std::io::Result<()> {
    let clock = Arc::downgrade(clock);
    let watch = move || {
        while let Some(clock) = clock.upgrade() {
            let running = clock.running();
            drop(clock);
            if running > end_after {
                let error = format!("the disk did not answer for {running:?}");
                end_process("a write of the store", &error);
            }
            std::thread::sleep(LOOK_EVERY);
        }
    };
    std::thread::Builder::new().name("store-watchdog".into()).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until what begins now began at another microsecond than what began before.
    fn let_time_pass(clock: &WriteClock) {
        let now = clock.now();
        while clock.now() == now {
            std::hint::spin_loop();
        }
    }

    #[track_caller]
    fn check_watched(clock: &WriteClock, watched: bool) {
        let_time_pass(clock);
        assert_eq!(watched, !clock.running().is_zero(), "{clock:?}");
    }

    #[test]
    fn the_clock_runs_only_during_a_write() {
        let clock = WriteClock::new();
        check_watched(&clock, false);
        clock.begin();
        check_watched(&clock, true);
        clock.end();
        check_watched(&clock, false);
    }

    #[test]
    fn a_write_beside_the_idle_writer_is_watched() {
        let clock = WriteClock::new();
        let begun = clock.begin_if_idle();
        check_watched(&clock, true);
        clock.end_of(begun);
        check_watched(&clock, false);
    }

    #[test]
    fn a_write_that_runs_stays_watched_through_one_beside_it() {
        let clock = WriteClock::new();
        clock.begin();
        let_time_pass(&clock);
        let before = clock.running();
        let begun = clock.begin_if_idle();
        assert_eq!(None, begun);
        clock.end_of(begun);
        assert!(clock.running() >= before, "it counts from its own beginning");
        clock.end();
        check_watched(&clock, false);
    }

    #[test]
    fn a_write_that_begins_during_one_beside_the_writer_stays_watched() {
        let clock = WriteClock::new();
        let begun = clock.begin_if_idle();
        let_time_pass(&clock);
        clock.begin();
        clock.end_of(begun);
        check_watched(&clock, true);
        clock.end();
        check_watched(&clock, false);
    }
}
