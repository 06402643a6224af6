//! The layout of one machine given to another one: the same partitions and groups on disks that are as large at least.

use std::collections::BTreeMap;

use crate::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};
use crate::machine::disk::BlockDevice;
use crate::machine::storage::config::{
    Content, Filesystem, Group, GroupKind, LogicalVolume, Place, Special, Storage, VirtualDevice,
};
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::{Drives, size};

/// Which disk takes the place of which.
type Pairs = BTreeMap<BlockDeviceId, BlockDeviceId>;

/// New ids for old ones.
#[derive(Debug, Default)]
struct Renamed {
    devices: Pairs,
    partitions: BTreeMap<PartitionId, PartitionId>,
    groups: BTreeMap<StorageGroupId, StorageGroupId>,
    cache_sets: BTreeMap<CacheSetId, CacheSetId>,
}

impl Drives {
    /// Which disks of this machine take the place of those of another one, or why they cannot.
    fn pair_with(&self, source: &Self) -> Result<Pairs, String> {
        let (own, theirs) = (&self.platform, &source.platform);
        if own.architecture != theirs.architecture {
            return Err(format!(
                "node architectures don't match({} != {})",
                own.architecture, theirs.architecture
            ));
        }
        if own.firmware != theirs.firmware {
            return Err("node boot methods don't match".to_owned());
        }
        let Some(boot) = source.boot_disk() else { return Ok(Pairs::new()) };
        let to = self.boot_disk().ok_or("destination node has no boot disk")?;
        if to.size_bytes < boot.size_bytes {
            return Err(format!(
                "destination boot disk({}) is smaller than source boot disk({})",
                to.name, boot.name
            ));
        }
        let mut pairs = Pairs::from([(boot.id, to.id)]);
        let mut left: Vec<&BlockDevice> =
            self.disks.iter().filter(|disk| disk.id != to.id).collect();
        left.sort_by_key(|disk| disk.size_bytes);
        let mut others: Vec<&BlockDevice> =
            source.disks.iter().filter(|disk| disk.id != boot.id).collect();
        others.sort_by_key(|disk| std::cmp::Reverse(disk.size_bytes));
        let mut missing = Vec::new();
        for from in others {
            let is_large = |disk: &&BlockDevice| disk.size_bytes >= from.size_bytes;
            let same = left.iter().position(|disk| is_large(disk) && disk.tags == from.tags);
            match same.or_else(|| left.iter().position(is_large)) {
                Some(at) => {
                    pairs.insert(from.id, left.remove(at).id);
                }
                None => missing.push(format!("{} ({})", from.name, size::human(from.size_bytes))),
            }
        }
        if missing.is_empty() {
            return Ok(pairs);
        }
        let missing = missing.join(", ");
        Err(format!(
            "destination node physical disks do not match the source nodes physical disks: \
             {missing}"
        ))
    }

    /// Whether the disks can be laid out as those of another machine.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check_like(&self, source: &Self) -> Result<(), String> {
        self.pair_with(source).map(drop)
    }

    /// Lays the disks out as those of another machine.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn become_like(&mut self, ids: &mut dyn NewIds, source: &Self) -> Result<(), String> {
        let devices = self.pair_with(source)?;
        let mut names = Renamed { devices, ..Renamed::default() };
        let from = &source.storage;
        let mut to = Storage { layout: from.layout, ..Storage::default() };
        for id in &from.cache_sets {
            let new = ids.cache_set();
            names.cache_sets.insert(*id, new);
            to.cache_sets.push(new);
        }
        for group in &from.groups {
            names.groups.insert(group.id, ids.group());
            for device in group.devices() {
                names.devices.insert(device.id, ids.block_device());
            }
        }
        for table in &from.tables {
            let mut table = table.clone();
            table.device = names.device(table.device);
            for partition in &mut table.partitions {
                let new = ids.partition();
                names.partitions.insert(partition.id, new);
                partition.id = new;
                partition.uuid = partition.uuid.take().and_then(|_| ids.uuid());
            }
            to.tables.push(table);
        }
        to.groups = from.groups.iter().map(|group| names.group(ids, group)).collect();
        to.filesystems =
            from.filesystems.iter().map(|found| names.filesystem(ids, found)).collect();
        to.special = from.special.iter().map(|found| special(ids, found)).collect();
        self.storage = to;
        Ok(())
    }
}

impl Renamed {
    fn device(&self, id: BlockDeviceId) -> BlockDeviceId {
        self.devices.get(&id).copied().unwrap_or(id)
    }

    fn group_id(&self, id: StorageGroupId) -> StorageGroupId {
        self.groups.get(&id).copied().unwrap_or(id)
    }

    fn cache_set(&self, id: CacheSetId) -> CacheSetId {
        self.cache_sets.get(&id).copied().unwrap_or(id)
    }

    fn place(&self, place: Place) -> Place {
        match place {
            Place::Device(id) => Place::Device(self.device(id)),
            Place::Partition(id) => {
                Place::Partition(self.partitions.get(&id).copied().unwrap_or(id))
            }
        }
    }

    fn made(&self, ids: &mut dyn NewIds, made: &VirtualDevice) -> VirtualDevice {
        VirtualDevice { id: self.device(made.id), uuid: ids.uuid(), tags: made.tags.clone() }
    }

    fn group(&self, ids: &mut dyn NewIds, group: &Group) -> Group {
        let kind = match &group.kind {
            GroupKind::VolumeGroup { volumes } => GroupKind::VolumeGroup {
                volumes: volumes.iter().map(|volume| self.volume(ids, volume)).collect(),
            },
            GroupKind::Raid { level, device } => {
                GroupKind::Raid { level: *level, device: self.made(ids, device) }
            }
            GroupKind::Bcache { mode, cache_set, device } => GroupKind::Bcache {
                mode: *mode,
                cache_set: self.cache_set(*cache_set),
                device: self.made(ids, device),
            },
            GroupKind::Vmfs { device } => GroupKind::Vmfs { device: self.made(ids, device) },
        };
        let id = self.group_id(group.id);
        Group { id, uuid: ids.uuid(), name: group.name.clone(), kind }
    }

    fn volume(&self, ids: &mut dyn NewIds, volume: &LogicalVolume) -> LogicalVolume {
        let LogicalVolume { name, size_bytes, device } = volume;
        let device = self.made(ids, device);
        LogicalVolume { name: name.clone(), size_bytes: *size_bytes, device }
    }

    fn filesystem(&self, ids: &mut dyn NewIds, found: &Filesystem) -> Filesystem {
        let content = match found.content {
            Content::Formatted(fstype) => Content::Formatted(fstype),
            Content::PhysicalVolume(id) => Content::PhysicalVolume(self.group_id(id)),
            Content::RaidMember(id) => Content::RaidMember(self.group_id(id)),
            Content::RaidSpare(id) => Content::RaidSpare(self.group_id(id)),
            Content::BcacheBacking(id) => Content::BcacheBacking(self.group_id(id)),
            Content::VmfsExtent(id) => Content::VmfsExtent(self.group_id(id)),
            Content::BcacheCache(id) => Content::BcacheCache(self.cache_set(id)),
        };
        let (on, uuid) = (self.place(found.on), ids.uuid());
        Filesystem { on, content, uuid, label: found.label.clone(), mount: found.mount.clone() }
    }
}

fn special(ids: &mut dyn NewIds, found: &Special) -> Special {
    Special { fstype: found.fstype, uuid: ids.uuid(), mount: found.mount.clone() }
}
