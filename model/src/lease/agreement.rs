//! Whether a region's clock may be used: what the regions of a cluster measure of each other.
//!
//! Two regions that may both use their clocks each agree with a majority, and so with one that is in
//! both majorities: they are at most twice [`AGREES_MS`] apart, which is the skew of the
//! [policy](crate::lease::policy::Policy).

use crate::time::Timestamp;

/// Clocks that are so near agree.
pub const AGREES_MS: i64 = 1_500;

/// Operators are told of clocks that are further apart.
pub const TELL_MS: i64 = 1_000;

/// How long a region whose clock went forward with nobody left to say otherwise is silent: until every
/// lease that was given before, and every promise, is over by a clock that did not.
pub const HOLD_MS: u64 = 1_203_000;

/// How far the clock of another region is ahead of one's own, between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    least_ms: i64,
    most_ms: i64,
}

impl Offset {
    /// The other's clock showed `theirs` at some moment of the `round_trip_ms` before one's own
    /// showed `received`.
    #[must_use]
    pub fn measured(theirs: Timestamp, received: Timestamp, round_trip_ms: u64) -> Self {
        let least_ms = ahead_ms(theirs, received);
        Self { least_ms, most_ms: least_ms.saturating_add_unsigned(round_trip_ms) }
    }

    /// The likeliest value.
    #[must_use]
    pub const fn middle_ms(&self) -> i64 {
        self.least_ms.midpoint(self.most_ms)
    }

    /// Whether the clocks are further apart than operators care about, beyond doubt.
    #[must_use]
    pub const fn is_telling(&self) -> bool {
        self.least_ms > TELL_MS || self.most_ms < -TELL_MS
    }

    const fn agrees(&self) -> bool {
        self.least_ms >= -AGREES_MS && self.most_ms <= AGREES_MS
    }

    const fn differs(&self) -> bool {
        self.least_ms > AGREES_MS || self.most_ms < -AGREES_MS
    }
}

/// What is known of another region's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: it does not answer.
    Nothing,
    /// It runs a version that does not tell its time.
    Untold,
    /// It told its time.
    Measured(Offset),
}

/// What a region's own clocks show: the wall clock, and milliseconds of one that is never set and
/// counts suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock.
    pub wall: Timestamp,
    /// The other one.
    pub boot_ms: u64,
}

impl Reading {
    /// How far the wall clock was set forward since `earlier`; negative when it was set back.
    #[must_use]
    pub fn stepped_since_ms(&self, earlier: &Self) -> i64 {
        let passed = self.boot_ms.saturating_sub(earlier.boot_ms);
        ahead_ms(self.wall, earlier.wall.plus_ms(passed))
    }
}

/// What a region may do with its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not use it yet: it has agreed with no majority since the start.
    Unmeasured,
    /// Use it.
    Trusted,
    /// Not use it: it agrees with no majority.
    Apart {
        /// How far the others are ahead, by the median.
        offset_ms: i64,
        /// Whether a majority differs from it, so that another region can do what this one cannot.
        is_odd: bool,
    },
    /// Not use it yet: it was set forward, and nobody says otherwise.
    Held {
        /// By how much.
        step_ms: i64,
        /// For how long it is not used.
        left_ms: u64,
    },
}

/// Judges a region's clock, look by look.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    /// A reading while it was trusted, at most [`HOLD_MS`] ago or the last one.
    base: Option<Reading>,
    /// By how much the clock was set forward, and at which moment it was noticed.
    held: Option<(i64, u64)>,
}

impl Judge {
    /// What is to be done with a clock that shows `now`, given what the others show.
    pub fn look(&mut self, now: Reading, others: &[Seen]) -> Verdict {
        let count = |is: fn(&Offset) -> bool| {
            let measured =
                others.iter().filter(|seen| matches!(seen, Seen::Measured(it) if is(it)));
            measured.count()
        };
        let (agree, differ) = (count(Offset::agrees), count(Offset::differs));
        let untold = others.iter().filter(|seen| matches!(seen, Seen::Untold)).count();
        let majority = others.len().div_ceil(2) + 1;
        let agrees = 1 + agree + untold >= majority;
        if differ > 0 && !agrees {
            return Verdict::Apart { offset_ms: median(others), is_odd: differ >= majority };
        }
        // Who is not reached says nothing: without a quorum nothing is changed anyway.
        if agrees || self.base.is_some() { self.hold(now) } else { Verdict::Unmeasured }
    }

