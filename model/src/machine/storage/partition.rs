//! Partition tables and partitions: made, numbered and removed.

use crate::id::{BlockDeviceId, PartitionId};
use crate::machine::storage::config::{
    Content, Group, LayoutName, Partition, PartitionTable, Place, TableType,
};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::vmfs::vmfs_partitions;
use crate::machine::storage::{Drives, StorageError, naming, size};

/// A partition that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewPartition {
    /// Its size; what is left of the device when absent.
    pub size: Option<String>,
    /// Its UUID.
    pub uuid: Option<String>,
    /// Whether it is marked for booting.
    pub bootable: bool,
}

/// A partition that is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its size; what is left of the device when absent.
    pub(super) size: Option<u64>,
    /// Its UUID, if it was chosen.
    pub(super) uuid: Option<String>,
    /// Whether it is marked for booting.
    pub(super) bootable: bool,
}

impl Drives {
    /// Makes a partition.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_partition(
        &mut self,
        ids: &mut dyn NewIds,
        device: BlockDeviceId,
        wanted: &NewPartition,
    ) -> Result<PartitionId, StorageError> {
        let mut wrong = Wrong::new();
        let whole = self.size(Place::Device(device));
        let text = wanted.size.as_deref().filter(|text| !text.is_empty());
        let read = text.map(|text| size::parse(text, Some(size::PARTITION_MIN), Some(whole)));
        let size = wrong.take("size", read.transpose()).flatten();
        let uuid = wrong.take("uuid", naming::uuid(wanted.uuid.as_deref())).flatten();
        wrong.finish()?;
        self.add_partition(ids, device, Cut { size, uuid, bootable: wanted.bootable })
    }

    /// A partition that takes the whole device, which has no table yet.
    pub(super) fn fill_with_partition(
        &mut self,
        ids: &mut dyn NewIds,
        device: BlockDeviceId,
    ) -> Result<Place, StorageError> {
        self.add_partition(ids, device, Cut::default()).map(Place::Partition)
    }

    pub(super) fn add_partition(
        &mut self,
        ids: &mut dyn NewIds,
        device: BlockDeviceId,
        cut: Cut,
    ) -> Result<PartitionId, StorageError> {
        self.check_table(device)?;
        let kind = self.table_kind(device);
        let available = self.available_size(device);
        let most = match kind {
            TableType::Gpt => available,
            TableType::Mbr => available.min(size::MBR_PARTITION_MAX),
        };
        let size = size::aligned(cut.size.unwrap_or(most));
        if size < size::PARTITION_MIN {
            let message =
                format!("Ensure this value is greater than or equal to {}.", size::PARTITION_MIN);
            return Err(StorageError::field("size", message));
        }
        if available < size {
            let message = "Partition cannot be saved; not enough free space on the block device.";
            return Err(StorageError::field("size", message));
        }
        if kind == TableType::Mbr && size > size::MBR_PARTITION_MAX {
            let message = "Partition cannot be saved; size is larger than the MBR 2TiB maximum.";
            return Err(StorageError::field("size", message));
        }
        let partition = Partition {
            id: ids.partition(),
            number: self.next_number(device, kind),
            size_bytes: size,
            uuid: cut.uuid.or_else(|| ids.uuid()),
            bootable: cut.bootable,
            tags: Vec::new(),
        };
        let id = partition.id;
        self.table_for(device).partitions.push(partition);
        Ok(id)
    }

    /// Whether a device has a partition table, or can have one.
    fn check_table(&self, device: BlockDeviceId) -> Result<(), StorageError> {
        let Some(found) = self.device(device) else {
            return Err(StorageError::NotFound("BlockDevice"));
        };
        if let Some(message) = found.no_table() {
            return Err(StorageError::field("block_device", message));
        }
        if self.filesystem(Place::Device(device)).is_some() {
            let used = self.used_for(Place::Device(device));
            let message = format!("Cannot create a partition on a block device in use: {used}.");
            return Err(StorageError::all(message));
        }
        Ok(())
    }

    /// The table of a device; a GPT where there was none.
    pub(super) fn table_for(&mut self, device: BlockDeviceId) -> &mut PartitionTable {
        let tables = &mut self.storage.tables;
        let known = tables.iter().position(|table| table.device == device);
        let position = known.unwrap_or_else(|| {
            let kind = TableType::Gpt;
            tables.push(PartitionTable { device, kind, partitions: Vec::new() });
            tables.len() - 1
        });
        &mut tables[position]
    }

    /// The number that a table begins with: where something of the firmware's stands before it, 2.
    fn first_number(&self, device: BlockDeviceId, kind: TableType) -> u32 {
        let is_disk = self.disks.iter().any(|disk| disk.id == device);
        let bios_grub = self.platform.needs_bios_grub() && is_disk;
        let prep = self.platform.needs_prep() && self.is_boot_disk(device);
        if kind == TableType::Gpt && (bios_grub || prep) { 2 } else { 1 }
    }

    fn next_number(&self, device: BlockDeviceId, kind: TableType) -> u32 {
        let numbers = self.partitions(device).iter().map(|partition| partition.number);
        match numbers.max() {
            None => self.first_number(device, kind),
            Some(last) => following(last, kind),
        }
    }

    /// Removes a partition of a device; those behind it move up.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn delete_partition(
        &mut self,
        device: BlockDeviceId,
        id: PartitionId,
    ) -> Result<(), StorageError> {
        let not_found = || StorageError::NotFound("Partition");
        let (table, partition) = self.partition(id).ok_or_else(not_found)?;
        if table.device != device {
            return Err(not_found());
        }
        let (kind, number) = (table.kind, partition.number);
        self.check_unused(Place::Partition(id), "partition")?;
        if self.is_vmfs_partition(id) {
            return Err(StorageError::text(
                "VMware ESXi partitions may not be removed. To remove select a different storage \
                 layout.",
            ));
        }
        self.storage.filesystems.retain(|filesystem| filesystem.on != Place::Partition(id));
        let partitions = &mut self.table_for(device).partitions;
        partitions.retain(|partition| partition.id != id);
        let mut next = number;
        for partition in partitions.iter_mut().filter(|partition| partition.number > number) {
            partition.number = next;
            next = following(next, kind);
        }
        Ok(())
    }

    /// Numbers the partitions of a table anew, for another kind of table.
    pub(super) fn change_table(
        &mut self,
        device: BlockDeviceId,
        kind: TableType,
    ) -> Result<(), StorageError> {
        let large = self
            .partitions(device)
            .iter()
            .find(|found| kind == TableType::Mbr && found.size_bytes > size::MBR_PARTITION_MAX);
        if let Some(partition) = large {
            let message = format!(
                "Partition {} cannot be resized to fit on the block device; size is larger than \
                 the MBR 2TiB maximum.",
                partition.id
            );
            return Err(StorageError::field("size", message));
        }
        if let Some(last) = self.partitions(device).last()
            && self.table_used(device) > self.size_in(device, kind)
        {
            let message = format!(
                "Partition {} cannot be resized to fit on the block device; it would be beyond what \
                 an MBR can tell of.",
                last.id
            );
            return Err(StorageError::field("size", message));
        }
        let mut next = self.first_number(device, kind);
        let table = self.table_for(device);
        table.kind = kind;
        for partition in &mut table.partitions {
            partition.number = next;
            next = following(next, kind);
        }
        Ok(())
    }

    /// Marks a partition with a tag, or takes it off.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    pub fn tag_partition(
        &mut self,
        id: PartitionId,
        tag: &str,
        marked: bool,
    ) -> Result<(), StorageError> {
        let mut partitions = self.storage.tables.iter_mut().flat_map(|table| &mut table.partitions);
        let found = partitions.find(|partition| partition.id == id);
        let found = found.ok_or(StorageError::NotFound("Partition"))?;
        set_tag(&mut found.tags, tag, marked);
        Ok(())
    }

    /// That nothing is made of a device or partition.
    pub(super) fn check_unused(&self, place: Place, what: &str) -> Result<(), StorageError> {
        let Some(filesystem) = self.filesystem(place) else { return Ok(()) };
        let of = match filesystem.content {
            Content::Formatted(_) => return Ok(()),
            Content::BcacheCache(_) => "cache set",
            Content::PhysicalVolume(id)
            | Content::RaidMember(id)
            | Content::RaidSpare(id)
            | Content::BcacheBacking(id)
            | Content::VmfsExtent(id) => self.group(id).map_or("group", Group::nice_name),
        };
        Err(StorageError::text(format!("Cannot delete {what} because its part of a {of}.")))
    }

    /// Whether a partition is one that an image of `ESXi` brings along.
    #[must_use]
    pub fn is_vmfs_partition(&self, id: PartitionId) -> bool {
        let Some((table, partition)) = self.partition(id) else { return false };
        let last = match self.vmfs_layout(table) {
            Some(LayoutName::Vmfs6) => 9,
            // The datastore is behind what the image has.
            Some(LayoutName::Vmfs7) => 7,
            Some(
                LayoutName::Flat
                | LayoutName::Lvm
                | LayoutName::Bcache
                | LayoutName::Custom
                | LayoutName::Blank,
            )
            | None => return false,
        };
        partition.number <= last
    }

    /// The layout of `ESXi` that a table has.
    #[must_use]
    pub fn vmfs_layout(&self, table: &PartitionTable) -> Option<LayoutName> {
        let applied = self.storage.layout?;
        let base = vmfs_partitions(applied)?;
        let is_base = base.len() <= table.partitions.len()
            && base.iter().zip(&table.partitions).all(|(base, found)| {
                let is_size = base.size_bytes == 0 || base.size_bytes == found.size_bytes;
                is_size && base.number == found.number
            });
        (table.kind == TableType::Gpt && is_base).then_some(applied)
    }
}

/// Marks with a tag, or takes it off.
pub(super) fn set_tag(tags: &mut Vec<String>, tag: &str, marked: bool) {
    let has = tags.iter().any(|known| known == tag);
    if marked && !has {
        tags.push(tag.to_owned());
    } else if !marked {
        tags.retain(|known| known != tag);
    }
}

/// The number behind a number. The fourth of a master boot record has the extended partition.
const fn following(number: u32, kind: TableType) -> u32 {
    match (kind, number) {
        (TableType::Mbr, 3) => 5,
        (TableType::Gpt | TableType::Mbr, _) => number + 1,
    }
}
