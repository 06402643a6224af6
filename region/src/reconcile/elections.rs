//! Tells operators of elections: whoever leads says so, once for each term.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ops::cluster::elections::tell;
use tables::error::TableError;
use tables::update::Tables;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let told = AtomicU64::new(0);
    // Passes run at every change of the leadership; in between only what failed is left to do.
    let schedule =
        Schedule { name: "elections", prefixes: Vec::new(), interval: Duration::from_secs(5) };
    let pass = || pass(&tables, &told);
    driver::run(tables.store().clone(), schedule, shutdown, pass).await;
}

/// Tells of the present term, unless that is done.
async fn pass(tables: &Tables, told: &AtomicU64) -> Result<(), TableError> {
    let Some(node_id) = tables.store().status().map(|status| status.node_id) else {
        return Ok(());
    };
    let leadership = *tables.store().leadership().borrow();
    if leadership.leading && told.load(Ordering::Relaxed) != leadership.term {
        tell(tables, node_id, leadership.term).await?;
        told.store(leadership.term, Ordering::Relaxed);
    }
    Ok(())
}
