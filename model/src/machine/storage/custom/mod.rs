//! The layout that a commissioning script told of (`storage-extra` among the results of commissioning): read, and made of
//! the disks by the same rules as what operators make one by one.

mod read;
mod shape;
mod size;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::id::{BlockDeviceId, CacheSetId, StorageGroupId};
use crate::machine::storage::config::{CacheMode, Content, GroupKind, Place, RaidLevel, TableType};
use crate::machine::storage::error::StorageError;
use crate::machine::storage::filesystem::{NewFilesystem, NewMount};
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::partition::Cut;
use crate::machine::storage::{Drives, size as sizes};
use read::{Entry, Kind};

/// What an entry has become.
#[derive(Debug, Clone, Copy)]
enum Made {
    /// A device or partition.
    Place(Place),
    /// A volume group.
    Group(StorageGroupId),
    /// Nothing by itself.
    Nothing,
}

/// What was made so far.
#[derive(Default)]
struct Progress {
    made: BTreeMap<String, Made>,
    /// The cache set on each device that caches.
    cache_sets: BTreeMap<String, CacheSetId>,
}

impl Drives {
    /// Makes what a script told of the disks, on which nothing is.
    ///
    /// # Errors
    /// What is wrong with it, in MAAS's words, or does not fit.
    pub(super) fn lay_custom(
        &mut self,
        ids: &mut dyn NewIds,
        config: &Value,
    ) -> Result<(), String> {
        let entries = read::entries(config)?;
        let is_missing = |entry: &&Entry| {
            matches!(entry.kind, Kind::Disk { .. })
                && !self.disks.iter().any(|disk| disk.name == entry.name)
        };
        let mut missing: Vec<&str> =
            entries.iter().filter(is_missing).map(|entry| entry.name.as_str()).collect();
        missing.sort_unstable();
        if !missing.is_empty() {
            return Err(format!("Unknown machine disk(s): {}", missing.join(", ")));
        }
        self.choose_boot_disk(&entries);
        let mut progress = Progress::default();
        for entry in &entries {
            let refused = |error: StorageError| format!("device '{}': {error}", entry.name);
            let made = self.make(ids, entry, &mut progress).map_err(refused)?;
            self.make_filesystem(ids, entry, made).map_err(refused)?;
            progress.made.insert(entry.name.clone(), made);
        }
        let checked = self.check().and_then(|()| self.check_names());
        checked.map_err(|error| error.to_string())
    }

    fn choose_boot_disk(&mut self, entries: &[Entry]) {
        let is_boot = |entry: &&Entry| matches!(entry.kind, Kind::Disk { boot: true, .. });
        if let Some(chosen) = entries.iter().find(is_boot) {
            for disk in &mut self.disks {
                disk.boot = disk.name == chosen.name;
            }
        }
    }

    fn make(
        &mut self,
        ids: &mut dyn NewIds,
        entry: &Entry,
        progress: &mut Progress,
    ) -> Result<Made, StorageError> {
        match &entry.kind {
            Kind::Disk { table, .. } => self.make_disk(&entry.name, *table),
            Kind::Partition { on, size, bootable, .. } => {
                let device = progress.device(on)?;
                let cut = Cut { size: Some(*size), uuid: None, bootable: *bootable };
                let id = self.add_partition(ids, device, cut)?;
                Ok(Made::Place(Place::Partition(id)))
            }
            Kind::VolumeGroup { members } => {
                let places = self.free_members(ids, progress, members)?;
                self.check_group_name(&entry.name, None)?;
                Ok(Made::Group(self.put_volume_group(ids, entry.name.clone(), None, &places)))
            }
            Kind::Volume { on, size } => {
                let Some(Made::Group(group)) = progress.made.get(on).copied() else {
                    return Err(StorageError::NotFound("VolumeGroup"));
                };
                let volume = (entry.name.clone(), sizes::aligned(*size));
                let id = self.put_volume(ids, group, volume, None)?;
                Ok(Made::Place(Place::Device(id)))
            }
            Kind::Raid { level, members, spares } => {
                let active = self.free_members(ids, progress, members)?;
                let spare = self.free_members(ids, progress, spares)?;
                self.make_raid(ids, &entry.name, *level, (&active, &spare))
            }
            Kind::Bcache { backing, cache, mode } => {
                let cache_set = self.cache_set_on(ids, progress, cache)?;
                self.make_bcache(ids, entry, progress, (backing, cache_set, *mode))
            }
            Kind::Special => Ok(Made::Nothing),
        }
    }

