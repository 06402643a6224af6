//! Contents of images: how many region nodes hold one.

use std::collections::BTreeSet;

use model::boot::content::Content;
use model::controller::RegionController;
use tables::error::TableError;
use tables::read::Reads;

/// Whether a majority of the region nodes holds a content.
///
/// # Errors
/// [`TableError::Corrupt`].
pub fn is_complete(reads: &impl Reads, sha256: &str) -> Result<bool, TableError> {
    let Some(content) = reads.get::<Content>(&sha256.to_owned())? else { return Ok(false) };
    let voters = voters(reads, &content)?;
    Ok(content.coverage(&voters).is_majority())
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
