//! Contents of images: how many region nodes hold one.

use std::collections::BTreeSet;

use model::boot::content::Content;
use model::controller::RegionController;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::{Cause, Tables};

/// Whether a majority of the region nodes holds a content.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn is_complete(reads: &impl Reads, sha256: &str) -> Result<bool, TableError> {
    let Some(content) = reads.get::<Content>(&sha256.to_owned())? else { return Ok(false) };
    let voters = voters(reads, &content)?;
    Ok(content.coverage(&voters).is_majority())
}

/// As [`is_complete`], for a transaction that is about to refer to the content: it stays then.
///
/// # Errors
/// [`TableError`].
pub fn claim(tx: &mut Tx, sha256: &str) -> Result<bool, TableError> {
    if let Some(content) = tx.get::<Content>(&sha256.to_owned())?
        && content.unused_since.is_some()
    {
        tx.put(&Content { unused_since: None, ..content })?;
    }
    is_complete(tx, sha256)
}

/// Keeps a content for as long as a new one, for somebody who is about to refer to it.
///
/// # Errors
/// [`TableError`].
pub async fn keep(tables: &Tables, cause: &Cause, sha256: &str) -> Result<(), TableError> {
    tables.update(cause, |tx| claim(tx, sha256).map(drop)).await
}

/// The region nodes that count: all that are known, or the holders where none is registered.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn voters(reads: &impl Reads, content: &Content) -> Result<BTreeSet<u64>, TableError> {
    let regions = reads.list::<RegionController>()?;
    if regions.is_empty() {
        return Ok(content.holders.clone());
    }
    Ok(regions.iter().map(|region| region.node_id).collect())
}
