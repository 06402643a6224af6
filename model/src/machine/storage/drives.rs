//! The disks of a machine beside what is made of them, and what follows from both: sizes, names, and what is used.

use crate::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};
use crate::machine::Machine;
use crate::machine::disk::BlockDevice;
use crate::machine::storage::config::{
    Content, Filesystem, Group, GroupKind, Partition, PartitionTable, Place, RaidLevel, Storage,
    TableType,
};
use crate::machine::storage::device::Device;
use crate::machine::storage::platform::Platform;
use crate::machine::storage::{StorageError, size};

/// The disks of a machine and what is made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drives {
    /// The disks that are there.
    pub disks: Vec<BlockDevice>,
    /// What is made of them.
    pub storage: Storage,
    /// What its start asks of them.
    pub platform: Platform,
    /// The NUMA nodes that disks can be at.
    pub numa_nodes: Vec<u32>,
}

impl Drives {
    /// Those of a machine.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self {
            disks: machine.block_devices.clone(),
            storage: machine.storage.clone(),
            platform: Platform::of(&machine.hardware),
            numa_nodes: machine.hardware.numa_nodes.iter().map(|node| node.index).collect(),
        }
    }

    /// Gives them back to their machine.
    pub fn put_into(self, machine: &mut Machine) {
        machine.block_devices = self.disks;
        machine.storage = self.storage;
    }

    /// Makes a change as a whole or not at all: where it is refused, nothing of it stays. Afterwards no two devices,
    /// partitions or groups are shown by one name.
    ///
    /// # Errors
    /// Those of the change.
    pub fn change<T>(
        &mut self,
        make: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut next = self.clone();
        let made = make(&mut next)?;
        next.check_names()?;
        *self = next;
        Ok(made)
    }

    /// Whether the machine has a NUMA node; one that told of none has the first.
    #[must_use]
    pub fn has_numa_node(&self, node: u32) -> bool {
        node == 0 || self.numa_nodes.contains(&node)
    }

    /// The disk that firmware boots from.
    #[must_use]
    pub fn boot_disk(&self) -> Option<&BlockDevice> {
        self.disks.iter().find(|disk| disk.boot).or_else(|| self.disks.first())
    }

    /// Whether a device is the disk that firmware boots from.
    #[must_use]
    pub fn is_boot_disk(&self, device: BlockDeviceId) -> bool {
        self.boot_disk().is_some_and(|disk| disk.id == device)
    }

    /// All block devices: disks, and then what is made, in the order of their ids.
    #[must_use]
    pub fn devices(&self) -> Vec<Device<'_>> {
        let mut made: Vec<Device<'_>> = self.storage.groups.iter().flat_map(made_of).collect();
        made.sort_by_key(|device| device.id());
        self.disks.iter().map(Device::Physical).chain(made).collect()
    }

    /// A block device.
    #[must_use]
    pub fn device(&self, id: BlockDeviceId) -> Option<Device<'_>> {
        let disk = self.disks.iter().find(|disk| disk.id == id).map(Device::Physical);
        let made = || self.storage.groups.iter().flat_map(made_of).find(|made| made.id() == id);
        disk.or_else(made)
    }

    /// The partition table of a device.
    #[must_use]
    pub fn table(&self, device: BlockDeviceId) -> Option<&PartitionTable> {
        self.storage.tables.iter().find(|table| table.device == device)
    }

    /// The partitions of a device.
    #[must_use]
    pub fn partitions(&self, device: BlockDeviceId) -> &[Partition] {
        self.table(device).map_or(&[], |table| &table.partitions)
    }

    /// A partition with its table.
    #[must_use]
    pub fn partition(&self, id: PartitionId) -> Option<(&PartitionTable, &Partition)> {
        self.storage.tables.iter().find_map(|table| {
            let found = table.partitions.iter().find(|partition| partition.id == id)?;
            Some((table, found))
        })
    }

    /// What is on a device or partition.
    #[must_use]
    pub fn filesystem(&self, place: Place) -> Option<&Filesystem> {
        self.storage.filesystems.iter().find(|filesystem| filesystem.on == place)
    }

    /// A group.
    #[must_use]
    pub fn group(&self, id: StorageGroupId) -> Option<&Group> {
        self.storage.groups.iter().find(|group| group.id == id)
    }

    /// What makes devices and partitions members of a group.
    pub fn members(&self, group: StorageGroupId) -> impl Iterator<Item = &Filesystem> {
        let filesystems = self.storage.filesystems.iter();
        filesystems.filter(move |filesystem| filesystem.content.group() == Some(group))
    }

    /// Where the data of a cached device is.
    #[must_use]
    pub fn backing(&self, group: StorageGroupId) -> Option<Place> {
        self.members(group).next().map(|member| member.on)
    }

    /// What a cache set is on.
    #[must_use]
    pub fn cache_place(&self, cache_set: CacheSetId) -> Option<Place> {
        let mut filesystems = self.storage.filesystems.iter();
        let found = filesystems.find(|found| found.content == Content::BcacheCache(cache_set));
        found.map(|found| found.on)
    }

    /// The size of a device or partition in bytes.
    #[must_use]
    pub fn size(&self, place: Place) -> u64 {
        match place {
            Place::Partition(id) => self.partition(id).map_or(0, |(_, found)| found.size_bytes),
            Place::Device(id) => match self.device(id) {
                None => 0,
                Some(Device::Physical(disk)) => disk.size_bytes,
                Some(Device::Volume(_, volume)) => volume.size_bytes,
                Some(Device::Virtual(group, _)) => self.group_size(group),
            },
        }
    }

    /// The size of a group in bytes.
    #[must_use]
    pub fn group_size(&self, group: &Group) -> u64 {
        let sizes: Vec<u64> = self.members(group.id).map(|member| self.size(member.on)).collect();
        let (count, total) = (sizes.len() as u64, sizes.iter().sum::<u64>());
        match group.kind {
            GroupKind::VolumeGroup { .. } => {
                // One extent of each member has LVM's headers.
                (total / size::EXTENT).saturating_sub(count) * size::EXTENT
            }
            GroupKind::Raid { level, .. } => {
                let is_active =
                    |member: &&Filesystem| matches!(member.content, Content::RaidMember(_));
                let active = self.members(group.id).filter(is_active).count() as u64;
                raid_size(level, &sizes, active)
            }
            GroupKind::Bcache { .. } | GroupKind::Vmfs { .. } => total,
        }
    }

    /// What logical volumes take of their group, in bytes.
    #[must_use]
    pub fn allocated(&self, group: &Group) -> u64 {
        group.volumes().iter().map(|volume| volume.size_bytes).sum()
    }

    /// What is left of a volume group, in bytes.
    #[must_use]
    pub fn free(&self, group: &Group) -> u64 {
        self.group_size(group).saturating_sub(self.allocated(group))
    }

    /// The logical block size of a device or partition in bytes.
    #[must_use]
    pub fn block_size(&self, place: Place) -> u32 {
        let device = match place {
            Place::Device(id) => id,
            Place::Partition(id) => match self.partition(id) {
                Some((table, _)) => table.device,
                None => return 0,
            },
        };
        match self.device(device) {
            None => 0,
            Some(Device::Physical(disk)) => disk.block_size_bytes,
            Some(Device::Volume(..)) => 4096,
            Some(Device::Virtual(group, _)) => match group.kind {
                GroupKind::Raid { .. } => 512,
                GroupKind::Vmfs { .. } => 1024,
                GroupKind::VolumeGroup { .. } => 4096,
                GroupKind::Bcache { .. } => {
                    self.backing(group.id).map_or(0, |backing| self.block_size(backing))
                }
            },
        }
    }

    /// What is used of a device or partition, in bytes.
    #[must_use]
    pub fn used_size(&self, place: Place) -> u64 {
        if self.filesystem(place).is_some() {
            return self.size(place);
        }
        match place {
            Place::Device(id) if self.table(id).is_some() => self.table_used(id),
            Place::Device(_) | Place::Partition(_) => 0,
        }
    }

    /// What is left of a device for partitions, in bytes.
    #[must_use]
    pub fn available_size(&self, device: BlockDeviceId) -> u64 {
        let place = Place::Device(device);
        if self.filesystem(place).is_some() {
            return 0;
        }
        size::aligned(self.usable_size(device).saturating_sub(self.table_used(device)))
    }

    /// What of a device its table can tell of, in bytes.
    pub(super) fn usable_size(&self, device: BlockDeviceId) -> u64 {
        self.size_in(device, self.table_kind(device))
    }

    /// What of a device a kind of table can tell of, in bytes.
    pub(super) fn size_in(&self, device: BlockDeviceId, kind: TableType) -> u64 {
        let place = Place::Device(device);
        let sector = u64::from(self.block_size(place)).max(size::BLOCK_MIN);
        match kind {
            TableType::Gpt => self.size(place),
            TableType::Mbr => self.size(place).min(size::MBR_SECTORS_MAX * sector),
        }
    }

    /// What a table and its partitions take.
    pub(super) fn table_used(&self, device: BlockDeviceId) -> u64 {
        let partitions = self.partitions(device).iter().map(|partition| partition.size_bytes);
        partitions.sum::<u64>() + self.platform.table_overhead()
    }

    /// The name that a device or partition is shown by.
    #[must_use]
    pub fn name(&self, place: Place) -> String {
        match place {
            Place::Device(id) => self.device(id).map(Device::name).unwrap_or_default(),
            Place::Partition(id) => {
                self.partition(id).map_or_else(String::new, |(table, found)| {
                    format!("{}-part{}", self.name(Place::Device(table.device)), found.number)
                })
            }
        }
    }

    /// The name of a cache set.
    #[must_use]
    pub fn cache_set_name(&self, id: CacheSetId) -> String {
        let position = self.storage.cache_sets.iter().position(|known| *known == id);
        format!("cache{}", position.unwrap_or_default())
    }

    /// What a device or partition is used for, in MAAS's words.
    #[must_use]
    pub fn used_for(&self, place: Place) -> String {
        let Some(filesystem) = self.filesystem(place) else {
            return match place {
                Place::Device(id) => self.table(id).map_or_else(unused, partitioned),
                Place::Partition(_) => unused(),
            };
        };
        let kind = filesystem.content.name();
        if let Some(mount) = &filesystem.mount {
            return format!("{kind} formatted filesystem mounted at {}", mount.point);
        }
        let named = |id: StorageGroupId| self.group(id).map_or("", |group| group.name.as_str());
        let level = |id: StorageGroupId| match self.group(id).map(|group| &group.kind) {
            Some(GroupKind::Raid { level, .. }) => level.name(),
            Some(
                GroupKind::VolumeGroup { .. } | GroupKind::Bcache { .. } | GroupKind::Vmfs { .. },
            )
            | None => "",
        };
        match filesystem.content {
            Content::Formatted(_) => format!("Unmounted {kind} formatted filesystem"),
            Content::PhysicalVolume(id) => format!("LVM volume for {}", named(id)),
            Content::RaidMember(id) => format!("Active {} device for {}", level(id), named(id)),
            Content::RaidSpare(id) => format!("Spare {} device for {}", level(id), named(id)),
            Content::BcacheBacking(id) => format!("Backing device for {}", named(id)),
            Content::BcacheCache(id) => format!("Cache device for {}", self.cache_set_name(id)),
            Content::VmfsExtent(id) => format!("VMFS extent for {}", named(id)),
        }
    }

    /// Whether nothing is on a device or partition, and it is not partitioned.
    #[must_use]
    pub fn is_free(&self, place: Place) -> bool {
        let is_partitioned = match place {
            Place::Device(id) => self.table(id).is_some(),
            Place::Partition(_) => false,
        };
        self.filesystem(place).is_none() && !is_partitioned
    }

    /// Whether a device or partition is made of a group, however far down.
    #[must_use]
    pub fn is_made_of(&self, place: Place, group: StorageGroupId) -> bool {
        let device = match place {
            Place::Device(id) => id,
            Place::Partition(id) => match self.partition(id) {
                Some((table, _)) => table.device,
                None => return false,
            },
        };
        let Some(of) = self.device(device).and_then(Device::group) else { return false };
        let cache = match of.kind {
            GroupKind::Bcache { cache_set, .. } => self.cache_place(cache_set),
            GroupKind::VolumeGroup { .. } | GroupKind::Raid { .. } | GroupKind::Vmfs { .. } => None,
        };
        let mut below = self.members(of.id).map(|member| member.on).chain(cache);
        of.id == group || below.any(|below| self.is_made_of(below, group))
    }

    /// The disks that a device or partition lies on.
    #[must_use]
    pub fn disks_below(&self, place: Place) -> Vec<BlockDeviceId> {
        let device = match place {
            Place::Device(id) => id,
            Place::Partition(id) => match self.partition(id) {
                Some((table, _)) => table.device,
                None => return Vec::new(),
            },
        };
        match self.device(device).and_then(Device::group) {
            None => vec![device],
            Some(group) => {
                self.members(group.id).flat_map(|member| self.disks_below(member.on)).collect()
            }
        }
    }

    /// The kind of a new table.
    #[must_use]
    pub fn table_kind(&self, device: BlockDeviceId) -> TableType {
        self.table(device).map_or(TableType::Gpt, |table| table.kind)
    }
}

