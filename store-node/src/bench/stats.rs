//! Medians, percentiles and how sure a ratio is.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Resamplings of a bootstrap.
const RESAMPLINGS: usize = 2000;

/// The median and what lies around it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Spread {
    /// The value in the middle.
    pub median: f64,
    /// The least one.
    pub min: f64,
    /// The greatest one.
    pub max: f64,
    /// Where the interval begins that holds the median with 95 %.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// The value that `share` of all are not above; 0 when there is none. The values must be sorted.
#[must_use]
pub fn percentile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index that is never negative"
    )]
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// The spread of some values; none when there are none.
#[must_use]
pub fn spread(values: &[f64]) -> Option<Spread> {
    let sorted = sorted(values.to_vec());
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let mut random = StdRng::seed_from_u64(1);
    let resampled = (0..RESAMPLINGS).map(|_| {
        let drawn = values.iter().map(|_| values[random.random_range(0..values.len())]);
        median(drawn.collect())
    });
    let medians = self::sorted(resampled.collect());
    let (low, high) = (percentile(&medians, 0.025), percentile(&medians, 0.975));
    Some(Spread { median: median(sorted), min, max, low, high })
}

/// The median; 0 of nothing.
#[must_use]
pub fn median(values: Vec<f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => 0.0,
        (0, Some(upper)) => f64::midpoint(sorted[middle - 1], *upper),
        (_, Some(value)) => *value,
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Microseconds, rounded down.
#[must_use]
pub fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<u32> = (1..=100).collect();
        assert_eq!((51, 99, 100), {
            let at = |share| percentile(&values, share);
            (at(0.5), at(0.99), at(1.0))
        });
        assert_eq!(0, percentile::<u32>(&[], 0.5));
    }

    #[test]
    fn the_interval_of_a_median_holds_it() {
        let spread = spread(&[1.0, 2.0, 3.0, 4.0, 100.0]).expect("values");
        assert!((spread.median - 3.0).abs() < f64::EPSILON);
        assert!(spread.low <= spread.median && spread.median <= spread.high);
        assert!((median(vec![4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
        assert_eq!(None, super::spread(&[]));
    }
}
