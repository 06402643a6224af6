//! Requests that were carried out are forgotten after a day, or sooner when there are very many.

use model::answered::Answered;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, Tables, now};

/// How many rows are looked at in one step.
const LOOKED_AT_MAX: usize = 256;

/// Looks at the rows that follow `last`, and removes those that may be forgotten of `among` that there are; returns the last
/// one that was looked at, or none when it was the end, and how many it were.
///
/// # Errors
/// [`TableError`].
pub async fn forget(
    tables: &Tables,
    last: Option<&String>,
    among: usize,
) -> Result<(Option<String>, usize), TableError> {
    let view = tables.stale_view().await?;
    let ids = view.ids_after::<Answered>(last, LOOKED_AT_MAX);
    let mut over = Vec::new();
    for id in &ids {
        if view.get::<Answered>(id)?.is_some_and(|answered| answered.is_forgotten(among, now())) {
            over.push(id);
        }
    }
    if !over.is_empty() {
        let cause = Cause::new("reconciler:answered", "answered.forget");
        tables
            .update(&cause, |tx| {
                for id in &over {
                    // Its key may have been used again meanwhile.
                    let found = tx.get::<Answered>(id)?;
                    if found.is_some_and(|answered| answered.is_forgotten(among, tx.now())) {
                        tx.delete::<Answered>(id)?;
                    }
                }
                Ok::<_, TableError>(())
            })
            .await?;
    }
    let count = ids.len();
    Ok((ids.into_iter().nth(LOOKED_AT_MAX - 1), count))
}

#[cfg(test)]
mod tests {
    use model::answered::{ANSWERED_KEPT_MS, ANSWERED_KEPT_OF_MANY_MS, ANSWERED_MANY};
    use model::time::Timestamp;
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn old_requests_go_and_others_stay_unless_there_are_very_many() {
        let tables = Tables::new(Store::in_memory());
        let cause = Cause::new("test", "test");
        let put = tables.update(&cause, |tx| {
            for (key, age_ms) in
                [("a", ANSWERED_KEPT_MS), ("b", ANSWERED_KEPT_OF_MANY_MS), ("c", 0)]
            {
                let at = Timestamp::from_unix_ms(now().unix_ms - age_ms);
                tx.insert(&Answered { id: key.to_owned(), request: String::new(), at })?;
            }
            Ok::<_, TableError>(())
        });
        put.await.unwrap();
        for (among, left) in [(3, vec!["b", "c"]), (ANSWERED_MANY + 1, vec!["c"])] {
            forget(&tables, None, among).await.unwrap();
            let view = tables.view().await.unwrap();
            assert_eq!(view.ids_after::<Answered>(None, 9), left);
        }
    }
}
