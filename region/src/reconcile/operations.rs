//! Operations on many objects are carried out, some targets of each in turn, so that a long one does not keep short ones
//! waiting; those that ended long ago are forgotten.

use std::time::Duration;

use model::operation::BulkOperation;
use rest::call::Parts;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use native::operations::carry_out::go_on;
use ops::site::operations::{forget, open};
use tables::error::TableError;
use tables::row::prefix;
use tables::update::Tables;

/// How many transactions a pass of forgetting commits.
const FORGETTING_MAX: usize = 16;

/// Runs until cancelled.
pub async fn run(parts: Parts, shutdown: CancellationToken) {
    let prefixes = vec![prefix::<BulkOperation>()];
    let schedule = Schedule { name: "operations", prefixes, interval: Duration::from_secs(5) };
    driver::run(parts.tables.store().clone(), schedule, shutdown, || pass(&parts)).await;
}

/// Goes on with every operation until nothing is due, or this node leads no more.
///
/// # Errors
/// [`TableError`] without a quorum.
pub async fn pass(parts: &Parts) -> Result<(), TableError> {
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for operation in open(&parts.tables.stale_view().await?)? {
            if !parts.tables.store().leadership().borrow().leading {
                return Ok(());
            }
            goes_on |= go_on(parts, &operation.id).await?;
        }
    }
    Ok(())
}

/// Forgets those that ended long ago, until cancelled.
pub async fn run_forgetting(tables: Tables, shutdown: CancellationToken) {
    let schedule = Schedule {
        name: "operations.forget",
        prefixes: Vec::new(),
        interval: Duration::from_secs(600),
    };
    driver::run(tables.store().clone(), schedule, shutdown, || pass_of_forgetting(&tables)).await;
}

async fn pass_of_forgetting(tables: &Tables) -> Result<(), TableError> {
    for _ in 0..FORGETTING_MAX {
        if !forget(tables).await? {
            break;
        }
    }
    Ok(())
}
