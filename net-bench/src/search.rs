//! The search for the highest rate that a server bears: doubling until one fails, then bisection.
//!
//! Pure: what is tried next follows from what was tried before. Two searches with different limits
//! share their points.

use serde::{Deserialize, Serialize};

/// The lowest rate that is tried.
const RATE_MIN: u32 = 10;
/// A search ends when the rate that failed is at most this much above one that passed, in percent.
const CLOSE_PERCENT: u32 = 110;

/// What a step at one rate showed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Exchanges begun per second, as asked for.
    pub rate: u32,
    /// The share of exchanges that did not end with an acknowledgment in time, 0 to 1.
    pub loss: f64,
}

/// The rate to try next, or none when the limit is found or nothing can be.
#[must_use]
pub fn next(points: &[Point], loss_max: f64, start: u32) -> Option<u32> {
    let passed = highest(points, loss_max);
    let above = passed.unwrap_or(0);
    let failed = points.iter().filter(|point| point.rate > above && point.loss > loss_max);
    match (passed, failed.map(|point| point.rate).min()) {
        (None, None) => Some(start.max(RATE_MIN)),
        (Some(low), None) => low.checked_mul(2),
        (None, Some(high)) => (high / 2 >= RATE_MIN).then_some(high / 2),
        (Some(low), Some(high)) => {
            let close = u64::from(high) * 100 <= u64::from(low) * u64::from(CLOSE_PERCENT);
            (!close && high - low > 1).then(|| rounded(low.midpoint(high), low, high))
        }
    }
}

/// The highest rate whose loss was within the limit.
#[must_use]
pub fn highest(points: &[Point], loss_max: f64) -> Option<u32> {
    points.iter().filter(|point| point.loss <= loss_max).map(|point| point.rate).max()
}

/// To tens, so that reports are read easily, where that stays between both.
fn rounded(rate: u32, low: u32, high: u32) -> u32 {
    let tens = rate / 10 * 10;
    if low < tens && tens < high { tens } else { rate }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches at a server that loses everything above `capacity`, and returns what it tried.
    fn tried(capacity: u32, start: u32) -> Vec<u32> {
        let mut points = Vec::new();
        while let Some(rate) = next(&points, 0.001, start) {
            points.push(Point { rate, loss: if rate > capacity { 0.5 } else { 0.0 } });
            assert!(points.len() < 40, "{points:?}");
        }
        points.iter().map(|point| point.rate).collect()
    }

    #[test]
    fn a_search_doubles_and_then_halves_the_interval() {
        assert_eq!(tried(1_000, 250), [250, 500, 1000, 2000, 1500, 1250, 1120, 1060]);
    }

    #[test]
    fn a_search_that_begins_too_high_goes_down() {
        assert_eq!(tried(70, 250), [250, 125, 62, 90, 70, 80, 75]);
    }

    #[test]
    fn a_server_that_answers_nothing_ends_the_search() {
        let rates = tried(0, 100);
        assert_eq!(rates, [100, 50, 25, 12]);
    }

    #[test]
    fn a_second_limit_starts_from_the_points_of_the_first() {
        let point = |rate, loss| Point { rate, loss };
        let points = [point(1000, 0.0), point(2000, 0.02), point(1050, 0.002)];
        assert_eq!(next(&points, 0.001, 250), None);
        assert_eq!(next(&points, 0.025, 250), Some(4000));
        assert_eq!(highest(&points, 0.025), Some(2000));
    }

    #[test]
    fn a_failure_below_a_rate_that_passed_is_an_outlier() {
        let points = [Point { rate: 500, loss: 0.1 }, Point { rate: 1000, loss: 0.0 }];
        assert_eq!(next(&points, 0.001, 250), Some(2000));
    }

    #[test]
    fn every_search_ends_close_below_what_the_server_bears() {
        for capacity in (20..20_000).step_by(97) {
            let rates = tried(capacity, 250);
            assert!(rates.len() <= 14, "{capacity}: {rates:?}");
            let found = rates.into_iter().filter(|rate| *rate <= capacity).max();
            let found = found.map_or(0, |rate| rate * CLOSE_PERCENT / 100 + 1);
            assert!(found >= capacity, "{capacity}: {found}");
        }
    }
}
