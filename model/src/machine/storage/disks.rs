//! Block devices as they are edited: disks by hand, what is made as far as it can be, and the one that is booted from.

use crate::id::BlockDeviceId;
use crate::machine::disk::BlockDevice;
use crate::machine::storage::config::{Content, GroupKind, Place, TableType};
use crate::machine::storage::device::Device;
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::partition::set_tag;
use crate::machine::storage::{Drives, StorageError, naming, size};

/// A disk that is told by hand, or changes of a block device, as they were sent; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceChange {
    /// Its name.
    pub name: Option<String>,
    /// The vendor's model.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// A path that stays the same over boots.
    pub id_path: Option<String>,
    /// Its size.
    pub size: Option<String>,
    /// Its logical block size.
    pub block_size: Option<String>,
    /// The NUMA node that it is at.
    pub numa_node: Option<u32>,
    /// The UUID of what is made.
    pub uuid: Option<String>,
    /// The kind of its partition table.
    pub partition_table_type: Option<String>,
}

/// What of a change was understood.
struct Read {
    name: Option<String>,
    id_path: Option<String>,
    size: Option<u64>,
    block_size: Option<u32>,
}

impl DeviceChange {
    /// Whether it changes only what a disk that replaces another one is told apart by.
    #[must_use]
    pub fn is_of_identity(&self) -> bool {
        let of_more = [&self.size, &self.block_size, &self.uuid, &self.partition_table_type];
        self.numa_node.is_none() && of_more.iter().all(|field| field.is_none())
    }

    fn read(&self, wrong: &mut Wrong, drives: &Drives) -> Read {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = given(&self.name).map(|name| naming::device_name(&name));
        let id_path = given(&self.id_path).map(|path| naming::mount_point(Some(&path)));
        let sized = |text: &Option<String>, min| {
            given(text).map(|text| size::parse(&text, Some(min), None))
        };
        let (whole, block) =
            (sized(&self.size, size::DEVICE_MIN), sized(&self.block_size, size::BLOCK_MIN));
        let block = block.map(|read| {
            read.and_then(|bytes| u32::try_from(bytes).map_err(|_| size::NOT_VALID.to_owned()))
        });
        if self.numa_node.is_some_and(|node| !drives.has_numa_node(node)) {
            wrong.add("numa_node", "Invalid NUMA node");
        }
        Read {
            name: wrong.take("name", name.transpose()).flatten(),
            id_path: wrong.take("id_path", id_path.transpose()).flatten(),
            size: wrong.take("size", whole.transpose()).flatten(),
            block_size: wrong.take("block_size", block.transpose()).flatten(),
        }
    }
}

