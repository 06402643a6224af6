//! Leases that ended: bindings nobody may claim any more, and blocks whose range is gone.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::network::leases::remove_expired;
use tables::error::TableError;
use tables::update::Tables;

/// How many rows one transaction removes.
const REMOVED_MAX: usize = 256;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "leases", prefixes: Vec::new(), interval: Duration::from_secs(60) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Removes what has expired, a bounded number at a time.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), TableError> {
    while remove_expired(tables, REMOVED_MAX).await? >= REMOVED_MAX {}
    Ok(())
}