fn made_of(group: &Group) -> impl Iterator<Item = Device<'_>> {
    let device = group.device().map(move |device| Device::Virtual(group, device));
    let volumes = group.volumes().iter().map(move |volume| Device::Volume(group, volume));
    device.into_iter().chain(volumes)
}

fn raid_size(level: RaidLevel, sizes: &[u64], active: u64) -> u64 {
    let (count, total) = (sizes.len() as u64, sizes.iter().sum::<u64>());
    let least = sizes.iter().copied().min().unwrap_or(0);
    match level {
        RaidLevel::Raid0 => total.saturating_sub(size::RAID_SUPERBLOCK * count),
        RaidLevel::Raid1 => least.saturating_sub(size::RAID_SUPERBLOCK),
        RaidLevel::Raid5 => {
            (least * active.saturating_sub(1)).saturating_sub(size::RAID_SUPERBLOCK)
        }
        RaidLevel::Raid6 => {
            (least * active.saturating_sub(2)).saturating_sub(size::RAID_SUPERBLOCK)
        }
        RaidLevel::Raid10 => (least * active / 2).saturating_sub(size::RAID_SUPERBLOCK),
    }
}

fn unused() -> String {
    "Unused".to_owned()
}

fn partitioned(table: &PartitionTable) -> String {
    let count = table.partitions.len();
    let plural = if count > 1 { "s" } else { "" };
    format!("{} partitioned with {count} partition{plural}", table.kind.name())
}