    fn hold(&mut self, now: Reading) -> Verdict {
        let base = *self.base.get_or_insert(now);
        let step_ms = now.stepped_since_ms(&base);
        if step_ms > AGREES_MS {
            // Every step begins the silence anew.
            let since = match self.held {
                Some((before, since)) if step_ms <= before.saturating_add(AGREES_MS) => since,
                Some(_) | None => now.boot_ms,
            };
            let most = self.held.map_or(step_ms, |(before, _)| before.max(step_ms));
            self.held = Some((most, since));
            let left_ms = HOLD_MS.saturating_sub(now.boot_ms.saturating_sub(since));
            if left_ms > 0 {
                return Verdict::Held { step_ms, left_ms };
            }
        }
        let is_old = now.boot_ms.saturating_sub(base.boot_ms) >= HOLD_MS;
        if is_old || step_ms < 0 {
            self.base = Some(now);
        }
        self.held = None;
        Verdict::Trusted
    }
}

/// How far the others are ahead, by the median.
fn median(others: &[Seen]) -> i64 {
    let mut offsets: Vec<i64> = others
        .iter()
        .filter_map(|seen| match seen {
            Seen::Measured(offset) => Some(offset.middle_ms()),
            Seen::Nothing | Seen::Untold => None,
        })
        .collect();
    offsets.sort_unstable();
    offsets.get(offsets.len() / 2).copied().unwrap_or_default()
}

