//! The thread that makes every write of a node: group commit.
//!
//! Votes, log entries, truncations, purges and applied batches go through one queue, so they become
//! durable in the order they were given. What waits is written as one batch with one fsync; applied
//! batches alone cost none. An applied batch before which nothing waits is written by whoever brings
//! it, without the thread. A write error ends the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use openraft::storage::IOFlushed;
use tokio::sync::{mpsc, oneshot};

use crate::database::{Database, Op};
use crate::fatal::end_process;
use crate::metrics::Stages;
use crate::stall::WriteClock;
use crate::types::TypeConfig;

const QUEUE_LENGTH_MAX: usize = 4096;
const GROUP_BYTES_MAX: usize = 1 << 20;

/// The writer was stopped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is stopping")]
pub struct WriterStopped;

impl From<WriterStopped> for std::io::Error {
    fn from(stopped: WriterStopped) -> Self {
        Self::other(stopped)
    }
}

/// What happens when a job is done.
enum Done {
    /// Nobody waits.
    Nothing,
    /// Told as soon as the write is visible to readers.
    Visible(oneshot::Sender<()>),
    /// Told when it is on disk.
    Durable(oneshot::Sender<()>),
    /// openraft is told when it is on disk.
    Flushed(IOFlushed<TypeConfig>),
    /// The thread ends.
    Stop,
}

impl Done {
    fn wants_flush(&self) -> bool {
        match self {
            Self::Nothing | Self::Visible(_) | Self::Stop => false,
            Self::Durable(_) | Self::Flushed(_) => true,
        }
    }
}

/// Waits for the thread when dropped, so that a test ends with a closed database.
#[cfg(test)]
pub(crate) struct JoinOnDrop(Option<JoinHandle<()>>);

#[cfg(test)]
impl JoinOnDrop {
    /// Takes the thread; all clones of its writer must be dropped before this is.
    pub(crate) fn new(thread: JoinHandle<()>) -> Self {
        Self(Some(thread))
    }
}

#[cfg(test)]
impl Drop for JoinOnDrop {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            thread.join().expect("the writer does not panic");
        }
    }
}

struct Job {
    sequence: u64,
    queued: Instant,
    ops: Vec<Op>,
    done: Done,
}

/// The way to the writer thread; clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    database: Arc<Database>,
    queue: mpsc::Sender<Job>,
    /// The number of the last job. Held while a job is queued, so that numbers are in order.
    last: Arc<Mutex<u64>>,
    written: Arc<AtomicU64>,
    durable: Arc<AtomicU64>,
    clock: Arc<WriteClock>,
    stages: Arc<Stages>,
}

impl Writer {
    /// Starts the thread. It ends when all clones are dropped and the queue is empty.
    pub(crate) fn start(database: Arc<Database>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (writer, thread) = Self::with_thread(database);
        let handle =
            std::thread::Builder::new().name("store-writer".into()).spawn(|| thread.run())?;
        Ok((writer, handle))
    }

    /// Starts a task in the place of the thread, whose fsyncs take as long as `sync` says.
    #[cfg(feature = "testing")]
    pub(crate) fn start_task(
        database: Arc<Database>,
        sync: impl FnMut() -> std::time::Duration + Send + 'static,
    ) -> Self {
        use openraft::AsyncRuntime;
        let (writer, thread) = Self::with_thread(database);
        crate::runtime::Runtime::spawn(thread.run_as_task(sync));
        writer
    }

    fn with_thread(database: Arc<Database>) -> (Self, Thread) {
        let (queue, jobs) = mpsc::channel(QUEUE_LENGTH_MAX);
        let writer = Self {
            database,
            queue,
            last: Arc::default(),
            written: Arc::default(),
            durable: Arc::default(),
            clock: Arc::new(WriteClock::new()),
            stages: Arc::default(),
        };
        let thread = Thread {
            database: Arc::clone(&writer.database),
            jobs,
            written: Arc::clone(&writer.written),
            durable: Arc::clone(&writer.durable),
            clock: Arc::clone(&writer.clock),
            stages: Arc::clone(&writer.stages),
        };
        (writer, thread)
    }

