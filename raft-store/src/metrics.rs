//! How long each stage of the store takes and how much goes through it, cheap enough to count always.
//!
//! Names carry their unit, as Prometheus wants it; whoever exposes them adds a prefix and nothing
//! else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Bucket `i` counts values below `2^i`; the last one counts all that are greater, from 17 seconds
/// or 16 MiB on.
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
            last.0 = f64::INFINITY;
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
    pub(crate) snapshot_send: Histogram,
    pub(crate) snapshot_bytes: AtomicU64,
    pub(crate) snapshot_sent_bytes: AtomicU64,
    pub(crate) snapshot_installed_bytes: AtomicU64,
    pub(crate) transact: Histogram,
    pub(crate) propose: Histogram,
    pub(crate) commit: Histogram,
    pub(crate) commit_to_apply: Histogram,
    pub(crate) watch_lag: Histogram,
    pub(crate) journey: EntryTimes,
    pub(crate) replication: Replication,
}

impl Stages {
    /// The entries up to this one are known to be committed.
    pub(crate) fn committed(&self, index: u64) {
        self.journey.committed(index, &self.commit);
    }

    /// The entries up to this one are applied.
    pub(crate) fn applied(&self, index: u64) {
        self.journey.applied(index, &self.commit_to_apply);
    }

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
            time(&self.snapshot_send, "snapshot_send_seconds", "Time to send a snapshot to a node"),
            time(&self.transact, "transact_seconds", "Time of a transaction asked of this node"),
            time(&self.propose, "propose_seconds", "Time from a leader's queue to the outcome"),
            time(&self.commit, "commit_seconds", "Time from appending entries to their commit"),
            time(&self.commit_to_apply, "commit_to_apply_seconds", "Time from commit to applied"),
            count(
                &self.watch_lag,
                "watch_lag_revisions",
                "How far a watch is behind when it reads",
            ),
        ]
    }
}

/// When entries were appended and committed, by the last one of each batch.
#[derive(Debug, Default)]
pub(crate) struct EntryTimes {
    appended: Mutex<VecDeque<(u64, Instant)>>,
    committed: Mutex<VecDeque<(u64, Instant)>>,
}

/// How many batches are timed at once; what is more is not timed.
const JOURNEY_LENGTH_MAX: usize = 1024;

impl EntryTimes {
    /// Entries up to this one stand in the log; later ones do not.
    pub(crate) fn appended(&self, last: u64) {
        remember(&self.appended, last);
    }

    fn committed(&self, index: u64, commit: &Histogram) {
        record_up_to(&self.appended, index, commit);
        remember(&self.committed, index);
    }

    fn applied(&self, index: u64, commit_to_apply: &Histogram) {
        record_up_to(&self.committed, index, commit_to_apply);
    }
}

fn remember(times: &Mutex<VecDeque<(u64, Instant)>>, index: u64) {
    let mut times = times.lock().expect("no panic while locked");
    // What was cut off the log never comes.
    while times.pop_back_if(|(known, _)| *known >= index).is_some() {}
    if times.len() < JOURNEY_LENGTH_MAX {
        times.push_back((index, Instant::now()));
    }
}

fn record_up_to(times: &Mutex<VecDeque<(u64, Instant)>>, index: u64, stage: &Histogram) {
    let mut times = times.lock().expect("no panic while locked");
    while let Some((_, since)) = times.pop_front_if(|(known, _)| *known <= index) {
        stage.record_time(since.elapsed());
    }
}

/// How long the other nodes take to answer what is replicated to them.
#[derive(Debug, Default)]
pub(crate) struct Replication {
    peers: Mutex<BTreeMap<u64, Arc<Histogram>>>,
}

impl Replication {
    /// The histogram of a node.
    pub(crate) fn to(&self, node_id: u64) -> Arc<Histogram> {
        let mut peers = self.peers.lock().expect("no panic while locked");
        Arc::clone(peers.entry(node_id).or_default())
    }

    /// All of them as they are now.
    pub(crate) fn read(&self) -> Vec<(u64, Distribution)> {
        let help = "Time from sending entries to a node to its answer";
        let peers = self.peers.lock().expect("no panic while locked");
        let read = |time: &Histogram| time.read("replicate_seconds", help, MICROS_PER_SECOND);
        peers.iter().map(|(node_id, time)| (*node_id, read(time))).collect()
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
    /// How long each other node takes to answer what this one replicates to it, by node id.
    pub replication: Vec<(u64, Distribution)>,
    /// What is there now.
    pub levels: Vec<Level>,
}

/// What a node wrote since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IoCounts {
    /// Batches written to the database.
    pub batches: u64,
    /// Fsyncs of its log.
    pub fsyncs: u64,
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
        assert_eq!(vec![&(1.0, 1), &(2.0, 1), &(4.0, 1), &(8.0, 1), &(f64::INFINITY, 1)], filled);
        assert_eq!(5, found.count());
    }

    #[test]
    fn entries_are_timed_from_append_over_commit_to_apply() {
        let stages = Stages::default();
        for last in [5, 8, 11] {
            stages.journey.appended(last);
        }
        // The leader changed: 8 to 11 were cut off and others stand there.
        stages.journey.appended(9);
        stages.committed(8);
        stages.committed(9);
        stages.applied(9);
        let counts = |stage: &Histogram| stage.read("x", "", 1.0).count();
        assert_eq!((3, 2), (counts(&stages.commit), counts(&stages.commit_to_apply)));
    }

    #[test]
    fn every_measure_is_explained() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
        let page = std::fs::read_to_string(path).expect("the page of the metrics");
        for stage in Stages::default().distributions() {
            let name = format!("| `ironraft_store_{}` |", stage.name);
            assert!(page.contains(&name), "{name}");
        }
    }

    #[test]
    fn times_are_told_in_seconds() {
        let histogram = Histogram::default();
        histogram.record_time(Duration::from_millis(1500));
        let found = histogram.read("x", "", MICROS_PER_SECOND);
        assert!((found.sum - 1.5).abs() < 1e-9);
    }
}
