//! Join tokens that ended are forgotten.

use model::retention::is_forgotten;
use model::time::Timestamp;

use tables::cluster::StoredToken;
use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, Tables, now};

/// How many tokens are looked at in one step.
const LOOKED_AT_MAX: usize = 256;

/// Looks at the tokens that follow `last`, and forgets those that ended long ago; returns the last
/// one that was looked at, or none when it was the end.
///
/// # Errors
/// [`TableError`].
pub async fn forget_ended(
    tables: &Tables,
    last: Option<&String>,
) -> Result<Option<String>, TableError> {
    let view = tables.stale_view().await?;
    let ids = view.ids_after::<StoredToken>(last, LOOKED_AT_MAX);
    let mut ended = Vec::new();
    for id in &ids {
        if view.get::<StoredToken>(id)?.is_some_and(|token| is_over(&token, now())) {
            ended.push(id);
        }
    }
    if !ended.is_empty() {
        let cause = Cause::new("reconciler:tokens", "cluster.token.expire");
        tables
            .update(&cause, |tx| {
                for id in &ended {
                    tx.delete::<StoredToken>(id)?;
                }
                Ok::<_, TableError>(())
            })
            .await?;
    }
    Ok(ids.into_iter().nth(LOOKED_AT_MAX - 1))
}

fn is_over(token: &StoredToken, now: Timestamp) -> bool {
    is_forgotten(Timestamp::from_unix_ms(token.record.expires_ms), now)
}

#[cfg(test)]
mod tests {
    use identity::token::{JoinRole, TokenRecord};
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn tokens_that_ended_long_ago_are_forgotten_and_others_stay() {
        let tables = Tables::new(Store::in_memory());
        let day_ms = 24 * 3600 * 1000;
        let tokens = [("old", 2 * day_ms), ("ended", day_ms / 2), ("valid", 0)];
        let cause = Cause::new("test", "cluster.token.create");
        let put = tables.update(&cause, |tx| {
            for (name, ago_ms) in tokens {
                let expires_ms = now().unix_ms + 60_000 - ago_ms;
                let record = TokenRecord { role: JoinRole::Rack, expires_ms };
                tx.insert(&StoredToken { lookup_id: name.to_owned(), record })?;
            }
            Ok::<_, TableError>(())
        });
        put.await.expect("written");
        assert_eq!(forget_ended(&tables, None).await, Ok(None));
        let view = tables.view().await.expect("a view");
        assert_eq!(view.ids_after::<StoredToken>(None, 9), ["ended", "valid"]);
    }
}
