//! The thread of the writer, and what whoever writes beside it shares with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use openraft::storage::IOFlushed;
use tokio::sync::{mpsc, oneshot};

use super::attempts::Attempts;
use super::clock::WriteClock;
use crate::database::{Database, Op};
use crate::metrics::Stages;
use crate::types::TypeConfig;

const GROUP_BYTES_MAX: usize = 1 << 20;

/// What happens when a job is done.
pub(super) enum Done {
    /// Nobody waits.
    Nothing,
    /// Told as soon as the write is visible to readers.
    Visible(oneshot::Sender<()>),
    /// Told when it is on disk.
    Durable(oneshot::Sender<()>),
    /// Nobody waits; it is on disk before anything else is written.
    OnDisk,
    /// Entries of the log: openraft is told when they are on disk.
    Flushed(IOFlushed<TypeConfig>),
    /// The thread ends.
    Stop,
}

impl Done {
    fn wants_flush(&self) -> bool {
        match self {
            Self::Nothing | Self::Visible(_) | Self::Stop => false,
            Self::Durable(_) | Self::OnDisk | Self::Flushed(_) => true,
        }
    }

    /// Whether later writes build on this one. Entries of the log may be lost when later writes are
    /// not: nobody was told of them.
    fn is_built_on(&self) -> bool {
        !matches!(self, Self::Flushed(_))
    }
}

pub(super) struct Job {
    pub(super) sequence: u64,
    pub(super) queued: Instant,
    pub(super) ops: Vec<Op>,
    /// Whether it builds on what was written before.
    pub(super) builds: bool,
    pub(super) done: Done,
}

/// The database with how far it was written, for all who write.
pub(super) struct Sink {
    pub(super) database: Arc<Database>,
    attempts: Attempts,
    /// The number of the last job that is visible to readers.
    pub(super) written: AtomicU64,
    /// The sequence number of the database up to which everything is on disk.
    pub(super) durable: AtomicU64,
    /// The sequence number of the database after the last write that later ones build on.
    built_on: AtomicU64,
    pub(super) clock: Arc<WriteClock>,
    pub(super) stages: Arc<Stages>,
    /// How long the last fsync took, in microseconds.
    last_sync_us: AtomicU64,
}

impl Sink {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self {
            database,
            attempts: Attempts::default(),
            written: AtomicU64::default(),
            durable: AtomicU64::default(),
            built_on: AtomicU64::default(),
            clock: Arc::new(WriteClock::new()),
            stages: Arc::default(),
            last_sync_us: AtomicU64::new(u64::MAX),
        }
    }

    /// How long the last fsync took; very long before the first one.
    pub(super) fn last_sync(&self) -> Duration {
        Duration::from_micros(self.last_sync_us.load(Ordering::Relaxed))
    }

    /// An fsync took so long.
    pub(super) fn note_sync(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.last_sync_us.store(took_us, Ordering::Relaxed);
    }

    /// Writes one batch, visible when it returns.
    pub(super) fn write<'a>(&self, ops: impl Iterator<Item = &'a Op>) {
        self.attempts.run("writing to the store", || self.database.write(ops));
    }

    /// What was written now is built on by later writes.
    pub(super) fn note_built_on(&self) {
        self.built_on.fetch_max(self.database.sequence(), Ordering::AcqRel);
    }

    /// Whether everything that later writes build on is on disk.
    pub(super) fn is_settled(&self) -> bool {
        self.durable.load(Ordering::Acquire) >= self.built_on.load(Ordering::Acquire)
    }

    /// Makes everything written so far durable.
    pub(super) fn flush(&self) {
        // What is written meanwhile has a greater number.
        let sequence = self.database.sequence();
        let started = Instant::now();
        self.attempts.run("fsync of the store", || self.database.flush());
        let took = started.elapsed();
        self.stages.fsync.record_time(took);
        self.note_sync(took);
        self.durable.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Writes batches of so many jobs as one.
    pub(super) fn write_group<'a>(
        &self,
        jobs: usize,
        size_bytes: usize,
        ops: impl Iterator<Item = &'a Op>,
    ) {
        let started = Instant::now();
        self.stages.group_jobs.record(jobs as u64);
        self.stages.group_bytes.record(size_bytes as u64);
        self.write(ops);
        self.stages.write.record_time(started.elapsed());
    }
}

