//! Requests that were carried out once are remembered for a day and then forgotten.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::site::answered_retention::forget;
use tables::error::TableError;
use tables::update::Tables;

/// How many steps one pass takes: as many as there are while all are remembered for their full time, and more.
const STEPS_MAX: usize = 4096;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "answered", prefixes: Vec::new(), interval: Duration::from_secs(600) };
    let among = AtomicUsize::new(0);
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables, &among)).await;
}

/// Looks at the rows, a bounded number of them; `among` is how many there were in the last pass.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables, among: &AtomicUsize) -> Result<(), TableError> {
    let (mut last, mut count) = (None, 0);
    for _ in 0..STEPS_MAX {
        let (next, looked_at) =
            forget(tables, last.as_ref(), among.load(Ordering::Relaxed)).await?;
        (last, count) = (next, count + looked_at);
        if last.is_none() {
            break;
        }
    }
    among.store(count, Ordering::Relaxed);
    Ok(())
}
