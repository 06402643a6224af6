//! How many snapshots this node is sending.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The transfers under way; clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transfers {
    running: Arc<AtomicUsize>,
}

/// A transfer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Transfer {
    running: Arc<AtomicUsize>,
}

impl Transfers {
    /// Begins one.
    pub(crate) fn begin(&self) -> Transfer {
        self.running.fetch_add(1, Ordering::SeqCst);
        Transfer { running: Arc::clone(&self.running) }
    }

    /// Whether there is one.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.running.fetch_sub(1, Ordering::SeqCst);
    }
}
