//! A disk that does not answer: a leader hands over, and a node that waits too long ends.
//!
//! An fsync cannot be interrupted, and a leader whose log does not come to disk still sends
//! heartbeats: nobody would elect another one. So others than the writer look at how long its write
//! takes: a thread, which needs nothing but the clock, ends the process, and a task transfers
//! leadership, for which the old leader's disk is not needed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::fatal::end_process;
use crate::node::Node;

/// How often the writer is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often leadership is offered while the writer hangs, or the disk is nearly full.
const TRANSFER_EVERY: Duration = Duration::from_secs(2);

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

/// Hands leadership over while writes hang or the disk is nearly full, and ends the process when the
/// database failed in the background.
pub(crate) async fn guard(node: Arc<Node>) {
    let mut offered: Option<Instant> = None;
    loop {
        tokio::select! {
            () = node.stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let failed = node.background_errors();
        if failed > 0 {
            let error = format!("{failed} flushes or compactions failed");
            end_process("the database in the background", &error);
        }
        let stalled = node.writing_for() > node.config.stall.transfer_after;
        let unfit = stalled || node.disk.is_low();
        let recently = offered.is_some_and(|at| at.elapsed() < TRANSFER_EVERY);
        if unfit && !recently && node.leadership.borrow().leading {
            let why = if stalled { "its disk hangs" } else { "its disk is nearly full" };
            tracing::warn!("this node leads and {why}: another one is to lead");
            offered = Some(Instant::now());
            node.hand_over().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_only_during_a_write() {
        let clock = WriteClock::new();
        assert_eq!(Duration::ZERO, clock.running());
        clock.begin();
        while clock.running().is_zero() {
            std::hint::spin_loop();
        }
        clock.end();
        assert_eq!(Duration::ZERO, clock.running());
    }
}
