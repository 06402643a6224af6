//! Contents that nothing refers to any more: first that is noted, and after a while they go. The
//! files are removed by each region itself, once the content is gone.

use model::boot::content::Content;
use model::boot::files::BootFiles;
use model::boot::resource::BootResource;
use model::retention::{Fate, fate, in_deployment, referenced};

use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables, now};

/// How many contents are looked at in one step.
const LOOKED_AT_MAX: usize = 64;

/// Looks at the contents that follow `last`; returns the last one that was looked at, or none when
/// it was the end.
///
/// # Errors
/// [`TableError`].
pub async fn review(tables: &Tables, last: Option<&String>) -> Result<Option<String>, TableError> {
    let view = tables.stale_view().await?;
    let ids = view.ids_after::<Content>(last, LOOKED_AT_MAX);
    let used = referenced(&view.list::<BootResource>()?, &view.list::<BootFiles>()?);
    for id in &ids {
        let Some(content) = view.get::<Content>(id)? else { continue };
        if fate(&content, used.contains(id), now()) != Fate::Stays {
            settle(tables, id).await?;
        }
    }
    Ok(ids.into_iter().nth(LOOKED_AT_MAX - 1))
}

/// Whether an image, an upload to one, or the ephemeral OS refers to a content.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn is_referenced(reads: &impl Reads, sha256: &str) -> Result<bool, TableError> {
    let used = referenced(&reads.list::<BootResource>()?, &reads.list::<BootFiles>()?);
    Ok(used.contains(sha256))
}

/// Decides again, in the transaction that carries it out. Whoever begins to refer to the content
/// meanwhile changes its row, so one of the two is evaluated again.
async fn settle(tables: &Tables, sha256: &str) -> Result<(), TableError> {
    let cause = Cause::new("reconciler:contents", "image.expire");
    tables
        .update(&cause, |tx| {
            let Some(content) = tx.get::<Content>(&sha256.to_owned())? else { return Ok(()) };
            match fate(&content, is_referenced(tx, sha256)?, tx.now()) {
                Fate::Stays => Ok(()),
                Fate::Used => tx.put(&Content { unused_since: None, ..content }),
                Fate::Unused => tx.put(&Content { unused_since: Some(tx.now()), ..content }),
                Fate::Goes if is_deployed_from(tx, sha256) => Ok(()),
                Fate::Goes => tx.delete::<Content>(&content.sha256).map(drop),
            }
        })
        .await
}

/// Looked at only when a content is about to go, because there may be many machines.
fn is_deployed_from(tx: &Tx, sha256: &str) -> bool {
    tx.state().machines().any(|machine| in_deployment(machine) == Some(sha256))
}

#[cfg(test)]
mod tests;
