//! Keys that all regions of the cluster have and nobody else: one for each purpose, made of the cluster's secret.

use model::cluster_key::{ClusterKey, LENGTH, NAME};
use model::secret::SecretBytes;
use ring::hmac;

use tables::error::TableError;
use tables::read::Reads;
use tables::update::{Cause, Tables};

/// The key for a purpose: 32 bytes. Who has it learns nothing of those for others.
///
/// The first that is asked for makes the cluster's secret. Like API keys, it is looked up in this node's own state first.
///
/// # Errors
/// [`TableError`].
pub async fn for_purpose(tables: &Tables, purpose: &str) -> Result<SecretBytes, TableError> {
    let known = tables.stale_view().await?.get::<ClusterKey>(&NAME.to_owned())?;
    let key = match known {
        Some(key) => key,
        None => make(tables).await?,
    };
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose());
    Ok(hmac::sign(&secret, purpose.as_bytes()).as_ref().to_vec().into())
}

async fn make(tables: &Tables) -> Result<ClusterKey, TableError> {
    let drawn: SecretBytes = rand::random::<[u8; LENGTH]>().to_vec().into();
    let cause = Cause::new("logins", "clusterkey.make");
    tables
        .update(&cause, |tx| {
            // Another region may have been first.
            if let Some(known) = tx.get::<ClusterKey>(&NAME.to_owned())? {
                return Ok(known);
            }
            let secret = drawn.clone();
            let key = ClusterKey { name: NAME.to_owned(), secret, created: tx.now() };
            tx.insert(&key)?;
            Ok(key)
        })
        .await
}

#[cfg(test)]
mod tests {
    use raft_store::Store;

    use super::*;

    #[tokio::test]
    async fn each_purpose_has_a_key_of_its_own_that_stays() {
        let tables = Tables::new(Store::in_memory());
        let first = for_purpose(&tables, "a").await.unwrap();
        assert_eq!(for_purpose(&tables, "a").await.unwrap(), first);
        assert_ne!(for_purpose(&tables, "b").await.unwrap(), first);
        let elsewhere = Tables::new(Store::in_memory());
        assert_ne!(for_purpose(&elsewhere, "a").await.unwrap(), first);
    }
}