    /// Everything up to this job is visible to readers of the database.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// The sequence number of the database up to which everything is on disk; 0 before the first
    /// fsync.
    pub(crate) fn durable_sequence(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// When the write began that is running.
    pub(crate) fn clock(&self) -> &Arc<WriteClock> {
        &self.clock
    }

    /// What the stages of the node record.
    pub(crate) fn stages(&self) -> &Stages {
        &self.stages
    }

    /// The same, to keep.
    pub(crate) fn shared_stages(&self) -> Arc<Stages> {
        Arc::clone(&self.stages)
    }

    /// How many jobs wait.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    async fn send(&self, ops: Vec<Op>, done: Done) -> Result<u64, WriterStopped> {
        let permit = self.queue.reserve().await.map_err(|_| WriterStopped)?;
        let mut last = self.last.lock().expect("no panic while locked");
        *last += 1;
        permit.send(Job { sequence: *last, queued: Instant::now(), ops, done });
        Ok(*last)
    }

    /// Queues the changes and does not wait; returns the number of the job.
    pub(crate) async fn submit(&self, ops: Vec<Op>) -> Result<u64, WriterStopped> {
        self.send(ops, Done::Nothing).await
    }

    /// Queues the changes; `flushed` is completed once they are on disk.
    pub(crate) async fn submit_flushed(
        &self,
        ops: Vec<Op>,
        flushed: IOFlushed<TypeConfig>,
    ) -> Result<u64, WriterStopped> {
        self.send(ops, Done::Flushed(flushed)).await
    }

    /// Returns when the changes are visible to readers, after everything that was queued before.
    pub(crate) async fn visible(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        if self.is_idle()? {
            // What is queued meanwhile may come before or after this: only applied batches are
            // written here, by one task in their order, and their entries stand in the log already.
            let begun = self.clock.begin_if_idle();
            if let Err(error) = self.database.write(ops.iter()) {
                end_process("writing to the store", &error);
            }
            self.clock.end_of(begun);
            return Ok(());
        }
        let (done, visible) = oneshot::channel();
        self.send(ops, Done::Visible(done)).await?;
        visible.await.map_err(|_| WriterStopped)
    }

    /// Whether everything that was queued is written.
    fn is_idle(&self) -> Result<bool, WriterStopped> {
        if self.queue.is_closed() {
            return Err(WriterStopped);
        }
        let last = *self.last.lock().expect("no panic while locked");
        Ok(self.written() == last)
    }

    /// Ends the thread after what is queued; later jobs are refused.
    pub(crate) async fn stop(&self) {
        // When the thread has ended already there is nothing to stop.
        drop(self.send(Vec::new(), Done::Stop).await);
    }

    /// Returns when the changes are on disk.
    pub(crate) async fn durable(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        let (done, durable) = oneshot::channel();
        self.send(ops, Done::Durable(done)).await?;
        durable.await.map_err(|_| WriterStopped)
    }
}

struct Thread {
    database: Arc<Database>,
    jobs: mpsc::Receiver<Job>,
    written: Arc<AtomicU64>,
    durable: Arc<AtomicU64>,
    clock: Arc<WriteClock>,
    stages: Arc<Stages>,
}