impl Drives {
    /// Adds a disk.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_disk(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &DeviceChange,
    ) -> Result<BlockDeviceId, StorageError> {
        let mut wrong = Wrong::new();
        let read = wanted.read(&mut wrong, self);
        let fields = [
            ("name", read.name.is_none()),
            ("size", read.size.is_none()),
            ("block_size", read.block_size.is_none()),
        ];
        for (field, is_missing) in fields {
            if is_missing && !wrong.has(field) {
                wrong.add(field, naming::REQUIRED);
            }
        }
        wrong.finish()?;
        let (Some(name), Some(size_bytes), Some(block_size_bytes)) =
            (read.name, read.size, read.block_size)
        else {
            return Err(StorageError::field("name", naming::REQUIRED));
        };
        self.check_name(&name, None)?;
        let disk = BlockDevice {
            id: ids.block_device(),
            name,
            id_path: read.id_path.unwrap_or_default(),
            model: wanted.model.clone().unwrap_or_default(),
            serial: wanted.serial.clone().unwrap_or_default(),
            size_bytes,
            block_size_bytes,
            tags: Vec::new(),
            boot: self.disks.is_empty(),
            numa_node: wanted.numa_node.unwrap_or(0),
        };
        check_identity(&disk)?;
        let id = disk.id;
        self.disks.push(disk);
        Ok(id)
    }

    /// Changes a block device.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_device(
        &mut self,
        id: BlockDeviceId,
        wanted: &DeviceChange,
    ) -> Result<(), StorageError> {
        let device = self.device(id).ok_or(StorageError::NotFound("BlockDevice"))?;
        let mut wrong = Wrong::new();
        let read = wanted.read(&mut wrong, self);
        let uuid = wrong.take("uuid", naming::uuid(wanted.uuid.as_deref())).flatten();
        let kind = wanted.partition_table_type.as_deref().filter(|kind| !kind.is_empty());
        let kind = kind.map(|kind| match TableType::of_name(kind) {
            None => Err(naming::no_choice(kind)),
            Some(_) if self.table(id).is_none() => {
                Err("Block device has no partition table".to_owned())
            }
            Some(kind) => Ok(kind),
        });
        let kind = wrong.take("partition_table_type", kind.transpose()).flatten();
        let size_changes = read.size.is_some_and(|size| size != self.size(Place::Device(id)));
        if matches!(device, Device::Virtual(..)) && size_changes {
            wrong.add("size", "Size cannot be changed on this device.");
        }
        let of_disks = [&wanted.model, &wanted.serial, &wanted.id_path, &wanted.block_size];
        if device.disk().is_none() && of_disks.iter().any(|field| field.is_some()) {
            wrong.add(
                "__all__",
                "Only disks have a model, a serial number, a path and a block size.",
            );
        }
        if device.disk().is_some() && uuid.is_some() {
            wrong.add("uuid", "Disks have no UUID: leave it out.");
        }
        if device.disk().is_none() && wanted.numa_node.is_some() {
            wrong.add("numa_node", "Only disks are at a NUMA node: leave it out.");
        }
        wrong.finish()?;
        if let Some(name) = &read.name {
            self.check_name(name, Some(id))?;
        }
        if let Some(kind) = kind.filter(|kind| *kind != self.table_kind(id)) {
            self.change_table(id, kind)?;
        }
        match self.disks.iter().position(|disk| disk.id == id) {
            Some(position) => {
                change_disk(&mut self.disks[position], wanted, read);
                let of_identity = [&wanted.model, &wanted.serial, &wanted.id_path];
                if of_identity.iter().any(|field| field.is_some()) {
                    check_identity(&self.disks[position])?;
                }
            }
            None => self.change_made(id, read, uuid)?,
        }
        self.check()
    }

    fn change_made(
        &mut self,
        id: BlockDeviceId,
        read: Read,
        uuid: Option<String>,
    ) -> Result<(), StorageError> {
        let of = self.device(id).and_then(Device::group);
        let group = of.ok_or(StorageError::NotFound("BlockDevice"))?;
        if let Some(size) = read.size.map(size::aligned) {
            let free = self.free(group) + self.size(Place::Device(id));
            self.check_volume_size(&group.name, size, free)?;
        }
        let group = group.id;
        let group = self.group_mut(group)?;
        if let GroupKind::VolumeGroup { volumes } = &mut group.kind {
            if let Some(volume) = volumes.iter_mut().find(|volume| volume.device.id == id) {
                volume.size_bytes = read.size.map_or(volume.size_bytes, size::aligned);
                volume.name = read.name.unwrap_or_else(|| volume.name.clone());
            }
        } else if let Some(name) = read.name {
            group.name = name;
        }
        for device in group.devices_mut().into_iter().filter(|device| device.id == id) {
            device.uuid = uuid.clone().or_else(|| device.uuid.take());
        }
        Ok(())
    }

    /// Removes a block device with all that is on it, unless something is made of it. A device that is a group goes with it.
    ///
    /// # Errors
    /// [`StorageError::Text`] in MAAS's words.
    pub fn delete_device(&mut self, id: BlockDeviceId) -> Result<(), StorageError> {
        match self.device(id).ok_or(StorageError::NotFound("BlockDevice"))? {
            Device::Virtual(group, _) => {
                let group = group.id;
                self.delete_group(group)
            }
            Device::Volume(group, _) => {
                let group = group.id;
                self.delete_volume(group, id)
            }
            Device::Physical(_) => {
                self.clear_device(id)?;
                self.disks.retain(|disk| disk.id != id);
                if !self.disks.iter().any(|disk| disk.boot)
                    && let Some(first) = self.disks.first_mut()
                {
                    first.boot = true;
                }
                Ok(())
            }
        }
    }

    /// Marks a block device with a tag, or takes it off.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    pub fn tag_device(
        &mut self,
        id: BlockDeviceId,
        tag: &str,
        marked: bool,
    ) -> Result<(), StorageError> {
        if let Some(disk) = self.disks.iter_mut().find(|disk| disk.id == id) {
            set_tag(&mut disk.tags, tag, marked);
            return Ok(());
        }
        let groups = self.storage.groups.iter_mut();
        let mut made = groups.flat_map(|group| group.devices_mut());
        let found = made.find(|device| device.id == id);
        let found = found.ok_or(StorageError::NotFound("BlockDevice"))?;
        set_tag(&mut found.tags, tag, marked);
        Ok(())
    }

    /// Has firmware boot from a disk. A file system right on it goes.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn set_boot_disk(&mut self, id: BlockDeviceId) -> Result<(), StorageError> {
        let device = self.device(id).ok_or(StorageError::NotFound("BlockDevice"))?;
        if device.disk().is_none() {
            let message = "Cannot set a virtual block device as the boot disk.";
            return Err(StorageError::text(message));
        }
        let place = Place::Device(id);
        if let Some(filesystem) = self.filesystem(place) {
            let group = filesystem.content.group().and_then(|group| self.group(group));
            let used = match (group, filesystem.content) {
                (Some(group), _) => Some(format!("{} '{}'", group.nice_name(), group.name)),
                (None, Content::BcacheCache(set)) => {
                    Some(format!("cache set '{}'", self.cache_set_name(set)))
                }
                (None, _) => None,
            };
            if let Some(used) = used {
                let message = format!("Cannot be set as the boot disk; already in-use in {used}.");
                return Err(StorageError::field("boot_disk", message));
            }
        }
        self.storage.filesystems.retain(|found| found.on != place);
        for disk in &mut self.disks {
            disk.boot = disk.id == id;
        }
        Ok(())
    }
}

fn change_disk(disk: &mut BlockDevice, wanted: &DeviceChange, read: Read) {
    disk.name = read.name.unwrap_or_else(|| disk.name.clone());
    disk.size_bytes = read.size.unwrap_or(disk.size_bytes);
    disk.block_size_bytes = read.block_size.unwrap_or(disk.block_size_bytes);
    disk.numa_node = wanted.numa_node.unwrap_or(disk.numa_node);
    if wanted.id_path.is_some() {
        disk.id_path = read.id_path.unwrap_or_default();
    }
    if let Some(model) = &wanted.model {
        disk.model.clone_from(model);
    }
    if let Some(serial) = &wanted.serial {
        disk.serial.clone_from(serial);
    }
}

/// That a disk can be found when a system is installed.
fn check_identity(disk: &BlockDevice) -> Result<(), StorageError> {
    if disk.id_path.is_empty() && (disk.model.is_empty() || disk.serial.is_empty()) {
        let message = "serial/model are required if id_path is not provided.";
        return Err(StorageError::all(message));
    }
    Ok(())
}