fn ahead_ms(time: Timestamp, of: Timestamp) -> i64 {
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    signed(time.unix_ms).saturating_sub(signed(of.unix_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::policy::Policy;

    const START_MS: u64 = 1_700_000_000_000;

    fn reading(boot_ms: u64, set_ms: i64) -> Reading {
        let wall = (START_MS + boot_ms).saturating_add_signed(set_ms);
        Reading { wall: Timestamp::from_unix_ms(wall), boot_ms }
    }

    fn off(offset_ms: i64) -> Seen {
        let own = Timestamp::from_unix_ms(START_MS);
        let theirs = Timestamp::from_unix_ms(START_MS.saturating_add_signed(offset_ms));
        Seen::Measured(Offset::measured(theirs, own, 0))
    }

    #[track_caller]
    fn check(others: &[Seen], expected: Verdict) {
        assert_eq!(Judge::default().look(reading(0, 0), others), expected, "{others:?}");
    }

    #[test]
    fn a_clock_is_used_with_a_majority_or_with_nobody_against_it() {
        let apart = |offset_ms, is_odd| Verdict::Apart { offset_ms, is_odd };
        check(&[], Verdict::Trusted);
        check(&[off(1_500), off(3_600_000)], Verdict::Trusted);
        check(&[off(-3_600_000), off(-1_500)], Verdict::Trusted);
        check(&[off(-3_600_000), off(-3_600_001)], apart(-3_600_000, true));
        check(&[off(3_600_000), off(3_600_001)], apart(3_600_001, true));
        check(&[off(1_501), off(-1_501)], apart(1_501, true));
        check(&[off(5_000), Seen::Nothing], apart(5_000, false));
        check(&[Seen::Nothing, Seen::Nothing], Verdict::Unmeasured);
        check(&[Seen::Nothing, off(0)], Verdict::Trusted);
        check(&[off(5_000), Seen::Untold], Verdict::Trusted);
        check(&[off(5_000)], apart(5_000, false));
        check(&[off(0), off(5_000), off(0), off(5_000)], Verdict::Trusted);
        check(&[off(0), off(5_000), off(5_000), off(5_000)], apart(5_000, true));
    }

    #[test]
    fn a_clock_that_agreed_once_is_used_while_nobody_is_reached() {
        let mut judge = Judge::default();
        assert_eq!(judge.look(reading(0, 0), &[off(0), off(0)]), Verdict::Trusted);
        let lost = [Seen::Nothing, Seen::Nothing];
        assert_eq!(judge.look(reading(500, 0), &lost), Verdict::Trusted);
        assert!(matches!(judge.look(reading(1_000, 9_000), &lost), Verdict::Held { .. }));
    }

    #[test]
    fn two_clocks_that_are_used_are_no_further_apart_than_the_policy_bears() {
        assert_eq!(2 * AGREES_MS.unsigned_abs(), Policy::default().skew_ms);
        let policy = Policy::default();
        assert_eq!(HOLD_MS, policy.lease_ms + policy.promise_ms + policy.skew_ms);
        assert!(HOLD_MS > policy.block_ms + policy.skew_ms);
    }

    #[test]
    fn a_slow_answer_proves_nothing() {
        let own = Timestamp::from_unix_ms(START_MS);
        let theirs = Timestamp::from_unix_ms(START_MS - 4_000);
        let slow = Offset::measured(theirs, own, 8_000);
        assert_eq!((slow.middle_ms(), slow.is_telling()), (0, false));
        assert!(!slow.agrees() && !slow.differs());
        assert!(Offset::measured(theirs, own, 10).is_telling());
    }

    #[test]
    fn a_clock_that_was_wrong_and_is_set_right_is_used_at_once() {
        let mut judge = Judge::default();
        let wrong = [off(-3_600_000), off(-3_600_000)];
        let right = [off(0), off(0)];
        assert_eq!(judge.look(reading(0, 0), &right), Verdict::Trusted);
        assert!(matches!(judge.look(reading(500, 3_600_000), &wrong), Verdict::Apart { .. }));
        assert_eq!(judge.look(reading(1_000, 0), &right), Verdict::Trusted);
        let mut never = Judge::default();
        let behind = [off(3_600_000), off(3_600_000)];
        assert!(matches!(never.look(reading(0, -3_600_000), &behind), Verdict::Apart { .. }));
        assert_eq!(never.look(reading(500, 0), &right), Verdict::Trusted);
    }

    #[test]
    fn a_step_forward_that_nobody_contradicts_ends_in_silence_until_every_promise_is_over() {
        let mut judge = Judge::default();
        assert_eq!(judge.look(reading(0, 0), &[]), Verdict::Trusted);
        assert_eq!(judge.look(reading(500, -9_000), &[]), Verdict::Trusted, "set back");
        assert_eq!(judge.look(reading(1_000, -7_500), &[]), Verdict::Trusted, "a little");
        let held = judge.look(reading(2_000, -7_000), &[]);
        assert_eq!(held, Verdict::Held { step_ms: 2_000, left_ms: HOLD_MS }, "little by little");
        assert_eq!(
            judge.look(reading(3_000, 3_593_000), &[]),
            Verdict::Held { step_ms: 3_602_000, left_ms: HOLD_MS },
            "it begins anew"
        );
        assert!(matches!(
            judge.look(reading(2_999 + HOLD_MS, 3_593_000), &[]),
            Verdict::Held { left_ms: 1, .. }
        ));
        assert_eq!(judge.look(reading(3_000 + HOLD_MS, 3_593_000), &[]), Verdict::Trusted);
        assert_eq!(judge.look(reading(3_500 + HOLD_MS, 3_593_000), &[]), Verdict::Trusted);
    }

    #[test]
    fn regions_that_are_set_forward_one_after_the_other_are_all_silent() {
        let mut first = Judge::default();
        first.look(reading(0, 0), &[off(0), off(0)]);
        let alone = first.look(reading(500, 60_000), &[off(-60_000), off(-60_000)]);
        assert!(matches!(alone, Verdict::Apart { is_odd: true, .. }));
        let joined = first.look(reading(1_000, 60_000), &[off(0), off(-60_000)]);
        assert!(matches!(joined, Verdict::Held { .. }), "{joined:?}");
    }
}
