//! The bodies that wait in memory to be passed on: so many bytes of them at one time.
//!
//! Small ones (greetings, status reports) have a share of their own, so that no load of large
//! reports keeps a machine from being greeted.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What counts as a small body, in bytes.
const SMALL_BYTES_MAX: usize = 64 << 10;

/// How many small bodies there are at one time.
const SMALL_MAX: usize = 1024;

/// How many bytes of large bodies there are at one time, in KiB: eight of the largest.
const LARGE_KIB_MAX: usize = 8 * (32 << 10);

/// How long a body waits for its place before it is turned away.
const PATIENCE: Duration = Duration::from_secs(10);

/// The places for bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Default for Bodies {
    fn default() -> Self {
        let (small, large) = (Semaphore::new(SMALL_MAX), Semaphore::new(LARGE_KIB_MAX));
        Self { small: Arc::new(small), large: Arc::new(large) }
    }
}

impl Bodies {
    /// A place for a body of at most so many bytes, until it is dropped; none when none got free in
    /// time.
    pub(super) async fn place(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let place = if bytes <= SMALL_BYTES_MAX {
            Arc::clone(&self.small).acquire_many_owned(1)
        } else {
            let kib = u32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
            Arc::clone(&self.large).acquire_many_owned(kib)
        };
        timeout(PATIENCE, place).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn large_bodies_are_bounded_together_and_leave_small_ones_alone() {
        let bodies = Bodies::default();
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(bodies.place(32 << 20).await.expect("a place"));
        }
        let began = Instant::now();
        assert!(bodies.place(SMALL_BYTES_MAX + 1).await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
        assert!(bodies.place(SMALL_BYTES_MAX).await.is_some());
        held.pop();
        assert!(bodies.place(32 << 20).await.is_some());
    }
}
