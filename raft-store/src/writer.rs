//! What makes every write of a node: group commit.
//!
//! Votes, log entries, truncations, purges and applied batches go through one queue to one thread,
//! which writes them in the order they were given. What waits is written as one batch with one fsync;
//! a batch that is applied alone costs none, if the one before it is on disk. Two kinds of writes are made by whoever brings them when
//! nothing waits, which saves the switches to the thread and back: an applied batch, and, on a fast
//! disk, the entries that a follower got, which has nothing else to do meanwhile. A write error ends
//! the process.
//!
//! When the power is cut, a disk may keep a later write and lose an earlier one, as long as neither
//! was synced. So a write waits until what it builds on is on disk: an applied batch until the applied
//! batch before it is, which the fsync of the entries between them has done in most cases; a purge and
//! the last batch of a snapshot until all that came before is. Entries of the log need not wait: they
//! may survive beside an applied batch that is lost, which is applied again, and be lost beside one
//! that survives; votes build on nothing. Entries follow a truncation, and a purge that goes past the
//! end of the log, only when that is on disk.

mod attempts;
pub(crate) mod clock;
mod thread;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use openraft::storage::IOFlushed;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};

use self::clock::WriteClock;
use self::thread::{Done, Job, Sink, Thread, size_bytes};
use crate::database::{Database, Op};
use crate::metrics::Stages;
use crate::runtime::mutant;
use crate::types::TypeConfig;

const QUEUE_LENGTH_MAX: usize = 4096;
/// A disk whose last fsync took longer is waited for by the thread: the switches count for little
/// then, and the wait would keep a thread from other tasks.
const FAST_SYNC_MAX: Duration = Duration::from_millis(1);

/// The writer was stopped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store is stopping")]
pub struct WriterStopped;

impl From<WriterStopped> for std::io::Error {
    fn from(stopped: WriterStopped) -> Self {
        Self::other(stopped)
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

/// The way to the database; clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    sink: Arc<Sink>,
    queue: mpsc::Sender<Job>,
    /// The number of the last job. Held while a job is queued, so that numbers are in order.
    last: Arc<Mutex<u64>>,
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
        sync: impl FnMut() -> Duration + Send + 'static,
    ) -> Self {
        use openraft::AsyncRuntime;
        let (writer, thread) = Self::with_thread(database);
        crate::runtime::Runtime::spawn(thread.run_as_task(sync));
        writer
    }

    fn with_thread(database: Arc<Database>) -> (Self, Thread) {
        let (queue, jobs) = mpsc::channel(QUEUE_LENGTH_MAX);
        let sink = Arc::new(Sink::new(database));
        let thread = Thread { sink: Arc::clone(&sink), jobs };
        (Self { sink, queue, last: Arc::default() }, thread)
    }

    /// Everything up to this job is visible to readers of the database.
    pub(crate) fn written(&self) -> u64 {
        self.sink.written.load(Ordering::Acquire)
    }

    /// The sequence number of the database up to which everything is on disk; 0 before the first
    /// fsync.
    pub(crate) fn durable_sequence(&self) -> u64 {
        self.sink.durable.load(Ordering::Acquire)
    }

    /// When the write began that is running.
    pub(crate) fn clock(&self) -> &Arc<WriteClock> {
        &self.sink.clock
    }

    /// What the stages of the node record.
    pub(crate) fn stages(&self) -> &Stages {
        &self.sink.stages
    }

    /// The same, to keep.
    pub(crate) fn shared_stages(&self) -> Arc<Stages> {
        Arc::clone(&self.sink.stages)
    }

