//! How often something may be done: a token bucket.

use model::lease::clock::Moment;

/// A bound on how often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Times a second, over a longer time.
    pub a_second: u64,
    /// Times at once.
    pub at_once: u64,
}

/// What is left of a rate at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    rate: Rate,
    /// Thousandths: a millisecond brings `a_second` of them.
    left: u64,
    at: Moment,
}

impl Allowance {
    /// All that is allowed at once.
    #[must_use]
    pub const fn full(rate: Rate) -> Self {
        Self { rate, left: rate.at_once * 1_000, at: Moment::from_ms(0) }
    }

    /// How often it may be done now.
    pub fn left(&mut self, now: Moment) -> usize {
        self.left = self.thousandths(now);
        self.at = self.at.max(now);
        usize::try_from(self.left / 1_000).unwrap_or(usize::MAX)
    }

    /// Whether all that is allowed at once is left.
    #[must_use]
    pub fn is_full(&self, now: Moment) -> bool {
        self.thousandths(now) == self.rate.at_once * 1_000
    }

    fn thousandths(&self, now: Moment) -> u64 {
        let came = now.since_ms(self.at).saturating_mul(self.rate.a_second);
        self.left.saturating_add(came).min(self.rate.at_once * 1_000)
    }

    /// Does it once, if that leaves `kept` for others.
    pub fn take(&mut self, kept: usize, now: Moment) -> bool {
        let may = self.left(now) > kept;
        if may {
            self.left -= 1_000;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_allowed_as_the_rate_says_however_often_it_is_asked() {
        let mut allowance = Allowance::full(Rate { a_second: 200, at_once: 50 });
        let mut taken = [0; 4];
        for ms in 0..4_000 {
            let second = usize::try_from(ms / 1_000).expect("four");
            while allowance.take(0, Moment::from_ms(ms)) {
                taken[second] += 1;
            }
        }
        assert_eq!(taken, [249, 200, 200, 200]);
        assert!(!allowance.is_full(Moment::from_ms(4_000)));
        assert!(allowance.is_full(Moment::from_ms(60_000)));
        assert_eq!(allowance.left(Moment::from_ms(60_000)), 50, "no more gathers");
        assert!(!allowance.take(50, Moment::from_ms(60_000)), "that much is kept for others");
    }
}
