//! How long each stage of the store takes and how much goes through it, cheap enough to count always.
//!
//! Names carry their unit, as Prometheus wants it; whoever exposes them adds a prefix and nothing
//! else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bucket `i` counts values below `2^i`; the last one counts all that are greater, from 34 seconds
/// or 32 MiB on.
const BUCKETS: usize = 26;
const MICROS_PER_SECOND: f64 = 1e6;

/// A histogram whose buckets double.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn record(&self, value: u64) {
        let bits = usize::try_from(u64::BITS - value.leading_zeros()).unwrap_or(BUCKETS);
        self.buckets[bits.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    pub(crate) fn record_time(&self, time: Duration) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    fn read(&self, name: &'static str, help: &'static str, per_unit: f64) -> Distribution {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let mut buckets: Vec<(f64, u64)> =
            (0..).zip(counts).map(|(power, count)| (2_f64.powi(power) / per_unit, count)).collect();
        if let Some(last) = buckets.last_mut() {
            last.0 = f64::MAX;
        }
        #[expect(clippy::cast_precision_loss, reason = "a sum is for people to look at")]
        let sum = self.sum.load(Ordering::Relaxed) as f64 / per_unit;
        Distribution { name, help, sum, buckets }
    }
}

/// What the stages of a node record.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    pub(crate) group_jobs: Histogram,
    pub(crate) group_bytes: Histogram,
    pub(crate) write: Histogram,
    pub(crate) fsync: Histogram,
    pub(crate) append: Histogram,
    pub(crate) apply: Histogram,
    pub(crate) apply_entries: Histogram,
    pub(crate) snapshot_build: Histogram,
    pub(crate) snapshot_install: Histogram,
    pub(crate) snapshot_bytes: AtomicU64,
}

impl Stages {
    /// All histograms as they are now.
    pub(crate) fn distributions(&self) -> Vec<Distribution> {
        let time = |stage: &Histogram, name, help| stage.read(name, help, MICROS_PER_SECOND);
        let count = |stage: &Histogram, name, help| stage.read(name, help, 1.0);
        vec![
            count(&self.group_jobs, "write_group_jobs", "Jobs written as one batch"),
            count(&self.group_bytes, "write_group_bytes", "Size of one batch"),
            time(&self.write, "write_seconds", "Time to write one batch, without its fsync"),
            time(&self.fsync, "fsync_seconds", "Time of one fsync"),
            time(
                &self.append,
                "append_seconds",
                "Time from queue to disk of log entries and votes",
            ),
            time(&self.apply, "apply_seconds", "Time to apply one batch of entries"),
            count(&self.apply_entries, "apply_entries", "Entries applied as one batch"),
            time(&self.snapshot_build, "snapshot_build_seconds", "Time to build a snapshot"),
            time(&self.snapshot_install, "snapshot_install_seconds", "Time to install a snapshot"),
        ]
    }
}

/// A histogram as it was at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Its name, with the unit.
    pub name: &'static str,
    /// What it measures.
    pub help: &'static str,
    /// The sum of all values.
    pub sum: f64,
    /// Upper bounds, the greatest one without end, and how many values are below each and not below
    /// the one before.
    pub buckets: Vec<(f64, u64)>,
}

impl Distribution {
    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }
}

/// A value that goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its name, with the unit.
    pub name: &'static str,
    /// What it measures.
    pub help: &'static str,
    /// The value now.
    pub value: u64,
}

/// What a node measured since it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// The stages of a transaction.
    pub distributions: Vec<Distribution>,
    /// What is there now.
    pub levels: Vec<Level>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_below_their_bound() {
        let histogram = Histogram::default();
        for value in [0, 1, 3, 4, u64::MAX] {
            histogram.record(value);
        }
        let found = histogram.read("x", "", 1.0);
        let filled: Vec<_> = found.buckets.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(vec![&(1.0, 1), &(2.0, 1), &(4.0, 1), &(8.0, 1), &(f64::MAX, 1)], filled);
        assert_eq!(5, found.count());
    }

    #[test]
    fn times_are_told_in_seconds() {
        let histogram = Histogram::default();
        histogram.record_time(Duration::from_millis(1500));
        let found = histogram.read("x", "", MICROS_PER_SECOND);
        assert!((found.sum - 1.5).abs() < 1e-9);
    }
}