/// The thread itself.
pub(super) struct Thread {
    pub(super) sink: Arc<Sink>,
    pub(super) jobs: mpsc::Receiver<Job>,
}

impl Thread {
    pub(super) fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let group = self.group_after(first);
            let stop = group.iter().any(|job| matches!(job.done, Done::Stop));
            self.sink.clock.begin();
            self.write(group);
            self.sink.clock.end();
            if stop {
                break;
            }
        }
        self.sink.flush();
    }

    /// Does what waits, as [`run`](Self::run) does.
    #[cfg(test)]
    pub(super) fn turn(&mut self) {
        let first = self.jobs.try_recv().expect("a job waits");
        let group = self.group_after(first);
        self.write(group);
    }

    /// Takes along what waits.
    fn group_after(&mut self, first: Job) -> Vec<Job> {
        let mut size_bytes = job_bytes(&first);
        let mut group = vec![first];
        while size_bytes < GROUP_BYTES_MAX
            && let Ok(job) = self.jobs.try_recv()
        {
            size_bytes += job_bytes(&job);
            group.push(job);
        }
        group
    }

    /// Whether the group must wait until what it builds on is on disk.
    fn must_settle(&self, group: &[Job]) -> bool {
        group.iter().any(|job| job.builds) && !self.sink.is_settled()
    }

    fn write(&self, group: Vec<Job>) {
        if self.must_settle(&group) {
            self.sink.flush();
        }
        let after_flush = self.make_visible(group);
        if !after_flush.is_empty() {
            self.sink.flush();
            self.complete_flushed(after_flush);
        }
    }

    /// Writes a group; returns what waits for the fsync.
    fn make_visible(&self, group: Vec<Job>) -> Vec<(Instant, Done)> {
        let size_bytes = group.iter().map(job_bytes).sum();
        self.sink.write_group(group.len(), size_bytes, group.iter().flat_map(|job| &job.ops));
        if group.iter().any(|job| job.done.is_built_on()) {
            self.sink.note_built_on();
        }
        let last = group.last().expect("a group has a first job").sequence;
        self.sink.written.store(last, Ordering::Release);
        let mut after_flush = Vec::new();
        for job in group {
            if job.done.wants_flush() {
                after_flush.push((job.queued, job.done));
            } else {
                complete(job.done);
            }
        }
        after_flush
    }

    fn complete_flushed(&self, flushed: Vec<(Instant, Done)>) {
        for (queued, done) in flushed {
            self.sink.stages.append.record_time(queued.elapsed());
            complete(done);
        }
    }

    /// What [`run`](Self::run) does, as a task.
    #[cfg(feature = "testing")]
    pub(super) async fn run_as_task(mut self, mut sync: impl FnMut() -> Duration) {
        use crate::runtime::mutant;
        while let Some(first) = self.jobs.recv().await {
            let group = self.group_after(first);
            let stop = group.iter().any(|job| matches!(job.done, Done::Stop));
            self.sink.clock.begin();
            if self.must_settle(&group) && !mutant!(AppliedUnordered) {
                tokio::time::sleep(sync()).await;
                self.sink.flush();
            }
            let after_flush = self.make_visible(group);
            if mutant!(CallbackBeforeSync) {
                self.complete_flushed(after_flush);
                tokio::time::sleep(sync()).await;
                self.sink.flush();
            } else if !after_flush.is_empty() {
                tokio::time::sleep(sync()).await;
                if !mutant!(FsyncSkipped) {
                    self.sink.flush();
                }
                self.complete_flushed(after_flush);
            }
            self.sink.clock.end();
            if stop {
                break;
            }
        }
    }
}

fn complete(done: Done) {
    match done {
        Done::Nothing | Done::OnDisk | Done::Stop => {}
        // Whoever no longer waits need not be told.
        Done::Visible(waiter) | Done::Durable(waiter) => drop(waiter.send(())),
        Done::Flushed(flushed) => flushed.io_completed(Ok(())),
    }
}

fn job_bytes(job: &Job) -> usize {
    size_bytes(&job.ops)
}

pub(super) fn size_bytes(ops: &[Op]) -> usize {
    ops.iter().map(Op::size_bytes).sum()
}
