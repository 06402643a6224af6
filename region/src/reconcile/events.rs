//! Events that are too old or too many go, the oldest first (settings `events_max_age_days` and
//! `events_max_count`).

use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use ops::site::event_retention::{EventCount, remove_oldest};
use tables::error::TableError;
use tables::update::Tables;

/// How many parts of the table are counted in one pass.
const COUNTED_PARTS_MAX: usize = 10;

/// How many transactions one pass commits.
const TRANSACTIONS_MAX: usize = 64;

/// What this node counted while it leads: another leader removes events too, so the count is of
/// one term.
#[derive(Debug, Default)]
pub struct Counted {
    term: u64,
    events: EventCount,
}

/// Runs until cancelled.
pub async fn run(tables: Tables, shutdown: CancellationToken) {
    let schedule =
        Schedule { name: "events", prefixes: Vec::new(), interval: Duration::from_secs(60) };
    let (tables, counted) = (&tables, &Mutex::new(Counted::default()));
    let pass = || async { pass(tables, &mut *counted.lock().await).await };
    driver::run(tables.store().clone(), schedule, shutdown, pass).await;
}

/// Counts what was added, and removes a bounded number of events.
///
/// # Errors
/// [`TableError`] when there is no quorum.
pub async fn pass(tables: &Tables, counted: &mut Counted) -> Result<(), TableError> {
    let term = tables.store().leadership().borrow().term;
    if counted.term != term {
        *counted = Counted { term, events: EventCount::default() };
    }
    let view = tables.stale_view().await?;
    for _ in 0..COUNTED_PARTS_MAX {
        if counted.events.go_on(&view) {
            break;
        }
    }
    for _ in 0..TRANSACTIONS_MAX {
        if !remove_oldest(tables, &mut counted.events).await? {
            break;
        }
    }
    Ok(())
}
