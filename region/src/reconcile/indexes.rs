//! Indexes that a new version added are filled, a bounded number of rows in a transaction, and a bounded number of
//! transactions in a pass. How far it came is replicated: whoever leads next goes on from there.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::reconcile::driver::{self, Schedule};
use tables::error::TableError;
use tables::indexes::mark::IndexFill;
use tables::indexes::{ADDED, Added, Filled};
use tables::row::prefix;
use tables::update::Tables;

/// How many rows one transaction looks at.
const ROWS_MAX: usize = 256;

/// How many transactions one pass commits for one index. What it commits wakes the next pass.
const TRANSACTIONS_MAX: usize = 64;

/// What this node did and found while it led; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Filling {
    checked: Counter,
    changed: Counter,
    incomplete: Gauge,
}

impl Filling {
    /// Shows it among the metrics.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let index = registry.sub_registry_with_prefix("index");
        let help = "Rows and entries looked at to fill added indexes";
        index.register("checked_rows", help, self.checked.clone());
        let help = "Entries written or removed to fill added indexes";
        index.register("changed_entries", help, self.changed.clone());
        index.register("incomplete", "Added indexes not in use yet", self.incomplete.clone());
    }
}

/// Runs until cancelled.
pub async fn run(tables: Tables, filling: Filling, shutdown: CancellationToken) {
    let prefixes = vec![prefix::<IndexFill>()];
    let schedule = Schedule { name: "indexes", prefixes, interval: Duration::from_secs(30) };
    let store = tables.store().clone();
    driver::run(store, schedule, shutdown, || pass(&tables, &filling, ADDED)).await;
}

/// Goes on with every index that is not complete.
///
/// # Errors
/// [`TableError`] of the first index that could not be gone on with; the others were.
pub async fn pass(tables: &Tables, filling: &Filling, added: &[Added]) -> Result<(), TableError> {
    let mut outcome = Ok(());
    for index in added {
        if !index.is_complete(&tables.stale_view().await?)? {
            outcome = outcome.and(fill(tables, filling, index).await);
        }
    }
    let view = tables.stale_view().await?;
    let incomplete = added.iter().filter(|index| index.is_complete(&view) != Ok(true)).count();
    filling.incomplete.set(i64::try_from(incomplete).unwrap_or(i64::MAX));
    outcome
}

async fn fill(tables: &Tables, filling: &Filling, index: &Added) -> Result<(), TableError> {
    let mut rows_max = ROWS_MAX;
    for _ in 0..TRANSACTIONS_MAX {
        match tables.fill_index(index, rows_max).await? {
            Filled::Some(checked) => {
                filling.checked.inc_by(checked.looked_at as u64);
                filling.changed.inc_by(checked.changed as u64);
                rows_max = ROWS_MAX;
            }
            // The fewer rows, the fewer changes in between.
            Filled::Moved => rows_max = (rows_max / 2).max(1),
            Filled::TooEarly => break,
            Filled::Complete => {
                tracing::info!(index = index.name, "index {} is complete and used", index.name);
                break;
            }
        }
        if !tables.store().leadership().borrow().leading {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::event::{Event, EventLevel};
    use model::time::Timestamp;
    use raft_store::Store;
    use raft_store::version::{FIRST, SUPPORTED};
    use tables::read::Reads;
    use tables::update::Cause;

    use super::*;

    async fn with_events(cluster_version: u32, count: u64) -> Tables {
        let tables = Tables::new(Store::in_memory_at_version(cluster_version));
        let event = |id| Event {
            id,
            node: None,
            hostname: String::new(),
            kind: String::new(),
            level: EventLevel::Info,
            description: String::new(),
            username: None,
            created: Timestamp::default(),
            audit: None,
        };
        let ids: Vec<u64> = (0..count).collect();
        for part in ids.chunks(1000) {
            let cause = Cause::new("test", "event.record");
            let written: Result<(), TableError> = tables
                .update(&cause, |tx| part.iter().try_for_each(|id| tx.insert(&event(*id))))
                .await;
            written.unwrap();
        }
        tables
    }

    fn counted(filling: &Filling) -> (u64, u64, i64) {
        (filling.checked.get(), filling.changed.get(), filling.incomplete.get())
    }

    #[tokio::test]
    async fn a_pass_is_bounded_and_the_next_one_goes_on() {
        // Entries are swept, then rows are looked at: as many again.
        let rows = (ROWS_MAX * TRANSACTIONS_MAX) as u64;
        let tables = with_events(SUPPORTED, rows).await;
        let filling = Filling::default();
        pass(&tables, &filling, ADDED).await.unwrap();
        assert_eq!(counted(&filling), (rows, 0, 1));
        pass(&Tables::new(tables.store().clone()), &filling, ADDED).await.unwrap();
        assert_eq!(counted(&filling).0, 2 * rows);
        pass(&tables, &filling, ADDED).await.unwrap();
        assert_eq!(counted(&filling), (2 * rows, 0, 0));
        let complete = tables.view().await.unwrap().is_complete(&tables::machines::EVENTS_OF_LEVEL);
        assert_eq!(complete, Ok(true));
        let revision = tables.view().await.unwrap().revision();
        pass(&tables, &filling, ADDED).await.unwrap();
        assert_eq!(tables.view().await.unwrap().revision(), revision, "nothing is written again");
    }

    #[tokio::test]
    async fn an_older_cluster_waits_and_says_so() {
        let tables = with_events(FIRST, 10).await;
        let filling = Filling::default();
        pass(&tables, &filling, ADDED).await.unwrap();
        assert_eq!(counted(&filling), (0, 0, 1));
    }
}
