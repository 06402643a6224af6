//! What is made of the disks of a machine, as it is stored. Nothing here that follows from the rest: a RAID has no size of
//! its own, and a member is known by what it holds.

use serde::{Deserialize, Serialize};

use crate::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};

/// What is made of the disks of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// The layout that was applied last; none where disks were never laid out, as a version before this left them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<LayoutName>,
    /// Partition tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<PartitionTable>,
    /// What is on devices and partitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filesystems: Vec<Filesystem>,
    /// File systems that need no device.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<Special>,
    /// RAIDs, volume groups, cached devices and datastores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Cache sets, in the order that they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache_sets: Vec<CacheSetId>,
    /// What comes back when the machine is given back; none while its owner has changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_owner: Option<Box<Mountable>>,
}

/// What an owner may change, as it was before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mountable {
    /// What was on devices and partitions.
    pub filesystems: Vec<Filesystem>,
    /// File systems that need no device.
    pub special: Vec<Special>,
}

/// A layout of all disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutName {
    /// One partition for the root file system.
    Flat,
    /// The root file system on a logical volume.
    Lvm,
    /// The root file system on a cached partition.
    Bcache,
    /// Partitions of `ESXi` 6.
    Vmfs6,
    /// Partitions of `ESXi` 7.
    Vmfs7,
    /// What a commissioning script told.
    Custom,
    /// Nothing.
    Blank,
}

/// Where something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A whole block device.
    Device(BlockDeviceId),
    /// A partition.
    Partition(PartitionId),
}

/// A kind of partition table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableType {
    /// GUID partition table.
    #[default]
    Gpt,
    /// Master boot record.
    Mbr,
}

/// A partition table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionTable {
    /// The device that it is on.
    pub device: BlockDeviceId,
    /// Its kind.
    pub kind: TableType,
    /// Its partitions, in the order that they were made.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its id.
    pub id: PartitionId,
    /// Its number in the table.
    pub number: u32,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its UUID; none of what an image brings along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Whether it is marked for booting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bootable: bool,
    /// What it is marked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What is on a device or partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filesystem {
    /// Where it is.
    pub on: Place,
    /// What it is.
    pub content: Content,
    /// Its UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Its label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it is mounted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount: Option<Mount>,
}

/// What a device or partition has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A file system or swap space.
    Formatted(FsType),
    /// A physical volume of a volume group.
    PhysicalVolume(StorageGroupId),
    /// An active member of a RAID.
    RaidMember(StorageGroupId),
    /// A spare member of a RAID.
    RaidSpare(StorageGroupId),
    /// The data of a cached device.
    BcacheBacking(StorageGroupId),
    /// The cache of a cache set.
    BcacheCache(CacheSetId),
    /// A part of a datastore.
    VmfsExtent(StorageGroupId),
}

/// A type of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FsType {
    /// ext2.
    Ext2,
    /// ext4.
    Ext4,
    /// XFS.
    Xfs,
    /// FAT with 32 bits.
    Fat32,
    /// FAT of a size that suits.
    Vfat,
    /// Swap space.
    Swap,
    /// Memory without a bound.
    Ramfs,
    /// Memory.
    Tmpfs,
    /// Btrfs.
    Btrfs,
    /// ZFS.
    Zfsroot,
    /// That of datastores.
    Vmfs6,
}

/// A mount of the installed system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Where; `none` for swap space.
    pub point: String,
    /// Options as `mount` takes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
}

/// A file system that needs no device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Special {
    /// Its type.
    pub fstype: FsType,
    /// Its UUID, which nothing but its shape has a use for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where it is mounted.
    pub mount: Mount,
}

/// Devices and partitions that are combined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: StorageGroupId,
    /// Its UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: GroupKind,
}

/// How devices and partitions are combined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A volume group of LVM.
    VolumeGroup {
        /// Its logical volumes.
        #[serde(default)]
        volumes: Vec<LogicalVolume>,
    },
    /// A software RAID.
    Raid {
        /// Its level.
        level: RaidLevel,
        /// The device that it is.
        device: VirtualDevice,
    },
    /// A cached device.
    Bcache {
        /// How writes are cached.
        mode: CacheMode,
        /// What caches it.
        cache_set: CacheSetId,
        /// The device that it is.
        device: VirtualDevice,
    },
    /// A datastore of `ESXi`.
    Vmfs {
        /// The device that it is.
        device: VirtualDevice,
    },
}

/// A block device that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualDevice {
    /// Its id, among those of all block devices.
    pub id: BlockDeviceId,
    /// Its UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// What it is marked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A logical volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogicalVolume {
    /// Its name in its group.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The device that it is.
    pub device: VirtualDevice,
}

/// A level of RAID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaidLevel {
    /// Striped.
    Raid0,
    /// Mirrored.
    Raid1,
    /// Striped with one parity.
    Raid5,
    /// Striped with two parities.
    Raid6,
    /// Striped mirrors.
    Raid10,
}

/// How a cache treats writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheMode {
    /// Written to the cache first, and to the backing device later.
    Writeback,
    /// Written to both at once.
    Writethrough,
    /// Written past the cache.
    Writearound,
}

impl Group {
    /// What MAAS calls its kind in sentences.
    #[must_use]
    pub const fn nice_name(&self) -> &'static str {
        match self.kind {
            GroupKind::VolumeGroup { .. } => "volume group",
            GroupKind::Raid { .. } => "RAID",
            GroupKind::Bcache { .. } => "Bcache",
            GroupKind::Vmfs { .. } => "VMFS",
        }
    }

    /// The device that it is; none of a volume group, which has any number.
    #[must_use]
    pub const fn device(&self) -> Option<&VirtualDevice> {
        match &self.kind {
            GroupKind::VolumeGroup { .. } => None,
            GroupKind::Raid { device, .. }
            | GroupKind::Bcache { device, .. }
            | GroupKind::Vmfs { device } => Some(device),
        }
    }

    /// Its logical volumes, where it is a volume group.
    #[must_use]
    pub fn volumes(&self) -> &[LogicalVolume] {
        match &self.kind {
            GroupKind::VolumeGroup { volumes } => volumes,
            GroupKind::Raid { .. } | GroupKind::Bcache { .. } | GroupKind::Vmfs { .. } => &[],
        }
    }

    /// All devices that are made of it.
    pub fn devices(&self) -> impl Iterator<Item = &VirtualDevice> {
        let volumes = self.volumes().iter().map(|volume| &volume.device);
        self.device().into_iter().chain(volumes)
    }

    /// The same, to be changed.
    pub fn devices_mut(&mut self) -> Vec<&mut VirtualDevice> {
        match &mut self.kind {
            GroupKind::VolumeGroup { volumes } => {
                volumes.iter_mut().map(|volume| &mut volume.device).collect()
            }
            GroupKind::Raid { device, .. }
            | GroupKind::Bcache { device, .. }
            | GroupKind::Vmfs { device } => vec![device],
        }
    }
}

impl Storage {
    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether disks were ever laid out.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.layout.is_some()
    }

    /// Takes back what an owner changed.
    pub fn give_back(&mut self) {
        if let Some(before) = self.before_owner.take() {
            self.filesystems = before.filesystems;
            self.special = before.special;
        }
    }

    /// Remembers what comes back when the owner gives the machine back.
    pub fn keep_for_owner(&mut self) {
        if self.before_owner.is_none() {
            let (filesystems, special) = (self.filesystems.clone(), self.special.clone());
            self.before_owner = Some(Box::new(Mountable { filesystems, special }));
        }
    }
}
