//! Work that gathers into packs: while a few are under way, what comes waits, and the next pack
//! takes all of it, up to a limit. Nothing is delayed while fewer are.
//!
//! A pack costs little more than one piece of work in it: a log entry, a message, a round to the
//! disks.

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::runtime::scoped;

/// How much waits and is under way.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pieces that wait; who adds another one waits too.
    pub waiting: usize,
    /// Packs under way.
    pub packs: usize,
    /// What a pack may hold, by [`Weigh::count`]; the last piece may go over it.
    pub count: usize,
    /// What a pack may hold, by [`Weigh::size_bytes`]; the last piece may go over it.
    pub size_bytes: usize,
}

/// A piece of work that takes room in a pack.
pub trait Weigh: Send + 'static {
    /// How many it counts for.
    fn count(&self) -> usize {
        1
    }

    /// How large it is, in bytes.
    fn size_bytes(&self) -> usize;
}

/// The sending end of a queue of work; clones share it.
#[derive(Debug)]
pub struct Packer<T> {
    queue: mpsc::Sender<T>,
}

impl<T> Clone for Packer<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

/// The receiving end: it takes what waits, pack by pack.
#[derive(Debug)]
pub struct PackQueue<T> {
    queue: mpsc::Receiver<T>,
    limits: Limits,
}

impl<T: Weigh> Packer<T> {
    /// Both ends.
    #[must_use]
    pub fn new(limits: Limits) -> (Self, PackQueue<T>) {
        let (sender, receiver) = mpsc::channel(limits.waiting);
        (Self { queue: sender }, PackQueue { queue: receiver, limits })
    }

    /// Queues a piece of work.
    ///
    /// # Errors
    /// When nobody packs any more: the piece comes back.
    pub async fn push(&self, piece: T) -> Result<(), T> {
        self.queue.send(piece).await.map_err(|refused| refused.0)
    }
}

impl<T: Weigh> PackQueue<T> {
    /// Does the work, pack by pack; returns with the last one, after the last packer was dropped.
    pub async fn run<Done>(mut self, work: impl Fn(Vec<T>) -> Done)
    where
        Done: Future<Output = ()> + Send + 'static,
    {
        let mut packs = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(_) = packs.join_next() => {}
                first = self.queue.recv(), if packs.len() < self.limits.packs => {
                    let Some(first) = first else { break };
                    packs.spawn(scoped(work(self.pack_after(first))));
                }
            }
        }
        while packs.join_next().await.is_some() {}
    }

    /// Takes along what waits.
    fn pack_after(&mut self, first: T) -> Vec<T> {
        let (mut count, mut size_bytes) = (first.count(), first.size_bytes());
        let mut pack = vec![first];
        while count < self.limits.count
            && size_bytes < self.limits.size_bytes
            && let Ok(next) = self.queue.try_recv()
        {
            count += next.count();
            size_bytes += next.size_bytes();
            pack.push(next);
        }
        pack
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;

    use super::*;

    struct Piece(usize);

    impl Weigh for Piece {
        fn size_bytes(&self) -> usize {
            self.0
        }
    }

    /// The sizes of the packs that pieces of the given bytes become, when each pack under way ends
    /// only after all were queued.
    async fn packs(limits: Limits, pieces: &[usize]) -> Vec<usize> {
        let (packer, queue) = Packer::new(limits);
        let (packs, go) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let work = {
            let (packs, go) = (Arc::clone(&packs), Arc::clone(&go));
            move |pack: Vec<Piece>| {
                packs.lock().expect("not poisoned").push(pack.len());
                let go = Arc::clone(&go);
                async move { drop(go.acquire().await) }
            }
        };
        let mut running = JoinSet::new();
        running.spawn(queue.run(work));
        for size_bytes in pieces {
            assert!(packer.push(Piece(*size_bytes)).await.is_ok());
            // The other task is looked at before this one is again.
            tokio::task::yield_now().await;
        }
        drop(packer);
        go.add_permits(1);
        running.join_all().await;
        packs.lock().expect("not poisoned").clone()
    }

    #[tokio::test]
    async fn what_waits_goes_together_up_to_the_limits() {
        let limits = Limits { waiting: 100, packs: 2, count: 5, size_bytes: 100 };
        assert_eq!(vec![1], packs(limits, &[1]).await);
        assert_eq!(vec![1, 1, 3], packs(limits, &[1; 5]).await, "two go at once");
        assert_eq!(vec![1, 1, 5, 2], packs(limits, &[1; 9]).await, "by count");
        assert_eq!(vec![1, 1, 2, 1], packs(limits, &[1, 1, 99, 99, 99]).await, "by bytes");
    }

    #[tokio::test]
    async fn what_nobody_packs_comes_back() {
        let limits = Limits { waiting: 1, packs: 1, count: 1, size_bytes: 1 };
        let (packer, queue) = Packer::new(limits);
        drop(queue);
        assert!(packer.push(Piece(1)).await.is_err());
    }
}
