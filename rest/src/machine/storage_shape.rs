//! The shapes of disks and of what is made of them.

use api::machines::{BlockDevice, Disks};
use api::storage::{
    Bcache, CacheSet, DatastoreFilesystem, Filesystem, Member, Named, Partition, Raid,
    VmfsDatastore, VolumeGroup,
};
use model::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId, SystemId};
use model::machine::storage::Drives;
use model::machine::storage::config::{Content, Group, GroupKind, Place};
use model::machine::storage::device::Device;
use model::machine::storage::size::human;
use ops::machine::storage::MachineDrives;
use ops::machine::storage::raids::Of;

/// The disks of a machine and what is made of them, as shapes are made of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shapes<'a> {
    id: &'a SystemId,
    drives: &'a Drives,
}

/// What makes shapes of a machine's disks.
pub(crate) fn of(found: &MachineDrives) -> Shapes<'_> {
    Shapes { id: &found.system_id, drives: &found.drives }
}

/// The part of a machine's shape that has its disks.
pub(crate) fn disks(id: &SystemId, drives: &Drives) -> Disks {
    let shapes = Shapes { id, drives };
    let all = shapes.devices();
    let (physical, made): (Vec<BlockDevice>, Vec<BlockDevice>) =
        all.iter().cloned().partition(|device| device.kind == "physical");
    let bytes: u64 = drives.disks.iter().map(|disk| disk.size_bytes).sum();
    let boot_disk = drives.disks.iter().find(|disk| disk.boot);
    let special = drives.storage.special.iter().map(|special| Filesystem {
        fstype: special.fstype.name().to_owned(),
        label: None,
        uuid: special.uuid.clone(),
        mount_point: Some(special.mount.point.clone()),
        mount_options: special.mount.options.clone(),
    });
    let cache_sets = drives.storage.cache_sets.iter().map(|set| shapes.named(set.0));
    Disks {
        storage: megabytes(bytes),
        boot_disk: boot_disk.map(|disk| shapes.device_of(Device::Physical(disk))),
        blockdevice_set: all,
        physicalblockdevice_set: physical,
        virtualblockdevice_set: made,
        volume_groups: shapes.names(Of::VolumeGroup),
        raids: shapes.names(Of::Raid),
        cache_sets: cache_sets.collect(),
        bcaches: shapes.names(Of::Bcache),
        special_filesystems: special.collect(),
    }
}

