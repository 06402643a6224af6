//! Join tokens that ended a day ago are forgotten.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::cluster::token_retention::forget_ended;
use tables::error::TableError;
use tables::update::Tables;

/// How many steps one pass takes.
const STEPS_MAX: usize = 16;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "tokens", prefixes: Vec::new(), interval: Duration::from_secs(600) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Looks at the tokens, a bounded number of them.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), TableError> {
    let mut last = None;
    for _ in 0..STEPS_MAX {
        last = forget_ended(tables, last.as_ref()).await?;
        if last.is_none() {
            break;
        }
    }
    Ok(())
}
