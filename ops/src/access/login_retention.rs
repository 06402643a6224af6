//! What is known of logins goes when it does not matter any more.

use model::external_identity::ReturnedLogin;
use model::login::LoginRecord;
use model::time::Timestamp;

use tables::error::TableError;
use tables::read::Reads;
use tables::row::Row;
use tables::update::{Cause, Tables, now};

/// How many rows are looked at in one step.
const LOOKED_AT_MAX: usize = 256;

/// Looks at the rows of failures that follow `last`, and removes those that do not matter; returns the last one that was
/// looked at, or none when it was the end.
///
/// # Errors
/// [`TableError`].
pub async fn forget(tables: &Tables, last: Option<&String>) -> Result<Option<String>, TableError> {
    forget_rows(tables, last, "login.forget", LoginRecord::is_forgotten).await
}

/// The same with logins that came back from a provider.
///
/// # Errors
/// [`TableError`].
pub async fn forget_returned(
    tables: &Tables,
    last: Option<&String>,
) -> Result<Option<String>, TableError> {
    forget_rows(tables, last, "oidc.forget", ReturnedLogin::is_forgotten).await
}

async fn forget_rows<T: Row<Id = String>>(
    tables: &Tables,
    last: Option<&String>,
    reason: &'static str,
    is_forgotten: fn(&T, Timestamp) -> bool,
) -> Result<Option<String>, TableError> {
    let view = tables.stale_view().await?;
    let ids = view.ids_after::<T>(last, LOOKED_AT_MAX);
    let mut over = Vec::new();
    for id in &ids {
        if view.get::<T>(id)?.is_some_and(|row| is_forgotten(&row, now())) {
            over.push(id);
        }
    }
    if !over.is_empty() {
        let cause = Cause::new("reconciler:logins", reason);
        tables
            .update(&cause, |tx| {
                for id in &over {
                    // It may have changed meanwhile.
                    if tx.get::<T>(id)?.is_some_and(|row| is_forgotten(&row, tx.now())) {
                        tx.delete::<T>(id)?;
                    }
                }
                Ok::<_, TableError>(())
            })
            .await?;
    }
    Ok(ids.into_iter().nth(LOOKED_AT_MAX - 1))
}

#[cfg(test)]
mod tests {
    use model::login::{FAILURES_KEPT_MS, Subject};
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn failures_go_when_they_are_old_and_others_stay() {
        let tables = Tables::new(Store::in_memory());
        let cause = Cause::new("test", "login.fail");
        let put = tables.update(&cause, |tx| {
            let long_ago = Timestamp::from_unix_ms(now().unix_ms - FAILURES_KEPT_MS);
            tx.insert(&LoginRecord::new(Subject::Address(1)).failed(long_ago))?;
            tx.insert(&LoginRecord::new(Subject::Address(2)).failed(now()))
        });
        put.await.unwrap();
        assert_eq!(forget(&tables, None).await, Ok(None));
        let view = tables.view().await.unwrap();
        assert_eq!(view.ids_after::<LoginRecord>(None, 9), ["address/00000002"]);
    }
}
