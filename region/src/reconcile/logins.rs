//! Failed logins, addresses of logins and sessions that do not matter any more are forgotten.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::access::{login_retention, sessions};
use tables::error::TableError;
use tables::update::Tables;

/// How many steps one pass takes.
const STEPS_MAX: usize = 64;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "logins", prefixes: Vec::new(), interval: Duration::from_secs(600) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

/// Looks at the rows, a bounded number of them.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables) -> Result<(), TableError> {
    let mut last = None;
    for _ in 0..STEPS_MAX {
        last = login_retention::forget(tables, last.as_ref()).await?;
        if last.is_none() {
            break;
        }
    }
    let mut last = None;
    for _ in 0..STEPS_MAX {
        last = login_retention::forget_returned(tables, last.as_ref()).await?;
        if last.is_none() {
            break;
        }
    }
    let mut last = None;
    for _ in 0..STEPS_MAX {
        last = sessions::forget_ended(tables, last.as_ref()).await?;
        if last.is_none() {
            break;
        }
    }
    Ok(())
}