    fn make_disk(&mut self, name: &str, table: Option<TableType>) -> Result<Made, StorageError> {
        let disk = self.disks.iter().find(|disk| disk.name == name);
        let id = disk.ok_or(StorageError::NotFound("BlockDevice"))?.id;
        if let Some(kind) = table {
            self.table_for(id).kind = kind;
        }
        Ok(Made::Place(Place::Device(id)))
    }

    fn make_raid(
        &mut self,
        ids: &mut dyn NewIds,
        name: &str,
        level: RaidLevel,
        (active, spare): (&[Place], &[Place]),
    ) -> Result<Made, StorageError> {
        self.check_group_name(name, None)?;
        let device = Self::new_device(ids);
        let place = Place::Device(device.id);
        let kind = GroupKind::Raid { level, device };
        let id = self.push_group(ids, name.to_owned(), None, kind);
        self.add_members(ids, active, Content::RaidMember(id));
        self.add_members(ids, spare, Content::RaidSpare(id));
        self.check_raid(id, level)?;
        Ok(Made::Place(place))
    }

    fn make_bcache(
        &mut self,
        ids: &mut dyn NewIds,
        entry: &Entry,
        progress: &Progress,
        (backing, cache_set, mode): (&String, CacheSetId, CacheMode),
    ) -> Result<Made, StorageError> {
        let backing = self.free_members(ids, progress, std::slice::from_ref(backing))?;
        let Some(backing) = backing.first().copied() else {
            return Err(StorageError::NotFound("BlockDevice"));
        };
        self.check_backing(backing)?;
        self.check_group_name(&entry.name, None)?;
        let group = self.put_bcache(ids, entry.name.clone(), (cache_set, mode), backing);
        let device = self.group(group).and_then(|group| group.device()).map(|device| device.id);
        device
            .map_or(Err(StorageError::NotFound("Bcache")), |id| Ok(Made::Place(Place::Device(id))))
    }

    /// The cache set on a device, which several cached devices may share.
    fn cache_set_on(
        &mut self,
        ids: &mut dyn NewIds,
        progress: &mut Progress,
        cache: &String,
    ) -> Result<CacheSetId, StorageError> {
        if let Some(known) = progress.cache_sets.get(cache) {
            return Ok(*known);
        }
        let places = self.free_members(ids, progress, std::slice::from_ref(cache))?;
        let place = places.first().copied().ok_or(StorageError::NotFound("BlockDevice"))?;
        let made = self.put_cache_set(ids, place);
        progress.cache_sets.insert(cache.clone(), made);
        Ok(made)
    }

    /// Devices and partitions by their names, on which nothing is. The disk that is booted from is partitioned.
    fn free_members(
        &mut self,
        ids: &mut dyn NewIds,
        progress: &Progress,
        names: &[String],
    ) -> Result<Vec<Place>, StorageError> {
        let mut places = Vec::new();
        for name in names {
            let Some(Made::Place(place)) = progress.made.get(name).copied() else {
                return Err(StorageError::text(format!("'{name}' is no device")));
            };
            if !self.is_free(place) || places.contains(&place) {
                let used = self.used_for(place);
                return Err(StorageError::text(format!("'{name}' is in use already: {used}")));
            }
            places.push(place);
        }
        self.partition_boot_disk(ids, &places)
    }

    fn make_filesystem(
        &mut self,
        ids: &mut dyn NewIds,
        entry: &Entry,
        made: Made,
    ) -> Result<(), StorageError> {
        let Some(fs) = entry.fs else { return Ok(()) };
        let mount = entry.mount.as_ref().map(|(point, options)| NewMount {
            point: Some(point.clone()),
            options: Some(options.clone()),
        });
        match (made, mount) {
            (Made::Place(place), mount) => {
                let fstype = Some(fs.name().to_owned());
                self.format(ids, place, &NewFilesystem { fstype, ..NewFilesystem::default() })?;
                mount.map_or(Ok(()), |mount| self.mount(place, &mount))
            }
            (Made::Nothing, Some(mount)) => self.mount_special(ids, Some(fs.name()), &mount),
            (Made::Nothing, None) | (Made::Group(_), _) => Ok(()),
        }
    }
}

impl Progress {
    fn device(&self, name: &str) -> Result<BlockDeviceId, StorageError> {
        match self.made.get(name) {
            Some(Made::Place(Place::Device(id))) => Ok(*id),
            Some(Made::Place(Place::Partition(_)) | Made::Group(_) | Made::Nothing) | None => {
                Err(StorageError::NotFound("BlockDevice"))
            }
        }
    }
}
