//! What all groups have in common: members that are chosen, added and removed, and an end.

use crate::id::{BlockDeviceId, StorageGroupId};
use crate::machine::storage::config::{Content, Group, GroupKind, Place, VirtualDevice};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::naming::Kind;
use crate::machine::storage::{Drives, StorageError, naming};

/// Changes of a group, as they were sent; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Block devices that become members.
    pub add_block_devices: Vec<String>,
    /// Partitions that do.
    pub add_partitions: Vec<String>,
    /// Block devices that are members no longer.
    pub remove_block_devices: Vec<String>,
    /// Partitions that are not.
    pub remove_partitions: Vec<String>,
}

/// What of a group is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) name: Option<String>,
    pub(super) uuid: Option<String>,
    pub(super) add: Vec<Place>,
    pub(super) remove: Vec<Place>,
}

impl Drives {
    /// Free devices and partitions that fields name.
    pub(super) fn free_ones(
        &self,
        wrong: &mut Wrong,
        devices: (&str, &[String]),
        partitions: (&str, &[String]),
    ) -> Vec<Place> {
        let mut chosen = self.chosen(wrong, devices, Kind::Device, |place| self.is_free(place));
        let more = self.chosen(wrong, partitions, Kind::Partition, |place| self.is_free(place));
        chosen.extend(more);
        chosen
    }

    /// Members of a group that fields name.
    pub(super) fn members_named(
        &self,
        wrong: &mut Wrong,
        group: StorageGroupId,
        devices: (&str, &[String]),
        partitions: (&str, &[String]),
    ) -> Vec<Place> {
        let is_member = |place: Place| self.members(group).any(|member| member.on == place);
        let mut chosen = self.chosen(wrong, devices, Kind::Device, is_member);
        chosen.extend(self.chosen(wrong, partitions, Kind::Partition, is_member));
        chosen
    }

    /// Reads the changes of a group.
    pub(super) fn changes(
        &self,
        group: StorageGroupId,
        wanted: &GroupChange,
    ) -> Result<Changes, StorageError> {
        let mut wrong = Wrong::new();
        let (name, uuid) =
            self.renaming(&mut wrong, wanted.name.as_deref(), wanted.uuid.as_deref());
        let devices = ("add_block_devices", wanted.add_block_devices.as_slice());
        let partitions = ("add_partitions", wanted.add_partitions.as_slice());
        let add = self.free_ones(&mut wrong, devices, partitions);
        self.refuse_own(&mut wrong, "add_block_devices", group, &add);
        let devices = ("remove_block_devices", wanted.remove_block_devices.as_slice());
        let partitions = ("remove_partitions", wanted.remove_partitions.as_slice());
        let remove = self.members_named(&mut wrong, group, devices, partitions);
        wrong.finish()?;
        Ok(Changes { name, uuid, add, remove })
    }

    /// Another name and UUID, where they were sent.
    pub(super) fn renaming(
        &self,
        wrong: &mut Wrong,
        name: Option<&str>,
        uuid: Option<&str>,
    ) -> (Option<String>, Option<String>) {
        let name = name.filter(|name| !name.is_empty()).map(naming::device_name);
        let name = wrong.take("name", name.transpose()).flatten();
        let uuid = wrong.take("uuid", naming::uuid(uuid)).flatten();
        (name, uuid)
    }

    /// Nothing is made of itself.
    pub(super) fn refuse_own(
        &self,
        wrong: &mut Wrong,
        field: &str,
        group: StorageGroupId,
        places: &[Place],
    ) {
        for place in places.iter().filter(|place| self.is_made_of(**place, group)) {
            wrong.add(field, naming::no_choice(&self.name(*place)));
        }
    }

    /// A disk that firmware boots from is partitioned where it would become a member.
    pub(super) fn partition_boot_disk(
        &mut self,
        ids: &mut dyn NewIds,
        places: &[Place],
    ) -> Result<Vec<Place>, StorageError> {
        let mut members = Vec::new();
        for place in places {
            members.push(match place {
                Place::Device(id) if self.is_boot_disk(*id) => {
                    self.fill_with_partition(ids, *id)?
                }
                Place::Device(_) | Place::Partition(_) => *place,
            });
        }
        Ok(members)
    }

    /// Every device is partitioned where it would become a member.
    pub(super) fn partition_all(
        &mut self,
        ids: &mut dyn NewIds,
        places: &[Place],
    ) -> Result<Vec<Place>, StorageError> {
        let mut members = Vec::new();
        for place in places {
            members.push(match place {
                Place::Device(id) => self.fill_with_partition(ids, *id)?,
                Place::Partition(_) => *place,
            });
        }
        Ok(members)
    }

