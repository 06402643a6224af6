//! Volume groups of LVM and their logical volumes.

use crate::id::{BlockDeviceId, StorageGroupId};
use crate::machine::storage::config::{Content, GroupKind, LogicalVolume, Place, VirtualDevice};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::group::{Changes, GroupChange};
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::{Drives, StorageError, naming, size};

/// A volume group, or a datastore, that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Block devices that it is made of.
    pub block_devices: Vec<String>,
    /// Partitions that it is made of.
    pub partitions: Vec<String>,
}

/// A logical volume that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewVolume {
    /// Its name.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its size; what is left of the group when absent.
    pub size: Option<String>,
}

/// What of a new group was understood.
pub(super) struct ReadGroup {
    pub(super) name: String,
    pub(super) uuid: Option<String>,
    pub(super) places: Vec<Place>,
}

impl Drives {
    /// Makes a volume group.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_volume_group(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &NewGroup,
    ) -> Result<StorageGroupId, StorageError> {
        let ReadGroup { name, uuid, places } = self.read_group(wanted, Wrong::new())?;
        let places = self.partition_boot_disk(ids, &places)?;
        Ok(self.put_volume_group(ids, name, uuid, &places))
    }

    pub(super) fn put_volume_group(
        &mut self,
        ids: &mut dyn NewIds,
        name: String,
        uuid: Option<String>,
        places: &[Place],
    ) -> StorageGroupId {
        let kind = GroupKind::VolumeGroup { volumes: Vec::new() };
        let id = self.push_group(ids, name, uuid, kind);
        self.add_members(ids, places, Content::PhysicalVolume(id));
        id
    }

    /// Reads a group that is asked for.
    pub(super) fn read_group(
        &self,
        wanted: &NewGroup,
        mut wrong: Wrong,
    ) -> Result<ReadGroup, StorageError> {
        let text = wanted.name.as_deref().unwrap_or_default();
        let name = wrong.take("name", naming::device_name(text));
        let uuid = wrong.take("uuid", naming::uuid(wanted.uuid.as_deref())).flatten();
        let devices = ("block_devices", wanted.block_devices.as_slice());
        let places = self.free_ones(&mut wrong, devices, ("partitions", &wanted.partitions));
        let has_wrong_members = wrong.has("block_devices") || wrong.has("partitions");
        if name.is_some() && places.is_empty() && !has_wrong_members {
            wrong.add("__all__", "At least one valid block device or partition is required.");
        }
        wrong.finish()?;
        let name = name.unwrap_or_default();
        self.check_group_name(&name, None)?;
        Ok(ReadGroup { name, uuid, places })
    }

    /// Changes a volume group.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_volume_group(
        &mut self,
        ids: &mut dyn NewIds,
        id: StorageGroupId,
        wanted: &GroupChange,
    ) -> Result<(), StorageError> {
        let Changes { name, uuid, add, remove } = self.changes(id, wanted)?;
        self.remove_members(id, &remove);
        let add = self.partition_boot_disk(ids, &add)?;
        self.add_members(ids, &add, Content::PhysicalVolume(id));
        self.rename(id, name, uuid)?;
        self.check()
    }

    /// Makes a logical volume.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_volume(
        &mut self,
        ids: &mut dyn NewIds,
        group: StorageGroupId,
        wanted: &NewVolume,
    ) -> Result<BlockDeviceId, StorageError> {
        let found = self.group(group).ok_or(StorageError::NotFound("VolumeGroup"))?;
        let (free, group_name) = (self.free(found), found.name.clone());
        let mut wrong = Wrong::new();
        let name = wanted.name.as_deref().unwrap_or_default();
        let name = wrong.take("name", naming::device_name(name));
        let uuid = wrong.take("uuid", naming::uuid(wanted.uuid.as_deref())).flatten();
        if free < size::DEVICE_MIN {
            let message = format!(
                "Volume group ({group_name}) cannot hold any more logical volumes, because it \
                 doesn't have enough free space."
            );
            wrong.add("__all__", message);
        }
        let text = wanted.size.as_deref().filter(|text| !text.is_empty());
        let bounds = (free >= size::DEVICE_MIN).then_some((size::DEVICE_MIN, free));
        let read = text.zip(bounds);
        let read = read.map(|(text, (min, max))| size::parse(text, Some(min), Some(max)));
        let size = wrong.take("size", read.transpose()).flatten().unwrap_or(free);
        wrong.finish()?;
        self.put_volume(ids, group, (name.unwrap_or_default(), size), uuid)
    }

    pub(super) fn put_volume(
        &mut self,
        ids: &mut dyn NewIds,
        group: StorageGroupId,
        (name, size_bytes): (String, u64),
        uuid: Option<String>,
    ) -> Result<BlockDeviceId, StorageError> {
        self.check_name(&name, None)?;
        let found = self.group(group).ok_or(StorageError::NotFound("VolumeGroup"))?;
        let size_bytes = size::aligned(size_bytes);
        let free = self.free(found);
        self.check_volume_size(&found.name, size_bytes, free)?;
        let uuid = uuid.or_else(|| ids.uuid());
        let device = VirtualDevice { id: ids.block_device(), uuid, tags: Vec::new() };
        let id = device.id;
        if let GroupKind::VolumeGroup { volumes } = &mut self.group_mut(group)?.kind {
            volumes.push(LogicalVolume { name, size_bytes, device });
        }
        Ok(id)
    }

    /// That a size fits in what is free of a group.
    pub(super) fn check_volume_size(
        &self,
        group: &str,
        size_bytes: u64,
        free: u64,
    ) -> Result<(), StorageError> {
        if size_bytes <= free {
            return Ok(());
        }
        let size = size::human(size_bytes);
        let message = format!("There is not enough free space ({size}) on volume group {group}.");
        Err(StorageError::all(message))
    }

    /// Removes a logical volume of a group; nothing when it has none with that id.
    ///
    /// # Errors
    /// [`StorageError::Text`] where something is made of it.
    pub fn delete_volume(
        &mut self,
        group: StorageGroupId,
        volume: BlockDeviceId,
    ) -> Result<(), StorageError> {
        let found = self.group(group).ok_or(StorageError::NotFound("VolumeGroup"))?;
        if !found.volumes().iter().any(|known| known.device.id == volume) {
            return Ok(());
        }
        self.clear_device(volume)?;
        if let GroupKind::VolumeGroup { volumes } = &mut self.group_mut(group)?.kind {
            volumes.retain(|known| known.device.id != volume);
        }
        Ok(())
    }
}
