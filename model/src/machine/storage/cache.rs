//! Devices that are cached (bcache), and the cache sets that cache them.

use crate::id::{CacheSetId, StorageGroupId};
use crate::machine::storage::config::{CacheMode, Content, GroupKind, Place};
use crate::machine::storage::device::Device;
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::naming::{self, Kind};
use crate::machine::storage::{Drives, StorageError};

/// What a cache set is on, as it was sent: one of both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachePlace {
    /// A block device.
    pub device: Option<String>,
    /// A partition.
    pub partition: Option<String>,
}

/// A cached device that is asked for, or its changes, as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BcacheRequest {
    /// Its name; the next `bcache0` when absent.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// The cache set.
    pub cache_set: Option<String>,
    /// The block device that has the data.
    pub backing_device: Option<String>,
    /// The partition that has the data.
    pub backing_partition: Option<String>,
    /// How writes are cached.
    pub cache_mode: Option<String>,
}

impl Drives {
    /// Makes a cache set.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_cache_set(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &CachePlace,
    ) -> Result<CacheSetId, StorageError> {
        let mut wrong = Wrong::new();
        let fields = ("cache_device", "cache_partition");
        let place = self.one_free(&mut wrong, fields, (&wanted.device, &wanted.partition), None);
        if wanted.device.is_some() && wanted.partition.is_some() {
            wrong.add("__all__", "Cannot set both cache_device and cache_partition.");
        } else if wanted.device.is_none() && wanted.partition.is_none() {
            wrong.add("__all__", "Either cache_device or cache_partition must be specified.");
        }
        wrong.finish()?;
        let Some(place) = place else { return Err(StorageError::NotFound("BlockDevice")) };
        let place = self.partition_boot_disk(ids, &[place])?[0];
        Ok(self.put_cache_set(ids, place))
    }

    pub(super) fn put_cache_set(&mut self, ids: &mut dyn NewIds, place: Place) -> CacheSetId {
        let id = ids.cache_set();
        self.storage.cache_sets.push(id);
        self.put_filesystem(ids, place, Content::BcacheCache(id), None);
        id
    }

    /// Puts a cache set elsewhere.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_cache_set(
        &mut self,
        ids: &mut dyn NewIds,
        id: CacheSetId,
        wanted: &CachePlace,
    ) -> Result<(), StorageError> {
        let own = self.cache_place(id);
        let mut wrong = Wrong::new();
        let fields = ("cache_device", "cache_partition");
        let place = self.one_free(&mut wrong, fields, (&wanted.device, &wanted.partition), own);
        if wanted.device.is_some() && wanted.partition.is_some() {
            for field in ["cache_device", "cache_partition"] {
                wrong.add(field, "Cannot set both cache_device and cache_partition.");
            }
        }
        for group in self.cached_by(id) {
            self.refuse_own(&mut wrong, "cache_device", group, place.as_slice());
        }
        wrong.finish()?;
        let Some(place) = place.filter(|place| Some(*place) != own) else { return Ok(()) };
        let place = self.partition_boot_disk(ids, &[place])?[0];
        let mut filesystems = self.storage.filesystems.iter_mut();
        if let Some(found) = filesystems.find(|found| found.content == Content::BcacheCache(id)) {
            found.on = place;
        }
        Ok(())
    }

    /// Removes a cache set.
    ///
    /// # Errors
    /// [`StorageError::Text`] while it caches something.
    pub fn delete_cache_set(&mut self, id: CacheSetId) -> Result<(), StorageError> {
        if !self.cached_by(id).is_empty() {
            let message = "Cannot delete cache set; it's currently in use.";
            return Err(StorageError::text(message));
        }
        self.storage.cache_sets.retain(|known| *known != id);
        self.storage.filesystems.retain(|found| found.content != Content::BcacheCache(id));
        Ok(())
    }

    fn cached_by(&self, id: CacheSetId) -> Vec<StorageGroupId> {
        let groups = self.storage.groups.iter().filter(|group| match group.kind {
            GroupKind::Bcache { cache_set, .. } => cache_set == id,
            GroupKind::VolumeGroup { .. } | GroupKind::Raid { .. } | GroupKind::Vmfs { .. } => {
                false
            }
        });
        groups.map(|group| group.id).collect()
    }

    /// The free device or partition that one of two fields names; what is in use already may be named again.
    fn one_free(
        &self,
        wrong: &mut Wrong,
        fields: (&str, &str),
        texts: (&Option<String>, &Option<String>),
        own: Option<Place>,
    ) -> Option<Place> {
        let may = |place: Place| self.is_free(place) || Some(place) == own;
        let (device, partition) = (texts.0.as_slice(), texts.1.as_slice());
        let devices = self.chosen(wrong, (fields.0, device), Kind::Device, may);
        let partitions = self.chosen(wrong, (fields.1, partition), Kind::Partition, may);
        devices.into_iter().chain(partitions).next()
    }

    /// Makes a cached device.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_bcache(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &BcacheRequest,
    ) -> Result<StorageGroupId, StorageError> {
        let mut wrong = Wrong::new();
        let (name, uuid) =
            self.renaming(&mut wrong, wanted.name.as_deref(), wanted.uuid.as_deref());
        let fields = ("backing_device", "backing_partition");
        let texts = (&wanted.backing_device, &wanted.backing_partition);
        let backing = self.one_free(&mut wrong, fields, texts, None);
        let cache_set = self.read_cache_set(wanted);
        let cache_set = cache_set.unwrap_or_else(|| Err(naming::REQUIRED.to_owned()));
        let cache_set = wrong.take("cache_set", cache_set);
        let mode = read_mode(wanted).unwrap_or_else(|| Err(naming::REQUIRED.to_owned()));
        let mode = wrong.take("cache_mode", mode);
        if cache_set.is_none() {
            wrong.add("__all__", "Bcache requires a cache_set.");
        } else if wanted.backing_device.is_some() && wanted.backing_partition.is_some() {
            wrong.add("__all__", "A Bcache can have either a backing device or partition.");
        } else if backing.is_none() {
            let message = "Either backing_device or backing_partition must be specified.";
            wrong.add("__all__", message);
        }
        wrong.finish()?;
        let (Some(backing), Some(cache_set), Some(mode)) = (backing, cache_set, mode) else {
            return Err(StorageError::NotFound("BlockDevice"));
        };
        self.check_backing(backing)?;
        let name = name.unwrap_or_else(|| self.next_name("bcache"));
        self.check_group_name(&name, None)?;
        let backing = self.partition_boot_disk(ids, &[backing])?[0];
        let id = self.put_bcache(ids, name, (cache_set, mode), backing);
        self.group_mut(id)?.uuid = uuid.or_else(|| ids.uuid());
        Ok(id)
    }

    pub(super) fn put_bcache(
        &mut self,
        ids: &mut dyn NewIds,
        name: String,
        (cache_set, mode): (CacheSetId, CacheMode),
        backing: Place,
    ) -> StorageGroupId {
        let device = Self::new_device(ids);
        let id = self.push_group(ids, name, None, GroupKind::Bcache { mode, cache_set, device });
        self.put_filesystem(ids, backing, Content::BcacheBacking(id), None);
        id
    }

    /// Changes a cached device.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_bcache(
        &mut self,
        ids: &mut dyn NewIds,
        id: StorageGroupId,
        wanted: &BcacheRequest,
    ) -> Result<(), StorageError> {
        let own = self.backing(id);
        let mut wrong = Wrong::new();
        let (name, uuid) =
            self.renaming(&mut wrong, wanted.name.as_deref(), wanted.uuid.as_deref());
        let fields = ("backing_device", "backing_partition");
        let texts = (&wanted.backing_device, &wanted.backing_partition);
        let backing = self.one_free(&mut wrong, fields, texts, own);
        self.refuse_own(&mut wrong, "backing_device", id, backing.as_slice());
        if wanted.backing_device.is_some() && wanted.backing_partition.is_some() {
            wrong.add("__all__", "A Bcache can have either a backing device or partition.");
        }
        let cache_set = wrong.take("cache_set", self.read_cache_set(wanted).transpose()).flatten();
        if let Some(place) = cache_set.and_then(|set| self.cache_place(set)) {
            self.refuse_own(&mut wrong, "cache_set", id, &[place]);
        }
        let mode = wrong.take("cache_mode", read_mode(wanted).transpose()).flatten();
        wrong.finish()?;
        if let Some(backing) = backing.filter(|place| Some(*place) != own) {
            self.check_backing(backing)?;
            let backing = self.partition_boot_disk(ids, &[backing])?;
            self.remove_members(id, own.as_slice());
            self.add_members(ids, &backing, Content::BcacheBacking(id));
        }
        self.rename(id, name, uuid)?;
        if let GroupKind::Bcache { mode: own_mode, cache_set: own_set, .. } =
            &mut self.group_mut(id)?.kind
        {
            *own_mode = mode.unwrap_or(*own_mode);
            *own_set = cache_set.unwrap_or(*own_set);
        }
        self.check()
    }

    pub(super) fn check_backing(&self, backing: Place) -> Result<(), StorageError> {
        let is_volume = matches!(backing, Place::Device(id)
            if matches!(self.device(id), Some(Device::Volume(..))));
        if is_volume {
            let message = "Bcache cannot use a logical volume as a backing device.";
            return Err(StorageError::all(message));
        }
        Ok(())
    }

    fn read_cache_set(&self, wanted: &BcacheRequest) -> Option<Result<CacheSetId, String>> {
        let text = wanted.cache_set.as_deref()?;
        Some(self.cache_set_named(text).ok_or_else(|| naming::no_choice(text)))
    }
}

fn read_mode(wanted: &BcacheRequest) -> Option<Result<CacheMode, String>> {
    let text = wanted.cache_mode.as_deref()?;
    Some(CacheMode::of_name(text).ok_or_else(|| naming::no_choice(text)))
}
