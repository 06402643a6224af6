//! What time it is in the region, as bounds that hold without trusting this machine's wall clock.
//!
//! A region answers each heartbeat with its own time. That time was read between the moment the
//! heartbeat was sent and the moment its answer arrived, both on this machine's boot clock, which nobody
//! sets and which goes on while the machine is suspended. So region time is known between two bounds;
//! they drift apart until the next answer.
//!
//! A region that tells a time outside of these bounds is not believed at once ([`RegionClock::observe`]): either it
//! is wrong, or all regions are set, or this machine's boot clock stood still (a paused virtual machine).
//! From then on no time is known here, and so nothing is given by it, until a region tells the time that was
//! known, or all that are reached have told the new one for [`FOLLOWED_AFTER`]. A region that is wrong knows it
//! sooner by the others, and ends the session; one that cannot ask them has no leader, and its time is not taken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use model::lease::policy::Policy;
use model::time::Timestamp;
use nix::time::{ClockId, clock_gettime};
use prometheus_client::metrics::counter::Counter;

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

/// For how long every region that is reached must tell a new time before it is followed.
pub const FOLLOWED_AFTER: Duration = Duration::from_secs(5);

/// A moment of this machine's boot clock: it is never set, and counts suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boot(Duration);

impl Boot {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        // It is there on every Linux that this runs on.
        Self(clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from))
    }

    /// An earlier moment.
    #[cfg(test)]
    pub(crate) const fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }

    /// How long ago an earlier moment was; zero for a later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// What came of a time that a region told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// It is region time.
    Accepted,
    /// It is not what is known here: another region is to be asked, and no time is known meanwhile.
    Doubted {
        /// How far it is ahead, in milliseconds.
        offset_ms: i64,
    },
    /// It is not yet believed.
    Waiting,
    /// It was told for long enough: it is region time from now on.
    Followed {
        /// How far it is ahead of what was known, in milliseconds.
        offset_ms: i64,
    },
}

/// The region's clock as this rack knows it; clones share it.
#[derive(Debug, Clone, Default)]
pub struct RegionClock {
    known: Arc<Mutex<Known>>,
    doubts: Counter,
}

#[derive(Debug, Default)]
struct Known {
    sample: Option<Sample>,
    /// Another time, that regions told since.
    claim: Option<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    region: Timestamp,
    sent: Boot,
    received: Boot,
    /// What this machine's wall clock showed.
    wall: Timestamp,
}

impl Sample {
    fn at(&self, moment: Boot) -> Bounds {
        let least = moment.since(self.received);
        let most = moment.since(self.sent);
        Bounds {
            earliest: self.region.plus_ms(millis(least.saturating_sub(drift(least)))),
            latest: self.region.plus_ms(millis(most.saturating_add(drift(most))) + 1),
        }
    }

    /// How far a later one is ahead of this; none when it is what this lets expect of any region.
    fn contradicted_by(&self, later: &Self) -> Option<i64> {
        let skew_ms = Policy::default().skew_ms;
        let (expected, told) = (self.at(later.received), later.at(later.received));
        let fits = told.latest >= expected.earliest.minus_ms(skew_ms)
            && told.earliest <= expected.latest.plus_ms(skew_ms);
        let signed = |time: Timestamp| i64::try_from(time.unix_ms).unwrap_or(i64::MAX);
        (!fits).then(|| signed(told.earliest).saturating_sub(signed(expected.earliest)))
    }

    /// Whether the wall clock went on for longer than the boot clock since: it may have stood still.
    fn stood_still(&self, moment: Boot, wall: Timestamp) -> bool {
        let passed = millis(moment.since(self.received));
        wall > self.wall.plus_ms(passed).plus_ms(Policy::default().skew_ms)
    }
}

impl RegionClock {
    /// A clock that counts the times that it does not believe.
    #[must_use]
    pub fn counting(doubts: Counter) -> Self {
        Self { doubts, ..Self::default() }
    }

    /// Takes in that a region which knows a leader read `region` between the two moments.
    pub fn observe(&self, region: Timestamp, sent: Boot, received: Boot) -> Observed {
        let told = Sample { region, sent, received, wall: wall_now() };
        let mut known = self.lock();
        let contradiction = known.sample.and_then(|sample| sample.contradicted_by(&told));
        let Some(offset_ms) = contradiction else {
            *known = Known { sample: Some(told), claim: None };
            return Observed::Accepted;
        };
        match known.claim {
            Some(claim) if claim.contradicted_by(&told).is_none() => {
                if received.since(claim.received) < FOLLOWED_AFTER {
                    return Observed::Waiting;
                }
                *known = Known { sample: Some(told), claim: None };
                Observed::Followed { offset_ms }
            }
            Some(_) | None => {
                known.claim = Some(told);
                self.doubts.inc();
                Observed::Doubted { offset_ms }
            }
        }
    }

