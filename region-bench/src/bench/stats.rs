//! Medians and percentiles.

use std::time::Duration;

/// The value that `share` of all are not above, in thousandths; 0 when there is none. The values
/// must be sorted.
pub(super) fn percentile(sorted: &[u32], thousandths: usize) -> u32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * thousandths).div_ceil(1000)).copied().unwrap_or_default()
}

/// The median; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle)) {
        (_, None) => 0.0,
        (0, Some(upper)) => f64::midpoint(values[middle - 1], *upper),
        (_, Some(value)) => *value,
    }
}

/// Microseconds, rounded down.
pub(super) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{median, percentile};

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<u32> = (1..=101).collect();
        assert_eq!((51, 100, 101), {
            let at = |share| percentile(&values, share);
            (at(500), at(990), at(1000))
        });
        assert_eq!(0, percentile(&[], 500));
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert!((median(vec![4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
