//! Machines get the tags whose definitions their hardware meets, a bounded number in a transaction. How
//! far it came is replicated: whoever leads next goes on from there.

use std::time::Duration;

use model::tag::TagEvaluation;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::machine::tag_evaluation::go_on;
use tables::error::TableError;
use tables::row::prefix;
use tables::update::Tables;

/// How many steps one pass takes. What it commits wakes the next one.
const STEPS_MAX: usize = 64;

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let prefixes = vec![prefix::<TagEvaluation>()];
    let schedule = Schedule { name: "tags", prefixes, interval: Duration::from_secs(30) };
    driver::run(tables.store().clone(), schedule, shutdown, || pass(&tables)).await;
}

async fn pass(tables: &Tables) -> Result<(), TableError> {
    for _ in 0..STEPS_MAX {
        if !tables.store().leadership().borrow().leading || !go_on(tables).await? {
            break;
        }
    }
    Ok(())
}