    /// Region time at a moment not before the last observation, when this machine's wall clock shows `wall`; none
    /// before the first observation, and none while it is in doubt.
    #[must_use]
    pub fn at(&self, moment: Boot, wall: Timestamp) -> Option<Bounds> {
        let known = self.lock();
        let sample = known.sample.filter(|_| known.claim.is_none())?;
        (!sample.stood_still(moment, wall)).then(|| sample.at(moment))
    }

    /// Region time now; none when it is not known.
    #[must_use]
    pub fn now(&self) -> Option<Bounds> {
        self.at(Boot::now(), wall_now())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wall_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(millis(since_epoch))
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

    const HOUR_MS: i64 = 3_600_000;

    fn after(ms: u64) -> Boot {
        Boot(Duration::from_millis(1_000_000 + ms))
    }

    /// A region whose clock is `ahead_ms` ahead answers.
    fn tell(clock: &RegionClock, at: u64, ahead_ms: i64) -> Observed {
        let region = (1_000_000_000 + at).saturating_add_signed(ahead_ms);
        clock.observe(Timestamp::from_unix_ms(region), after(at), after(at))
    }

    fn is_known(clock: &RegionClock, at: u64) -> bool {
        clock.at(after(at), wall_now()).is_some()
    }

    #[test]
    fn bounds_enclose_the_round_trip_and_the_drift() {
        let clock = RegionClock::default();
        assert_eq!(clock.at(after(0), wall_now()), None);
        clock.observe(Timestamp::from_unix_ms(1_000_000), after(100), after(150));
        let check = |at, earliest, latest| {
            let expected = Bounds {
                earliest: Timestamp::from_unix_ms(earliest),
                latest: Timestamp::from_unix_ms(latest),
            };
            assert_eq!(clock.at(after(at), wall_now()), Some(expected));
        };
        check(150, 1_000_000, 1_000_051);
        check(10_150, 1_009_990, 1_010_061);
    }

    #[test]
    fn a_region_that_is_wrong_is_left_and_the_time_of_another_is_kept() {
        for wrong in [HOUR_MS, -HOUR_MS, 3_002, -3_003] {
            let clock = RegionClock::default();
            assert_eq!(tell(&clock, 0, 0), Observed::Accepted);
            assert!(matches!(tell(&clock, 250, wrong), Observed::Doubted { .. }), "{wrong}");
            assert!(!is_known(&clock, 251), "nothing is given by a time that is in doubt");
            assert_eq!(tell(&clock, 500, 0), Observed::Accepted);
            assert!(is_known(&clock, 501));
        }
    }

    #[test]
    fn regions_may_be_as_far_apart_as_the_policy_bears() {
        let clock = RegionClock::default();
        tell(&clock, 0, 0);
        assert_eq!(tell(&clock, 250, 3_000), Observed::Accepted);
        assert_eq!(tell(&clock, 500, 0), Observed::Accepted);
    }

    #[test]
    fn a_time_that_all_tell_for_long_is_followed() {
        let clock = RegionClock::default();
        tell(&clock, 0, 0);
        assert_eq!(tell(&clock, 1_000, HOUR_MS), Observed::Doubted { offset_ms: HOUR_MS + 1 });
        assert_eq!(tell(&clock, 5_999, HOUR_MS), Observed::Waiting);
        assert!(!is_known(&clock, 5_999));
        assert!(matches!(tell(&clock, 6_000, HOUR_MS), Observed::Followed { .. }));
        assert!(is_known(&clock, 6_000));
        assert!(matches!(tell(&clock, 6_250, 0), Observed::Doubted { .. }));
    }

    #[test]
    fn a_third_time_begins_the_wait_anew() {
        let clock = RegionClock::default();
        tell(&clock, 0, 0);
        assert!(matches!(tell(&clock, 1_000, HOUR_MS), Observed::Doubted { .. }));
        assert!(matches!(tell(&clock, 5_000, -HOUR_MS), Observed::Doubted { .. }));
        assert_eq!(tell(&clock, 6_000, -HOUR_MS), Observed::Waiting);
        assert!(matches!(tell(&clock, 6_100, HOUR_MS), Observed::Doubted { .. }));
        assert_eq!(clock.doubts.get(), 3);
    }

    #[test]
    fn a_wall_clock_that_went_on_while_the_boot_clock_stood_still_puts_the_time_in_doubt() {
        let clock = RegionClock::default();
        tell(&clock, 0, 0);
        let wall = wall_now();
        assert!(clock.at(after(1_000), wall.plus_ms(3_900)).is_some());
        assert_eq!(clock.at(after(1_000), wall.plus_ms(5_000)), None);
        assert!(clock.at(after(1_000), wall.minus_ms(5_000)).is_some(), "set back");
        assert_eq!(tell(&clock, 2_000, 0), Observed::Accepted);
        assert!(is_known(&clock, 2_001));
    }

    #[test]
    fn time_passes_in_suspend_too() {
        let clock = RegionClock::default();
        tell(&clock, 0, 0);
        let bounds = clock.at(after(3_600_000), wall_now().plus_ms(3_600_000)).expect("known");
        assert!(bounds.earliest >= Timestamp::from_unix_ms(1_003_596_400));
    }
}
