//! Block devices of both kinds as one: disks that are there, and devices that are made.

use crate::id::BlockDeviceId;
use crate::machine::disk::BlockDevice;
use crate::machine::storage::config::{Group, GroupKind, LogicalVolume, VirtualDevice};

/// A block device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device<'a> {
    /// A disk.
    Physical(&'a BlockDevice),
    /// A device that a group is.
    Virtual(&'a Group, &'a VirtualDevice),
    /// A logical volume of a group.
    Volume(&'a Group, &'a LogicalVolume),
}

impl<'a> Device<'a> {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> BlockDeviceId {
        match self {
            Self::Physical(disk) => disk.id,
            Self::Virtual(_, device) => device.id,
            Self::Volume(_, volume) => volume.device.id,
        }
    }

    /// The name that no other block device of the machine has.
    #[must_use]
    pub fn own_name(self) -> &'a str {
        match self {
            Self::Physical(disk) => &disk.name,
            Self::Virtual(group, _) => &group.name,
            Self::Volume(_, volume) => &volume.name,
        }
    }

    /// The name that it is shown by: a logical volume's with its group's before it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Volume(group, volume) => format!("{}-{}", group.name, volume.name),
            Self::Physical(_) | Self::Virtual(..) => self.own_name().to_owned(),
        }
    }

    /// The group that it is made of.
    #[must_use]
    pub const fn group(self) -> Option<&'a Group> {
        match self {
            Self::Physical(_) => None,
            Self::Virtual(group, _) | Self::Volume(group, _) => Some(group),
        }
    }

    /// What is made of a group; none of a disk.
    #[must_use]
    pub const fn made(self) -> Option<&'a VirtualDevice> {
        match self {
            Self::Physical(_) => None,
            Self::Virtual(_, device) => Some(device),
            Self::Volume(_, volume) => Some(&volume.device),
        }
    }

    /// The disk, if it is one.
    #[must_use]
    pub const fn disk(self) -> Option<&'a BlockDevice> {
        match self {
            Self::Physical(disk) => Some(disk),
            Self::Virtual(..) | Self::Volume(..) => None,
        }
    }

    /// What it is marked with.
    #[must_use]
    pub fn tags(self) -> &'a [String] {
        match self {
            Self::Physical(disk) => &disk.tags,
            Self::Virtual(_, device) => &device.tags,
            Self::Volume(_, volume) => &volume.device.tags,
        }
    }

    /// Why it can have no partition table; none where it can.
    #[must_use]
    pub const fn no_table(self) -> Option<&'static str> {
        match self {
            Self::Physical(_) => None,
            Self::Volume(..) => Some("Cannot create a partition table on a logical volume."),
            Self::Virtual(group, _) => match group.kind {
                GroupKind::Bcache { .. } => {
                    Some("Cannot create a partition table on a Bcache volume.")
                }
                GroupKind::Vmfs { .. } => {
                    Some("Cannot create a partition table on a VMFS datastore.")
                }
                GroupKind::Raid { .. } | GroupKind::VolumeGroup { .. } => None,
            },
        }
    }
}
