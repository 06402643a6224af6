//! Read barriers shared by reads: what began before a barrier was asked for may wait for the same.
//!
//! A read that begins later never uses an earlier barrier: the leader may have been another already
//! when the earlier one was confirmed. So reads gather while a barrier is under way, and the next
//! barrier, which is asked for after all of them began, serves them all. They share the view of the
//! database too.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::runtime::scoped;

/// Reads that wait for a barrier to be asked for.
const QUEUE_LENGTH_MAX: usize = 16_384;
/// Barriers under way.
const ROUNDS_MAX: usize = 2;

/// What a round of reads is served with, or why it cannot be now.
type Served<T> = Result<T, String>;

/// The queue of reads of a node.
#[derive(Clone)]
pub(crate) struct Barriers<T> {
    queue: mpsc::Sender<oneshot::Sender<Served<T>>>,
}

/// The reads that wait; the task that serves them takes it.
pub(crate) type Waiting<T> = mpsc::Receiver<oneshot::Sender<Served<T>>>;

impl<T> Barriers<T> {
    pub(crate) fn new() -> (Self, Waiting<T>) {
        let (queue, waiting) = mpsc::channel(QUEUE_LENGTH_MAX);
        (Self { queue }, waiting)
    }

    /// What a read that begins now may use.
    pub(crate) async fn next(&self) -> Served<T> {
        let stopping = || "the store is stopping".to_owned();
        let (done, served) = oneshot::channel();
        self.queue.send(done).await.map_err(|_| stopping())?;
        served.await.unwrap_or_else(|_| Err(stopping()))
    }
}

/// Asks for a barrier for all reads that wait, again and again.
pub(crate) async fn serve<T, Asked>(mut waiting: Waiting<T>, ask: impl Fn() -> Asked)
where
    T: Clone + Send + 'static,
    Asked: Future<Output = Served<T>> + Send + 'static,
{
    let mut rounds = JoinSet::new();
    let mut reads = Vec::new();
    loop {
        while rounds.len() >= ROUNDS_MAX {
            rounds.join_next().await;
        }
        if waiting.recv_many(&mut reads, QUEUE_LENGTH_MAX).await == 0 {
            return;
        }
        while rounds.try_join_next().is_some() {}
        let reads = std::mem::take(&mut reads);
        // Asked for only now: every one of the reads has begun.
        let asked = ask();
        rounds.spawn(scoped(async move {
            let served = asked.await;
            for read in reads {
                // Who does not wait any more need not be told.
                drop(read.send(served.clone()));
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::future::join_all;
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    use super::{Barriers, ROUNDS_MAX, serve};

    #[tokio::test]
    async fn reads_share_a_barrier_that_is_asked_for_after_they_began() {
        let (barriers, waiting) = Barriers::new();
        let asked = Arc::new(AtomicU64::new(0));
        let answers = Arc::new(Semaphore::new(0));
        // Reads get the number of their barrier; it is confirmed when the test says so.
        let ask = {
            let (asked, answers) = (Arc::clone(&asked), Arc::clone(&answers));
            move || {
                let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
                let answers = Arc::clone(&answers);
                async move {
                    answers.acquire().await.expect("open").forget();
                    Ok(number)
                }
            }
        };
        let mut served = JoinSet::new();
        served.spawn(serve(waiting, ask));
        let mut early = JoinSet::new();
        for number in 1..=ROUNDS_MAX as u64 {
            let barriers = barriers.clone();
            early.spawn(async move { (number, barriers.next().await) });
            while asked.load(Ordering::SeqCst) < number {
                tokio::task::yield_now().await;
            }
        }
        // All barriers are under way now: none of them may serve a read that begins later.
        let late = join_all((0..100).map(|_| barriers.next()));
        let release = async { answers.add_permits(ROUNDS_MAX + 1) };
        let (late, ()) = tokio::join!(late, release);
        let next = ROUNDS_MAX as u64 + 1;
        assert!(late.iter().all(|index| *index == Ok(next)), "{late:?}");
        for (number, index) in early.join_all().await {
            assert_eq!(Ok(number), index);
        }
        assert_eq!(next, asked.load(Ordering::SeqCst), "one barrier for a hundred reads");
        drop(barriers);
        // It ends with the last reader.
        served.join_all().await;
    }
}
