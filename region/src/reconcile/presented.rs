//! Machines that somebody presented and nobody accepted are forgotten (setting `presented_machines_max_age_days`).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::error::Refusal;
use ops::machine::presented_retention::forget;
use tables::update::Tables;

/// How many machines one pass forgets.
const FORGOTTEN_MAX: usize = 64;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "presented", prefixes: Vec::new(), interval: Duration::from_secs(600) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Forgets a bounded number of machines.
///
/// # Errors
/// [`Refusal::Tables`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), Refusal> {
    forget(tables, FORGOTTEN_MAX).await.map(drop)
}
