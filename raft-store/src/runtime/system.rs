//! The environment of a node that really runs.

use std::time::{SystemTime, UNIX_EPOCH};

/// A task of the node.
#[cfg(not(feature = "testing"))]
pub(crate) fn scoped<F: Future>(future: F) -> F {
    future
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number that nobody can guess.
pub(crate) fn random() -> u64 {
    rand::random()
}

/// Does work that blocks, beside the tasks.
pub(crate) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}