    pub(super) fn add_members(&mut self, ids: &mut dyn NewIds, places: &[Place], content: Content) {
        for place in places {
            self.put_filesystem(ids, *place, content, None);
        }
    }

    pub(super) fn remove_members(&mut self, group: StorageGroupId, places: &[Place]) {
        self.storage
            .filesystems
            .retain(|found| found.content.group() != Some(group) || !places.contains(&found.on));
    }

    pub(super) fn push_group(
        &mut self,
        ids: &mut dyn NewIds,
        name: String,
        uuid: Option<String>,
        kind: GroupKind,
    ) -> StorageGroupId {
        let id = ids.group();
        let uuid = uuid.or_else(|| ids.uuid());
        self.storage.groups.push(Group { id, uuid, name, kind });
        id
    }

    /// Gives a group another name and UUID.
    pub(super) fn rename(
        &mut self,
        id: StorageGroupId,
        name: Option<String>,
        uuid: Option<String>,
    ) -> Result<(), StorageError> {
        if let Some(name) = &name {
            self.check_group_name(name, Some(id))?;
        }
        let group = self.group_mut(id)?;
        group.name = name.unwrap_or_else(|| group.name.clone());
        group.uuid = uuid.or_else(|| group.uuid.take());
        Ok(())
    }

    /// That no other group and no block device has a name.
    pub(super) fn check_group_name(
        &self,
        name: &str,
        own: Option<StorageGroupId>,
    ) -> Result<(), StorageError> {
        let mut groups = self.storage.groups.iter();
        if groups.any(|group| group.name == name && Some(group.id) != own) {
            let message = format!("Another group of this machine is named {name} already.");
            return Err(StorageError::field("name", message));
        }
        let device = own.and_then(|id| self.group(id)?.device()).map(|device| device.id);
        self.check_name(name, device)
    }

    pub(super) fn group_mut(&mut self, id: StorageGroupId) -> Result<&mut Group, StorageError> {
        let mut groups = self.storage.groups.iter_mut();
        groups.find(|group| group.id == id).ok_or(StorageError::NotFound("FilesystemGroup"))
    }

    /// Takes a group apart: its members are free, and what was made of it is gone.
    ///
    /// # Errors
    /// [`StorageError::Text`] in MAAS's words.
    pub fn delete_group(&mut self, id: StorageGroupId) -> Result<(), StorageError> {
        let group = self.group(id).ok_or(StorageError::NotFound("FilesystemGroup"))?;
        if !group.volumes().is_empty() {
            return Err(StorageError::text(
                "This volume group has logical volumes; it cannot be deleted.",
            ));
        }
        let devices: Vec<BlockDeviceId> = group.devices().map(|device| device.id).collect();
        for device in devices {
            self.clear_device(device)?;
        }
        self.storage.filesystems.retain(|found| found.content.group() != Some(id));
        self.storage.groups.retain(|group| group.id != id);
        Ok(())
    }

    /// Takes everything off a device, of which nothing is made.
    pub(super) fn clear_device(&mut self, device: BlockDeviceId) -> Result<(), StorageError> {
        let partitions = self.partitions(device).iter().map(|found| Place::Partition(found.id));
        let places: Vec<Place> = partitions.chain([Place::Device(device)]).collect();
        for place in &places {
            self.check_unused(*place, "block device")?;
        }
        self.storage.filesystems.retain(|found| !places.contains(&found.on));
        self.storage.tables.retain(|table| table.device != device);
        Ok(())
    }

    /// A device that a group will be.
    pub(super) fn new_device(ids: &mut dyn NewIds) -> VirtualDevice {
        VirtualDevice { id: ids.block_device(), uuid: ids.uuid(), tags: Vec::new() }
    }

    /// That what is made fits in what it is made of, and everything has members.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        for group in &self.storage.groups {
            if self.members(group.id).next().is_none() {
                let message = "At least one filesystem must have been added.";
                return Err(StorageError::all(message));
            }
            if self.group_size(group) < self.allocated(group) {
                let message = "Volume group cannot be smaller than its logical volumes.";
                return Err(StorageError::text(message));
            }
        }
        for table in &self.storage.tables {
            let size = self.size(Place::Device(table.device));
            if let Some(last) = table.partitions.last()
                && size < self.table_used(table.device)
            {
                let message = format!(
                    "Partition {} cannot be resized to fit on the block device; not enough free \
                     space.",
                    last.id
                );
                return Err(StorageError::field("size", message));
            }
        }
        Ok(())
    }
}
