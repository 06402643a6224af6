//! Which events go: those older than the site keeps them, and the oldest of too many.

use model::event::Event;
use model::retention::first_kept_event;
use model::setting::typed::{EVENTS_MAX_AGE, EVENTS_MAX_COUNT};

use crate::site::settings;
use tables::error::TableError;
use tables::read::View;
use tables::update::{Cause, Tables, now};

/// How many events are counted in one step.
pub const COUNTED_MAX: usize = 10_000;

/// How many events one transaction removes.
const REMOVED_MAX: usize = 256;

/// How many events there are, as far as they were counted: from the oldest on, a part at a time,
/// so that a long table is read once and not at every look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventCount {
    /// How many.
    pub count: u64,
    /// The last one that was counted.
    last: Option<u64>,
}

impl EventCount {
    /// Counts what follows, up to [`COUNTED_MAX`]; false when that was not all.
    pub fn go_on(&mut self, view: &View) -> bool {
        let ids = view.ids_after::<Event>(self.last.as_ref(), COUNTED_MAX);
        self.count += ids.len() as u64;
        self.last = ids.last().copied().or(self.last);
        ids.len() < COUNTED_MAX
    }
}

/// Removes the oldest events that are not to be kept, at most as many as one transaction takes;
/// returns whether there may be more of them.
///
/// # Errors
/// [`TableError`].
pub async fn remove_oldest(tables: &Tables, counted: &mut EventCount) -> Result<bool, TableError> {
    let view = tables.stale_view().await?;
    let first_kept = first_kept_event(now(), settings::read(&view, &EVENTS_MAX_AGE)?);
    let surplus = counted.count.saturating_sub(settings::read(&view, &EVENTS_MAX_COUNT)?);
    let surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
    let oldest = view.ids_after::<Event>(None, REMOVED_MAX);
    let goes = |(at, id): (usize, &u64)| at < surplus || *id < first_kept;
    let ids: Vec<u64> =
        oldest.iter().enumerate().take_while(|entry| goes(*entry)).map(|(_, id)| *id).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    let cause = Cause::new("reconciler:events", "event.expire");
    tables
        .update(&cause, |tx| {
            for id in &ids {
                tx.delete::<Event>(id)?;
            }
            Ok::<_, TableError>(())
        })
        .await?;
    counted.count = counted.count.saturating_sub(ids.len() as u64);
    Ok(ids.len() == REMOVED_MAX)
}

#[cfg(test)]
mod tests {
    use crate::authorize::tests::administrator;
    use model::event::{EventLevel, first_id_of};
    use model::time::Timestamp;
    use raft_store::Store;

    use super::*;

    const DAY_MS: u64 = 24 * 3600 * 1000;

    async fn with_ages(days: &[u64]) -> Tables {
        let tables = Tables::new(Store::in_memory());
        let cause = Cause::new("test", "event.record");
        let put = tables.update(&cause, |tx| {
            for (at, days) in days.iter().enumerate() {
                let created = Timestamp::from_unix_ms(now().unix_ms - days * DAY_MS);
                tx.insert(&Event {
                    id: first_id_of(created) + at as u64,
                    node: None,
                    hostname: String::new(),
                    kind: String::new(),
                    level: EventLevel::Info,
                    description: String::new(),
                    username: None,
                    created,
                    audit: None,
                })?;
            }
            Ok::<_, TableError>(())
        });
        put.await.expect("written");
        tables
    }

    async fn set(tables: &Tables, name: &str, value: &str) {
        let known = settings::known(name).expect("a setting");
        settings::set(tables, &administrator(), known, value).await.expect("set");
    }

    async fn left(tables: &Tables) -> usize {
        let view = tables.view().await.expect("a view");
        view.ids_after::<Event>(None, usize::MAX).len()
    }

    #[tokio::test]
    async fn events_older_than_the_site_keeps_them_go() {
        let tables = with_ages(&[400, 366, 364, 8, 6, 0]).await;
        let mut counted = EventCount::default();
        assert_eq!(remove_oldest(&tables, &mut counted).await, Ok(false));
        assert_eq!(left(&tables).await, 4);
        set(&tables, "events_max_age_days", "7").await;
        assert_eq!(remove_oldest(&tables, &mut counted).await, Ok(false));
        assert_eq!(left(&tables).await, 2);
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_events_go_a_transaction_at_a_time() {
        let tables = with_ages(&vec![1; 1_300]).await;
        set(&tables, "events_max_count", "1000").await;
        let mut counted = EventCount::default();
        assert!(counted.go_on(&tables.view().await.expect("a view")));
        assert_eq!(counted.count, 1_300);
        assert_eq!(remove_oldest(&tables, &mut counted).await, Ok(true));
        assert_eq!(remove_oldest(&tables, &mut counted).await, Ok(false));
        assert_eq!((left(&tables).await, counted.count), (1_000, 1_000));
        assert_eq!(remove_oldest(&tables, &mut counted).await, Ok(false));
        assert_eq!(left(&tables).await, 1_000);
    }
}
