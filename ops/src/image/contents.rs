//! Contents of images: how many region nodes hold one.

use std::collections::BTreeSet;

use model::access::{Actor, Object, Permission, permits};
use model::boot::content::Content;
use model::controller::RegionController;

use crate::authorize::authorize;
use crate::error::Refusal;
use tables::error::TableError;
use tables::read::Reads;
use tables::tx::Tx;
use tables::update::Tables;

/// A content as doors show it.
#[derive(Debug, Clone)]
pub struct ContentDetail {
    /// The content.
    pub content: Content,
    /// Whether a majority of the region nodes holds it.
    pub complete: bool,
}

/// A content.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn get(tables: &Tables, actor: &Actor, sha256: &str) -> Result<ContentDetail, Refusal> {
    permits(actor, Permission::ManageImages, &Object::Site)?;
    let view = tables.view().await?;
    let content = view.get::<Content>(&sha256.to_owned())?;
    let content = content.ok_or(Refusal::NotFound { model: "Content" })?;
    Ok(ContentDetail { complete: is_complete(&view, sha256)?, content })
}

/// Whether a content need not be uploaded: a majority of the region nodes holds it.
///
/// # Errors
/// [`Refusal`].
pub async fn is_uploaded(tables: &Tables, actor: &Actor, sha256: &str) -> Result<bool, Refusal> {
    permits(actor, Permission::ManageImages, &Object::Site)?;
    Ok(is_complete(&tables.view().await?, sha256)?)
}

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
/// [`Refusal`].
pub async fn keep(tables: &Tables, actor: &Actor, sha256: &str) -> Result<(), Refusal> {
    let cause = authorize(actor, Permission::ManageImages, "image.upload")?;
    Ok(tables.update(&cause, |tx| claim(tx, sha256).map(drop)).await?)
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
