//! The clock of this region node, and whether it may be used.
//!
//! The wall clock is read here and compared with what it showed when it was judged last: one that was
//! set since is not used before it is judged again, which is soon.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use model::lease::agreement::{AGREES_MS, Reading, Verdict};
use model::time::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::error::TableError;

const UNMEASURED: &str = "the clock of this region was not compared with a majority yet";

/// The clock of a region node; clones share it. One that is never judged is used as it is.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    judged: Arc<Mutex<Judged>>,
}

#[derive(Debug, Default)]
struct Judged {
    state: State,
    offsets_ms: BTreeMap<u64, i64>,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Never,
    Pending,
    Done(Verdict, Reading),
}

impl Clock {
    /// The present time.
    ///
    /// # Errors
    /// [`TableError::Unavailable`] when this node's clock may not be used.
    pub fn now(&self) -> Result<Timestamp, TableError> {
        let now = reading();
        match self.refusal_at(&now) {
            None => Ok(now.wall),
            Some(reason) => Err(TableError::Unavailable { reason, outcome_open: false }),
        }
    }

    /// Why this node's clock may not be used, if so.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.refusal_at(&reading())
    }

    fn refusal_at(&self, now: &Reading) -> Option<String> {
        match self.lock().state {
            State::Never => None,
            State::Pending => Some(UNMEASURED.to_owned()),
            State::Done(verdict, at) => refusal_of(&verdict, now.stepped_since_ms(&at)),
        }
    }

    /// From now on it is judged, and not used before.
    pub fn begin_judging(&self) {
        self.lock().state = State::Pending;
    }

    /// It was judged when it showed `at`; `offsets_ms` is how far other regions, by node id, are ahead.
    pub fn judged(&self, verdict: Verdict, at: Reading, offsets_ms: BTreeMap<u64, i64>) {
        *self.lock() = Judged { state: State::Done(verdict, at), offsets_ms };
    }

    /// How far the clocks of other regions were ahead when they were measured last, by node id.
    #[must_use]
    pub fn offsets_ms(&self) -> BTreeMap<u64, i64> {
        self.lock().offsets_ms.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal_of(verdict: &Verdict, stepped_ms: i64) -> Option<String> {
    if stepped_ms.abs() > AGREES_MS {
        let seconds = seconds(stepped_ms);
        return Some(format!("the clock of this region was set by {seconds} s a moment ago"));
    }
    match verdict {
        Verdict::Unmeasured => Some(UNMEASURED.to_owned()),
        Verdict::Trusted => None,
        Verdict::Apart { offset_ms, .. } => {
            let seconds = seconds(-offset_ms);
            Some(format!("the clock of this region differs by {seconds} s from the other regions"))
        }
        Verdict::Held { step_ms, left_ms } => Some(format!(
            "the clock of this region was set forward by {} s: it serves again in {} s, when leases \
             given before are over",
            seconds(*step_ms),
            left_ms.div_ceil(1_000),
        )),
    }
}

/// With its sign: how far ahead.
fn seconds(ms: i64) -> String {
    format!("{}{}.{}", if ms < 0 { '-' } else { '+' }, ms.abs() / 1_000, ms.abs() % 1_000 / 100)
}

/// What the clocks of this machine show.
#[must_use]
pub fn reading() -> Reading {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // It is there on every Linux that this runs on.
    let since_boot = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
    Reading { wall: Timestamp::from_unix_ms(millis(since_epoch)), boot_ms: millis(since_boot) }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(verdict: Verdict, stepped_ms: i64, expected: Option<&str>) {
        assert_eq!(refusal_of(&verdict, stepped_ms).as_deref(), expected);
    }

    #[test]
    fn a_refusal_names_the_offset() {
        let apart = |offset_ms| Verdict::Apart { offset_ms, is_odd: true };
        let set = "the clock of this region was set by -3600.0 s a moment ago";
        check(Verdict::Trusted, 1_500, None);
        check(Verdict::Trusted, -3_600_000, Some(set));
        let ahead = "the clock of this region differs by +3600.0 s from the other regions";
        check(apart(-3_600_049), 0, Some(ahead));
        let behind = "the clock of this region differs by -2.5 s from the other regions";
        check(apart(2_500), 0, Some(behind));
        let held = "the clock of this region was set forward by +5.0 s: it serves again in 7 s, when \
                    leases given before are over";
        check(Verdict::Held { step_ms: 5_000, left_ms: 6_001 }, 0, Some(held));
    }

    #[test]
    fn a_clock_is_used_once_it_was_judged_and_not_when_it_was_set_since() {
        let clock = Clock::default();
        assert!(clock.now().is_ok());
        clock.begin_judging();
        assert!(clock.now().is_err());
        clock.judged(Verdict::Trusted, reading(), BTreeMap::new());
        assert!(clock.now().is_ok());
        let at = reading();
        let set = Reading { wall: at.wall.minus_ms(3_600_000), ..at };
        clock.judged(Verdict::Trusted, set, BTreeMap::new());
        assert!(clock.now().is_err());
    }
}