    /// How many jobs wait.
    pub(crate) fn queue_length(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    async fn send(&self, ops: Vec<Op>, builds: bool, done: Done) -> Result<u64, WriterStopped> {
        let permit = self.queue.reserve().await.map_err(|_| WriterStopped)?;
        let mut last = self.last.lock().expect("no panic while locked");
        *last += 1;
        permit.send(Job { sequence: *last, queued: Instant::now(), ops, builds, done });
        Ok(*last)
    }

    /// Queues changes that build on earlier ones and does not wait; returns the number of the job.
    pub(crate) async fn submit(&self, ops: Vec<Op>) -> Result<u64, WriterStopped> {
        self.send(ops, true, Done::Nothing).await
    }

    /// Queues changes that are on disk before anything else is written, and does not wait; returns
    /// the number of the job.
    pub(crate) async fn submit_first(&self, ops: Vec<Op>) -> Result<u64, WriterStopped> {
        self.send(ops, true, Done::OnDisk).await
    }

    /// Queues entries of the log; `flushed` is completed once they are on disk. Returns the number of
    /// the job.
    pub(crate) async fn submit_flushed(
        &self,
        ops: Vec<Op>,
        flushed: IOFlushed<TypeConfig>,
    ) -> Result<u64, WriterStopped> {
        self.send(ops, false, Done::Flushed(flushed)).await
    }

    /// What [`Self::submit_flushed`] does, for a caller that has nothing else to do meanwhile: when
    /// nothing waits and the disk is fast, all of it happens before this returns.
    pub(crate) async fn flushed_here(
        &self,
        ops: Vec<Op>,
        flushed: IOFlushed<TypeConfig>,
    ) -> Result<u64, WriterStopped> {
        let begun = if self.is_idle()? && self.may_wait_here() {
            self.sink.clock.begin_if_idle()
        } else {
            None
        };
        // A write that the clock does not watch could hang unseen.
        let Some(begun) = begun else { return self.submit_flushed(ops, flushed).await };
        let (queued, written) = (Instant::now(), self.written());
        self.sink.write_group(1, size_bytes(&ops), ops.iter());
        self.sink.flush();
        self.sink.clock.end_of(Some(begun));
        self.sink.stages.append.record_time(queued.elapsed());
        flushed.io_completed(Ok(()));
        Ok(written)
    }

    /// Whether a task may wait for the disk: other threads must run the others, and not for long.
    fn may_wait_here(&self) -> bool {
        self.sink.last_sync() <= FAST_SYNC_MAX
            && Handle::try_current().is_ok_and(|runtime| {
                runtime.runtime_flavor() == RuntimeFlavor::MultiThread
                    && runtime.metrics().num_workers() > 1
            })
    }

    /// Writes an applied batch; returns when it is visible to readers. The one before it is on disk
    /// then.
    pub(crate) async fn applied(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        if self.is_idle()? && (self.sink.is_settled() || mutant!(AppliedUnordered)) {
            // What is queued meanwhile may come before or after this: only applied batches are
            // written here, by one task in their order, and their entries stand in the log already.
            let begun = self.sink.clock.begin_if_idle();
            self.sink.write(ops.iter());
            self.sink.note_built_on();
            self.sink.clock.end_of(begun);
            return Ok(());
        }
        self.until_visible(ops, true).await
    }

    /// Returns when changes that build on nothing are visible to readers, after everything that was
    /// queued before.
    pub(crate) async fn visible(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        self.until_visible(ops, false).await
    }

    async fn until_visible(&self, ops: Vec<Op>, builds: bool) -> Result<(), WriterStopped> {
        let (done, visible) = oneshot::channel();
        self.send(ops, builds, Done::Visible(done)).await?;
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
        drop(self.send(Vec::new(), false, Done::Stop).await);
    }

    /// Returns when the changes are on disk, and everything that came before was on disk before them.
    pub(crate) async fn durable(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        self.until_durable(ops, true).await
    }

    /// Returns when changes that build on nothing are on disk.
    pub(crate) async fn durable_alone(&self, ops: Vec<Op>) -> Result<(), WriterStopped> {
        self.until_durable(ops, false).await
    }

    async fn until_durable(&self, ops: Vec<Op>, builds: bool) -> Result<(), WriterStopped> {
        let (done, durable) = oneshot::channel();
        self.send(ops, builds, Done::Durable(done)).await?;
        durable.await.map_err(|_| WriterStopped)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use openraft::type_config::TypeConfigExt;

    use super::*;
    use crate::database::memory::MemoryDatabase;
    use crate::keys::Table;

    fn put(value: &[u8]) -> Vec<Op> {
        vec![Op::Put { table: Table::State, key: b"key".to_vec(), value: value.to_vec() }]
    }

    #[test]
    fn an_applied_batch_is_written_only_when_the_one_before_it_is_on_disk() {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        let (writer, mut thread) = Writer::with_thread(Arc::clone(&database));
        assert_eq!(Some(Ok(())), writer.applied(put(b"1")).now_or_never());
        let mut second = Box::pin(writer.applied(put(b"2")));
        assert_eq!(None, second.as_mut().now_or_never(), "the first one is not on disk");
        assert_eq!(Some(b"1".to_vec()), database.get(Table::State, b"key"));
        thread.turn();
        assert_eq!((Some(Ok(())), 1), (second.now_or_never(), database.io_counts().fsyncs));
        assert_eq!(Some(b"2".to_vec()), database.get(Table::State, b"key"));

        // An fsync of entries covers the batch that was applied before them.
        let (done, _flushed) = TypeConfig::oneshot();
        let entries = writer.submit_flushed(put(b"3"), IOFlushed::signal(done));
        entries.now_or_never().expect("room").expect("it runs");
        thread.turn();
        assert_eq!(2, database.io_counts().fsyncs);
        assert_eq!(Some(Ok(())), writer.applied(put(b"4")).now_or_never());
        assert_eq!(2, database.io_counts().fsyncs);
    }

    #[test]
    fn what_builds_on_earlier_writes_waits_for_their_fsync_and_a_truncation_is_never_late() {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        let (writer, mut thread) = Writer::with_thread(Arc::clone(&database));
        let fsyncs = || database.io_counts().fsyncs;
        assert_eq!(Some(Ok(())), writer.applied(put(b"1")).now_or_never());
        writer.submit(put(b"purge")).now_or_never().expect("room").expect("it runs");
        thread.turn();
        assert_eq!(1, fsyncs(), "the applied batch is on disk before the purge is written");
        writer.submit_first(put(b"truncation")).now_or_never().expect("room").expect("it runs");
        thread.turn();
        assert_eq!(3, fsyncs(), "the purge before the truncation, and that before what follows");
        let mut block = Box::pin(writer.visible(put(b"block")));
        assert_eq!(None, block.as_mut().now_or_never());
        thread.turn();
        assert_eq!((Some(Ok(())), 3), (block.now_or_never(), fsyncs()), "blocks build on nothing");
        let mut switch = Box::pin(writer.durable(put(b"switch")));
        assert_eq!(None, switch.as_mut().now_or_never());
        thread.turn();
        assert_eq!((Some(Ok(())), 5), (switch.now_or_never(), fsyncs()), "all blocks come first");
        assert_eq!(Some(Ok(())), writer.applied(put(b"2")).now_or_never());
        let mut vote = Box::pin(writer.durable_alone(put(b"vote")));
        assert_eq!(None, vote.as_mut().now_or_never());
        thread.turn();
        assert_eq!((Some(Ok(())), 6), (vote.now_or_never(), fsyncs()), "a vote waits for nothing");
    }

    #[test]
    fn an_applied_batch_overtakes_nothing_that_waits() {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        let (writer, Thread { mut jobs, .. }) = Writer::with_thread(Arc::clone(&database));

        assert_eq!(Some(Ok(())), writer.applied(put(b"1")).now_or_never());
        assert_eq!(Some(b"1".to_vec()), database.get(Table::State, b"key"));

        assert_eq!(Some(Ok(1)), writer.submit(put(b"2")).now_or_never());
        assert_eq!(None, writer.applied(put(b"3")).now_or_never(), "a job waits");
        assert_eq!(Some(b"1".to_vec()), database.get(Table::State, b"key"));
        assert_eq!(
            vec![1, 2],
            [jobs.try_recv(), jobs.try_recv()].map(|job| job.expect("a job").sequence)
        );
        jobs.close();
        assert_eq!(Some(Err(WriterStopped)), writer.applied(put(b"4")).now_or_never());
    }

    /// Appends entries as a follower does; whether they are on disk, and what `flushed_here` returned.
    fn bring(writer: &Writer, value: &[u8]) -> (bool, Option<Result<u64, WriterStopped>>) {
        let (done, flushed) = TypeConfig::oneshot();
        let written = writer.flushed_here(put(value), IOFlushed::signal(done)).now_or_never();
        (matches!(flushed.now_or_never(), Some(Ok(Ok(())))), written)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_follower_writes_itself_only_when_nothing_waits_and_the_disk_is_fast() {
        let database = Arc::new(Database::on(Arc::new(MemoryDatabase::default())));
        let (writer, Thread { mut jobs, .. }) = Writer::with_thread(Arc::clone(&database));
        assert_eq!((false, Some(Ok(1))), bring(&writer, b"1"), "no fsync was seen yet");
        let job = jobs.try_recv().expect("a job");
        writer.sink.write(job.ops.iter());
        writer.sink.written.store(job.sequence, Ordering::Release);
        writer.sink.flush();

        assert_eq!((true, Some(Ok(1))), bring(&writer, b"2"), "written after job 1, as none");
        assert_eq!(Some(b"2".to_vec()), database.get(Table::State, b"key"));
        assert_eq!(2, database.io_counts().fsyncs);

        writer.sink.note_sync(2 * FAST_SYNC_MAX);
        assert_eq!((false, Some(Ok(2))), bring(&writer, b"3"), "the disk is slow");
        writer.sink.note_sync(Duration::ZERO);
        assert_eq!((false, Some(Ok(3))), bring(&writer, b"4"), "a job waits");
    }
}
