//! A disk that does not answer: a leader hands over, and a node that waits too long ends.
//!
//! An fsync cannot be interrupted, and a leader whose log does not come to disk still sends
//! heartbeats: nobody would elect another one. So others than the writer look at how long its write
//! takes: a thread, which needs nothing but the clock, ends the process, and a task transfers
//! leadership, for which the old leader's disk is not needed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openraft::Instant as _;

use crate::fatal::end_process;
use crate::node::Node;
use crate::runtime::clock::{self, Instant};

/// How often the writer is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often leadership is offered while the writer hangs, or the disk is nearly full.
const TRANSFER_EVERY: Duration = Duration::from_secs(2);
/// How long a leader with a nearly full disk keeps a leadership that comes back to it: when all
/// disks are nearly full, somebody has to lead, or nobody could be read or helped.
const KEEP_WHEN_LOW: Duration = Duration::from_secs(60);

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
    let mut offers = Offers::default();
    loop {
        tokio::select! {
            biased;
            () = node.stopping.cancelled() => return,
            () = clock::sleep(LOOK_EVERY) => {}
        }
        let failed = node.background_errors();
        if failed > 0 {
            let error = format!("{failed} flushes or compactions failed");
            end_process("the database in the background", &error);
        }
        let unfit = if node.writing_for() > node.config.stall.transfer_after {
            Some(Unfit::Hangs)
        } else {
            node.disk.is_low().then_some(Unfit::Low)
        };
        let Some(unfit) = unfit else { continue };
        if node.leadership.borrow().leading && offers.is_due(unfit, Instant::now()) {
            let why = match unfit {
                Unfit::Hangs => "its disk hangs",
                Unfit::Low => "its disk is nearly full",
            };
            tracing::warn!("this node leads and {why}: another one is to lead");
            offers.offered(Instant::now());
            if node.hand_over().await.is_some() {
                offers.taken(unfit, Instant::now());
            }
        }
    }
}

/// Why a node should not lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unfit {
    Hangs,
    Low,
}

/// When leadership was offered and taken.
#[derive(Debug, Default)]
struct Offers {
    offered: Option<Instant>,
    taken_when_low: Option<Instant>,
}

impl Offers {
    fn is_due(&self, unfit: Unfit, now: Instant) -> bool {
        let over = |since: Option<Instant>, wait| since.is_none_or(|at| now - at >= wait);
        let kept = unfit == Unfit::Low && !over(self.taken_when_low, KEEP_WHEN_LOW);
        over(self.offered, TRANSFER_EVERY) && !kept
    }

    fn offered(&mut self, now: Instant) {
        self.offered = Some(now);
    }

    fn taken(&mut self, unfit: Unfit, now: Instant) {
        if unfit == Unfit::Low {
            self.taken_when_low = Some(now);
        }
    }
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

    #[test]
    fn leadership_is_offered_again_until_somebody_takes_it() {
        for unfit in [Unfit::Hangs, Unfit::Low] {
            let now = Instant::now();
            let mut offers = Offers::default();
            assert!(offers.is_due(unfit, now));
            offers.offered(now);
            assert!(!offers.is_due(unfit, now + TRANSFER_EVERY / 2));
            assert!(offers.is_due(unfit, now + TRANSFER_EVERY));
        }
    }

    #[test]
    fn leadership_that_comes_back_to_a_nearly_full_disk_stays_there_for_a_while() {
        let now = Instant::now();
        let mut offers = Offers::default();
        offers.offered(now);
        offers.taken(Unfit::Low, now);
        assert!(!offers.is_due(Unfit::Low, now + TRANSFER_EVERY));
        assert!(offers.is_due(Unfit::Hangs, now + TRANSFER_EVERY), "no disk can be worse");
        assert!(offers.is_due(Unfit::Low, now + KEEP_WHEN_LOW));
    }
}
