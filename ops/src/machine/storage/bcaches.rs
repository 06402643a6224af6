//! Cached devices and cache sets.

use model::id::CacheSetId;
use model::machine::storage::cache::{BcacheRequest, CachePlace};
use model::machine::storage::{Drives, StorageError};

use crate::error::Refusal;
use crate::machine::storage::MachineDrives;
use crate::machine::storage::edit::{Editor, READY, When};
use crate::machine::storage::raids::{Of, ShownGroup};

/// A cache set as doors show it, with all of the machine's disks.
#[derive(Debug, Clone)]
pub struct ShownCacheSet {
    /// Which one.
    pub id: CacheSetId,
    /// All of the machine's disks.
    pub of: MachineDrives,
}

/// The cache set that a path names, by id or name.
///
/// # Errors
/// [`StorageError::NotFound`].
pub fn cache_set_named(drives: &Drives, text: &str) -> Result<CacheSetId, StorageError> {
    drives.cache_set_named(text).ok_or(StorageError::NotFound("CacheSet"))
}

impl Editor<'_> {
    /// Makes a cached device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_bcache(&self, wanted: &BcacheRequest) -> Result<ShownGroup, Refusal> {
        let message = "Cannot create Bcache because the machine is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit(
            "bcache.create",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.create_bcache(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Changes a cached device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_bcache(
        &self,
        bcache: &str,
        wanted: &BcacheRequest,
    ) -> Result<ShownGroup, Refusal> {
        let message = "Cannot update Bcache because the machine is not Ready.";
        let find = |drives: &Drives| Of::Bcache.named(drives, bcache);
        let when = When::Admin(READY, message);
        let edited = self.edit("bcache.update", when, find, |drives, ids, id| {
            drives.update_bcache(ids, id, wanted)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Takes a cached device apart.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_bcache(&self, bcache: &str) -> Result<(), Refusal> {
        let message = "Cannot delete Bcache because the machine is not Ready.";
        self.delete_group(Of::Bcache, bcache, "bcache.delete", When::Admin(READY, message)).await
    }

    /// Makes a cache set.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_cache_set(&self, wanted: &CachePlace) -> Result<ShownCacheSet, Refusal> {
        let message = "Cannot create cache set because the node is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit(
            "cacheset.create",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.create_cache_set(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownCacheSet { id, of })
    }

    /// Puts a cache set elsewhere.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_cache_set(
        &self,
        cache_set: &str,
        wanted: &CachePlace,
    ) -> Result<ShownCacheSet, Refusal> {
        let message = "Cannot update cache set because the machine is not Ready.";
        let find = |drives: &Drives| cache_set_named(drives, cache_set);
        let when = When::Admin(READY, message);
        let edited = self.edit("cacheset.update", when, find, |drives, ids, id| {
            drives.update_cache_set(ids, id, wanted)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownCacheSet { id, of })
    }

    /// Removes a cache set.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_cache_set(&self, cache_set: &str) -> Result<(), Refusal> {
        let message = "Cannot delete cache set because the machine is not Ready.";
        let find = |drives: &Drives| cache_set_named(drives, cache_set);
        let when = When::Admin(READY, message);
        let edited =
            self.edit("cacheset.delete", when, find, |drives, _, id| drives.delete_cache_set(id));
        edited.await.map(drop)
    }
}