impl Shapes<'_> {
    /// All block devices.
    pub(crate) fn devices(self) -> Vec<BlockDevice> {
        self.drives.devices().into_iter().map(|device| self.device_of(device)).collect()
    }

    /// A block device.
    pub(crate) fn device(self, id: BlockDeviceId) -> Option<BlockDevice> {
        self.drives.device(id).map(|device| self.device_of(device))
    }

    /// The partitions of a device.
    pub(crate) fn partitions(self, device: BlockDeviceId) -> Vec<Partition> {
        let partitions = self.drives.partitions(device).iter();
        partitions.filter_map(|partition| self.partition(partition.id)).collect()
    }

    /// A partition.
    pub(crate) fn partition(self, id: PartitionId) -> Option<Partition> {
        let (table, found) = self.drives.partition(id)?;
        let (place, machine) = (Place::Partition(id), self.id);
        Some(Partition {
            system_id: machine.clone(),
            device_id: table.device.0,
            id: id.0,
            uuid: found.uuid.clone(),
            path: format!("/dev/disk/by-dname/{}", self.drives.name(place)),
            kind: "partition".to_owned(),
            size: found.size_bytes,
            bootable: found.bootable,
            filesystem: self.filesystem(place),
            used_for: self.drives.used_for(place),
            tags: found.tags.clone(),
            resource_uri: format!(
                "/MAAS/api/2.0/nodes/{machine}/blockdevices/{}/partition/{id}",
                table.device
            ),
        })
    }

    /// The groups of a kind, made into shapes.
    pub(crate) fn groups<T>(self, of: Of, shape: fn(Self, &Group) -> T) -> Vec<T> {
        let groups = self.drives.storage.groups.iter().filter(|group| of.is(group));
        groups.map(|group| shape(self, group)).collect()
    }

    /// A group, made into a shape.
    pub(crate) fn group<T>(self, id: StorageGroupId, shape: fn(Self, &Group) -> T) -> Option<T> {
        self.drives.group(id).map(|group| shape(self, group))
    }

    /// A volume group.
    pub(crate) fn volume_group(self, group: &Group) -> VolumeGroup {
        let drives = self.drives;
        let (size, free, used) =
            (drives.group_size(group), drives.free(group), drives.allocated(group));
        let volumes = group.volumes().iter().map(|volume| Device::Volume(group, volume));
        VolumeGroup {
            system_id: self.id.clone(),
            id: group.id.0,
            uuid: group.uuid.clone(),
            name: group.name.clone(),
            devices: self.members(group, |_| true),
            size,
            human_size: human(size),
            available_size: free,
            human_available_size: human(free),
            used_size: used,
            human_used_size: human(used),
            logical_volumes: volumes.map(|volume| self.device_of(volume)).collect(),
            resource_uri: self.path("volume-group", group.id.0),
        }
    }

    /// A RAID.
    pub(crate) fn raid(self, group: &Group) -> Raid {
        let level = match group.kind {
            GroupKind::Raid { level, .. } => level.name(),
            GroupKind::VolumeGroup { .. } | GroupKind::Bcache { .. } | GroupKind::Vmfs { .. } => "",
        };
        let is_spare = |content| matches!(content, Content::RaidSpare(_));
        let size = self.drives.group_size(group);
        Raid {
            system_id: self.id.clone(),
            id: group.id.0,
            uuid: group.uuid.clone(),
            name: group.name.clone(),
            level: level.to_owned(),
            devices: self.members(group, |content| !is_spare(content)),
            spare_devices: self.members(group, is_spare),
            size,
            human_size: human(size),
            virtual_device: self.made(group),
            resource_uri: self.path("raid", group.id.0),
        }
    }

    /// A cached device.
    pub(crate) fn bcache(self, group: &Group) -> Bcache {
        let (mode, cache_set) = match group.kind {
            GroupKind::Bcache { mode, cache_set, .. } => (mode.name(), Some(cache_set)),
            GroupKind::VolumeGroup { .. } | GroupKind::Raid { .. } | GroupKind::Vmfs { .. } => {
                ("", None)
            }
        };
        let size = self.drives.group_size(group);
        Bcache {
            system_id: self.id.clone(),
            id: group.id.0,
            uuid: group.uuid.clone(),
            name: group.name.clone(),
            cache_set: cache_set.map(|set| self.cache_set(set)),
            backing_device: self.members(group, |_| true).into_iter().next(),
            size,
            human_size: human(size),
            virtual_device: self.made(group),
            cache_mode: mode.to_owned(),
            resource_uri: self.path("bcache", group.id.0),
        }
    }

    /// A cache set.
    pub(crate) fn cache_set(self, id: CacheSetId) -> CacheSet {
        CacheSet {
            system_id: self.id.clone(),
            id: id.0,
            name: self.drives.cache_set_name(id),
            cache_device: self.drives.cache_place(id).and_then(|place| self.member(place)),
            resource_uri: self.path("bcache-cache-set", id.0),
        }
    }

    /// All cache sets.
    pub(crate) fn cache_sets(self) -> Vec<CacheSet> {
        self.drives.storage.cache_sets.iter().map(|set| self.cache_set(*set)).collect()
    }

    /// A datastore.
    pub(crate) fn datastore(self, group: &Group) -> VmfsDatastore {
        let size = self.drives.group_size(group);
        let filesystem = group.device().and_then(|made| self.filesystem(Place::Device(made.id)));
        VmfsDatastore {
            system_id: self.id.clone(),
            id: group.id.0,
            uuid: group.uuid.clone(),
            name: group.name.clone(),
            devices: self.members(group, |_| true),
            size,
            human_size: human(size),
            filesystem: filesystem.map(|found| DatastoreFilesystem {
                fstype: found.fstype,
                mount_point: found.mount_point,
            }),
            resource_uri: self.path("vmfs-datastore", group.id.0),
        }
    }

    fn path(self, kind: &str, id: u32) -> String {
        format!("/MAAS/api/2.0/nodes/{}/{kind}/{id}/", self.id)
    }

    fn named(self, id: u32) -> Named {
        Named { system_id: self.id.clone(), id, incomplete: true }
    }

    fn names(self, of: Of) -> Vec<Named> {
        self.groups(of, |shapes, group| shapes.named(group.id.0))
    }

    fn made(self, group: &Group) -> Option<BlockDevice> {
        group.device().and_then(|made| self.device(made.id))
    }

    fn members(self, group: &Group, is_meant: impl Fn(Content) -> bool) -> Vec<Member> {
        let members = self.drives.members(group.id).filter(|member| is_meant(member.content));
        members.filter_map(|member| self.member(member.on)).collect()
    }

    fn member(self, place: Place) -> Option<Member> {
        match place {
            Place::Device(id) => self.device(id).map(|device| Member::Device(Box::new(device))),
            Place::Partition(id) => {
                self.partition(id).map(|partition| Member::Partition(Box::new(partition)))
            }
        }
    }

    fn filesystem(self, place: Place) -> Option<Filesystem> {
        let found = self.drives.filesystem(place)?;
        let mount = found.mount.as_ref();
        Some(Filesystem {
            fstype: found.content.name().to_owned(),
            label: found.label.clone(),
            uuid: found.uuid.clone(),
            mount_point: mount.map(|mount| mount.point.clone()),
            mount_options: mount.and_then(|mount| mount.options.clone()),
        })
    }

    fn device_of(self, device: Device<'_>) -> BlockDevice {
        let (drives, id) = (self.drives, device.id());
        let (place, disk) = (Place::Device(id), device.disk());
        let kind = if disk.is_some() { "physical" } else { "virtual" };
        BlockDevice {
            system_id: self.id.clone(),
            id: id.0,
            name: device.name(),
            uuid: device.made().and_then(|made| made.uuid.clone()),
            kind: kind.to_owned(),
            path: format!("/dev/disk/by-dname/{}", device.name()),
            model: disk.map(|disk| disk.model.clone()),
            serial: disk.map(|disk| disk.serial.clone()),
            id_path: disk.map(|disk| disk.id_path.clone()),
            size: drives.size(place),
            block_size: drives.block_size(place),
            available_size: drives.available_size(id),
            used_size: drives.used_size(place),
            used_for: drives.used_for(place),
            tags: device.tags().to_vec(),
            filesystem: self.filesystem(place),
            partition_table_type: drives.table(id).map(|table| table.kind.name().to_owned()),
            partitions: self.partitions(id),
            firmware_version: None,
            storage_pool: None,
            numa_node: disk.map(|disk| disk.numa_node),
            resource_uri: self.path("blockdevices", id.0),
        }
    }
}

/// Bytes in MAAS's megabytes, with one digit after the point.
fn megabytes(bytes: u64) -> f64 {
    let tenths = u32::try_from(bytes / 100_000).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}