impl Thread {
    fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let group = self.group_after(first);
            let stop = group.iter().any(|job| matches!(job.done, Done::Stop));
            self.clock.begin();
            self.write(group);
            self.clock.end();
            if stop {
                break;
            }
        }
        self.flush();
    }

    /// Makes everything written so far durable.
    fn flush(&self) {
        // What is written meanwhile has a greater number.
        let sequence = self.database.sequence();
        let started = Instant::now();
        if let Err(error) = self.database.flush() {
            end_process("fsync of the store", &error);
        }
        self.stages.fsync.record_time(started.elapsed());
        self.durable.store(sequence, Ordering::Release);
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

    fn write(&self, group: Vec<Job>) {
        let after_flush = self.make_visible(group);
        if !after_flush.is_empty() {
            self.flush();
            self.complete_flushed(after_flush);
        }
    }

    /// Writes a group; returns what waits for the fsync.
    fn make_visible(&self, group: Vec<Job>) -> Vec<(Instant, Done)> {
        let started = Instant::now();
        self.stages.group_jobs.record(group.len() as u64);
        self.stages.group_bytes.record(group.iter().map(job_bytes).sum::<usize>() as u64);
        if let Err(error) = self.database.write(group.iter().flat_map(|job| &job.ops)) {
            end_process("writing to the store", &error);
        }
        self.stages.write.record_time(started.elapsed());
        let last = group.last().expect("a group has a first job").sequence;
        self.written.store(last, Ordering::Release);
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
            self.stages.append.record_time(queued.elapsed());
            complete(done);
        }
    }

    /// What [`run`](Self::run) does, as a task.
    #[cfg(feature = "testing")]
    async fn run_as_task(mut self, mut sync: impl FnMut() -> std::time::Duration) {
        use crate::runtime::mutant;
        while let Some(first) = self.jobs.recv().await {
            let group = self.group_after(first);
            let stop = group.iter().any(|job| matches!(job.done, Done::Stop));
            self.clock.begin();
            let after_flush = self.make_visible(group);
            if mutant!(CallbackBeforeSync) {
                self.complete_flushed(after_flush);
                tokio::time::sleep(sync()).await;
                self.flush();
            } else if !after_flush.is_empty() {
                tokio::time::sleep(sync()).await;
                if !mutant!(FsyncSkipped) {
                    self.flush();
                }
                self.complete_flushed(after_flush);
            }
            self.clock.end();
            if stop {
                break;
            }
        }
    }
}

fn complete(done: Done) {
    match done {
        Done::Nothing | Done::Stop => {}
        // Whoever no longer waits need not be told.
        Done::Visible(waiter) | Done::Durable(waiter) => drop(waiter.send(())),
        Done::Flushed(flushed) => flushed.io_completed(Ok(())),
    }
}

fn job_bytes(job: &Job) -> usize {
    job.ops.iter().map(Op::size_bytes).sum()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::database::memory::MemoryDatabase;
    use crate::keys::Table;

    fn put(value: &[u8]) -> Vec<Op> {
        vec![Op::Put { table: Table::State, key: b"key".to_vec(), value: value.to_vec() }]
    }

    #[test]
    fn an_applied_batch_overtakes_nothing_that_waits() {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        let (queue, mut jobs) = mpsc::channel(4);
        let (last, written) = (Arc::default(), Arc::new(AtomicU64::new(0)));
        let (clock, stages) = (Arc::new(WriteClock::new()), Arc::default());
        let (durable, there) = (Arc::default(), Arc::clone(&database));
        let writer = Writer { database: there, queue, last, written, durable, clock, stages };

        assert_eq!(Some(Ok(())), writer.visible(put(b"1")).now_or_never());
        assert_eq!(Some(b"1".to_vec()), database.get(Table::State, b"key"));

        assert_eq!(Some(Ok(1)), writer.submit(put(b"2")).now_or_never());
        assert_eq!(None, writer.visible(put(b"3")).now_or_never(), "a job waits");
        assert_eq!(Some(b"1".to_vec()), database.get(Table::State, b"key"));
        assert_eq!(
            vec![1, 2],
            [jobs.try_recv(), jobs.try_recv()].map(|job| job.expect("a job").sequence)
        );
        jobs.close();
        assert_eq!(Some(Err(WriterStopped)), writer.visible(put(b"4")).now_or_never());
    }
}
