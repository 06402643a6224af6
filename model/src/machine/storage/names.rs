//! MAAS's names of what disks are made into.

use crate::id::StorageGroupId;
use crate::machine::storage::config::{
    CacheMode, Content, FsType, LayoutName, RaidLevel, TableType,
};
use crate::machine::storage::size::MIB;

impl LayoutName {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 7] =
        [Self::Bcache, Self::Blank, Self::Custom, Self::Flat, Self::Lvm, Self::Vmfs6, Self::Vmfs7];

    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Lvm => "lvm",
            Self::Bcache => "bcache",
            Self::Vmfs6 => "vmfs6",
            Self::Vmfs7 => "vmfs7",
            Self::Custom => "custom",
            Self::Blank => "blank",
        }
    }

    /// The layout of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }
}

impl TableType {
    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpt => "GPT",
            Self::Mbr => "MBR",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Gpt, Self::Mbr].into_iter().find(|kind| kind.name() == name)
    }
}

impl FsType {
    /// Those that a device or partition can be asked to be formatted with, and those without a device.
    pub const FORMATS: [Self; 10] = [
        Self::Ext2,
        Self::Ext4,
        Self::Xfs,
        Self::Fat32,
        Self::Vfat,
        Self::Swap,
        Self::Ramfs,
        Self::Tmpfs,
        Self::Btrfs,
        Self::Zfsroot,
    ];

    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ext2 => "ext2",
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Fat32 => "fat32",
            Self::Vfat => "vfat",
            Self::Swap => "swap",
            Self::Ramfs => "ramfs",
            Self::Tmpfs => "tmpfs",
            Self::Btrfs => "btrfs",
            Self::Zfsroot => "zfsroot",
            Self::Vmfs6 => "vmfs6",
        }
    }

    /// The one of that name that can be asked for.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::FORMATS.into_iter().find(|fstype| fstype.name() == name)
    }

    /// Whether it is on a device or partition.
    #[must_use]
    pub const fn uses_storage(self) -> bool {
        !matches!(self, Self::Ramfs | Self::Tmpfs)
    }

    /// Whether it is mounted at a path.
    #[must_use]
    pub const fn uses_mount_point(self) -> bool {
        !matches!(self, Self::Swap)
    }

    /// How many bytes its tools make it of at least.
    #[must_use]
    pub const fn bytes_min(self) -> u64 {
        match self {
            Self::Xfs => 300 * MIB,
            Self::Btrfs => 110 * MIB,
            Self::Fat32 => 34 * MIB,
            Self::Ext2
            | Self::Ext4
            | Self::Vfat
            | Self::Swap
            | Self::Ramfs
            | Self::Tmpfs
            | Self::Zfsroot
            | Self::Vmfs6 => 0,
        }
    }

    /// How many bytes its label may have.
    #[must_use]
    pub const fn label_bytes_max(self) -> usize {
        match self {
            Self::Ext2 | Self::Ext4 => 16,
            Self::Swap => 15,
            Self::Xfs => 12,
            Self::Fat32 | Self::Vfat => 11,
            Self::Ramfs | Self::Tmpfs | Self::Btrfs | Self::Zfsroot | Self::Vmfs6 => 255,
        }
    }
}

impl Content {
    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Formatted(fstype) => fstype.name(),
            Self::PhysicalVolume(_) => "lvm-pv",
            Self::RaidMember(_) => "raid",
            Self::RaidSpare(_) => "raid-spare",
            Self::BcacheBacking(_) => "bcache-backing",
            Self::BcacheCache(_) => "bcache-cache",
            Self::VmfsExtent(_) => "vmfs6",
        }
    }

    /// The group that it makes a device or partition a member of.
    #[must_use]
    pub const fn group(self) -> Option<StorageGroupId> {
        match self {
            Self::PhysicalVolume(group)
            | Self::RaidMember(group)
            | Self::RaidSpare(group)
            | Self::BcacheBacking(group)
            | Self::VmfsExtent(group) => Some(group),
            Self::Formatted(_) | Self::BcacheCache(_) => None,
        }
    }

    /// Whether a user formatted it.
    #[must_use]
    pub const fn is_formatted(self) -> bool {
        matches!(self, Self::Formatted(_))
    }
}

impl RaidLevel {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Raid0, Self::Raid1, Self::Raid5, Self::Raid6, Self::Raid10];

    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raid0 => "raid-0",
            Self::Raid1 => "raid-1",
            Self::Raid5 => "raid-5",
            Self::Raid6 => "raid-6",
            Self::Raid10 => "raid-10",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Raid0 => 0,
            Self::Raid1 => 1,
            Self::Raid5 => 5,
            Self::Raid6 => 6,
            Self::Raid10 => 10,
        }
    }

    /// How many active members it has at least.
    #[must_use]
    pub const fn members_min(self) -> usize {
        match self {
            Self::Raid0 | Self::Raid1 => 2,
            Self::Raid5 | Self::Raid10 => 3,
            Self::Raid6 => 4,
        }
    }
}

impl CacheMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Writeback, Self::Writethrough, Self::Writearound];

    /// MAAS's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Writeback => "writeback",
            Self::Writethrough => "writethrough",
            Self::Writearound => "writearound",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}
