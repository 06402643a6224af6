//! From a layout to the list of what is made, in the order in which it is made: whatever an item names stands before it.

use std::collections::BTreeSet;

use crate::id::BlockDeviceId;
use crate::machine::Machine;
use crate::machine::disk::BlockDevice;
use crate::machine::storage::Drives;
use crate::machine::storage::config::{
    Content, Filesystem, FsType, Group, GroupKind, Partition, PartitionTable, Place, TableType,
};
use crate::machine::storage::curtin::{
    Bcache, Disk, Flag, Format, Item, LogicalVolume, Mount, Partition as PartitionItem, Ptable,
    Raid, VolumeGroup,
};
use crate::machine::storage::device::Device;
use crate::machine::storage::size::{self, MIB};

/// What is made of a machine's disks. Where they were never laid out, that is flat, on the boot disk alone. Datastores of
/// `ESXi` are not in it: its image makes them.
#[must_use]
pub fn of_machine(machine: &Machine) -> Vec<Item> {
    render(&Drives::of(machine).or_flat())
}

/// What is made of disks.
#[must_use]
pub fn render(drives: &Drives) -> Vec<Item> {
    let mut rendering =
        Rendering { drives, grub: grub_disks(drives), items: Vec::new(), made: BTreeSet::new() };
    for disk in &drives.disks {
        rendering.disk(disk);
    }
    for disk in &drives.disks {
        rendering.partitions(disk.id);
    }
    rendering.groups();
    for device in drives.devices() {
        rendering.formats(device);
    }
    rendering.mounts();
    rendering.items
}

/// The disks that can be booted from: with the boot disk all that are in a RAID with it.
fn grub_disks(drives: &Drives) -> Vec<BlockDeviceId> {
    let Some(boot) = drives.boot_disk() else { return Vec::new() };
    let raids = drives.storage.groups.iter();
    let raids = raids.filter(|group| matches!(group.kind, GroupKind::Raid { .. }));
    let mut disks = raids.map(|group| {
        let members = drives.members(group.id);
        members.flat_map(|member| drives.disks_below(member.on)).collect::<Vec<_>>()
    });
    let with_boot = disks.rfind(|disks| disks.contains(&boot.id));
    with_boot.unwrap_or_else(|| vec![boot.id])
}

struct Rendering<'a> {
    drives: &'a Drives,
    grub: Vec<BlockDeviceId>,
    items: Vec<Item>,
    made: BTreeSet<String>,
}

impl Rendering<'_> {
    fn push(&mut self, item: Item) {
        self.made.insert(item.id().to_owned());
        self.items.push(item);
    }

    fn disk(&mut self, disk: &BlockDevice) {
        let platform = &self.drives.platform;
        let table = self.drives.table(disk.id);
        let is_vmfs = table.is_some_and(|table| self.drives.vmfs_layout(table).is_some());
        // What is used as a whole has no room for it.
        let is_whole = self.drives.filesystem(Place::Device(disk.id)).is_some();
        let has_grub = self.grub.contains(&disk.id) && !is_whole;
        let ptable = match table {
            Some(table) => Some(ptable(table.kind)),
            None if has_grub && (platform.needs_efi() || platform.needs_bios_grub()) => {
                Some(Ptable::Gpt)
            }
            None if has_grub && platform.needs_prep() => Some(Ptable::Gpt),
            None if has_grub => Some(Ptable::Msdos),
            None => None,
        };
        let has_prep = has_grub && platform.needs_prep() && !is_vmfs;
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let path = given(&disk.id_path).unwrap_or_else(|| format!("/dev/{}", disk.name));
        let serial = given(&disk.serial);
        let bios_grub = ptable == Some(Ptable::Gpt) && platform.needs_bios_grub() && !is_vmfs;
        self.push(Item::Disk(Disk {
            id: disk.name.clone(),
            name: disk.name.clone(),
            path: if serial.is_none() { Some(path) } else { None },
            serial,
            model: given(&disk.model),
            ptable,
            grub_device: has_grub && !has_prep,
        }));
        if has_prep {
            self.first(disk, Flag::Prep, size::PREP);
        } else if bios_grub {
            self.first(disk, Flag::BiosGrub, size::BIOS_GRUB);
        }
    }

    /// What firmware or boot loader need stands before all partitions.
    fn first(&mut self, disk: &BlockDevice, flag: Flag, size: u64) {
        let name = format!("{}-part1", disk.name);
        self.push(Item::Partition(PartitionItem {
            id: name.clone(),
            name,
            number: 1,
            device: disk.name.clone(),
            size,
            uuid: None,
            flag: Some(flag),
        }));
    }

    fn partitions(&mut self, device: BlockDeviceId) {
        let Some(table) = self.drives.table(device) else { return };
        for partition in &table.partitions {
            if table.kind == TableType::Mbr && partition.number == 5 {
                self.extended(table, partition);
            }
            let name = self.drives.name(Place::Partition(partition.id));
            let is_logical = table.kind == TableType::Mbr && partition.number >= 5;
            let flag = match (is_logical, partition.bootable) {
                (true, _) => Some(Flag::Logical),
                (false, true) => Some(Flag::Boot),
                (false, false) => None,
            };
            // What describes a logical partition takes from it.
            let taken = if is_logical { MIB } else { 0 };
            self.push(Item::Partition(PartitionItem {
                id: name.clone(),
                name,
                number: partition.number,
                device: self.drives.name(Place::Device(device)),
                size: partition.size_bytes - taken,
                uuid: partition.uuid.clone().filter(|_| table.kind == TableType::Gpt),
                flag,
            }));
        }
    }

    /// The partition that those from the fifth on lie in: what is left behind those before them.
    fn extended(&mut self, table: &PartitionTable, fifth: &Partition) {
        let device = self.drives.name(Place::Device(table.device));
        let whole = self.drives.usable_size(table.device);
        let before = table.partitions.iter().filter(|found| found.number < fifth.number);
        let before: u64 = before.map(|found| found.size_bytes).sum();
        let around = size::FIRST_PARTITION_AT + size::END_OF_TABLE;
        let name = format!("{device}-part4");
        self.push(Item::Partition(PartitionItem {
            id: name.clone(),
            name,
            number: 4,
            device,
            size: size::aligned(whole.saturating_sub(around + before)),
            uuid: None,
            flag: Some(Flag::Extended),
        }));
    }

    /// All groups, each when what it is made of is there.
    fn groups(&mut self) {
        let mut left: Vec<&Group> = self.drives.storage.groups.iter().collect();
        loop {
            let (ready, waiting): (Vec<&Group>, Vec<&Group>) =
                left.iter().partition(|group| self.is_ready(group));
            if ready.is_empty() {
                return;
            }
            for group in ready {
                self.group(group);
            }
            left = waiting;
        }
    }

    fn is_ready(&self, group: &Group) -> bool {
        let cache = match group.kind {
            GroupKind::Bcache { cache_set, .. } => self.drives.cache_place(cache_set),
            GroupKind::VolumeGroup { .. } | GroupKind::Raid { .. } | GroupKind::Vmfs { .. } => None,
        };
        let mut places = self.drives.members(group.id).map(|member| member.on).chain(cache);
        places.all(|place| self.made.contains(&self.drives.name(place)))
    }

    fn group(&mut self, group: &Group) {
        let name = group.name.clone();
        match &group.kind {
            GroupKind::VolumeGroup { volumes } => {
                self.push(Item::LvmVolgroup(VolumeGroup {
                    id: name.clone(),
                    name: name.clone(),
                    uuid: group.uuid.clone(),
                    devices: self.names(group, |_| true),
                }));
                for volume in volumes {
                    self.push(Item::LvmPartition(LogicalVolume {
                        id: format!("{name}-{}", volume.name),
                        name: volume.name.clone(),
                        volgroup: name.clone(),
                        size: volume.size_bytes,
                    }));
                }
            }
            GroupKind::Raid { level, device } => {
                let is_spare = |content| matches!(content, Content::RaidSpare(_));
                self.push(Item::Raid(Raid {
                    id: name.clone(),
                    name,
                    uuid: group.uuid.clone(),
                    raidlevel: level.number(),
                    devices: self.names(group, |content| !is_spare(content)),
                    spare_devices: self.names(group, is_spare),
                    ptable: self.ptable_of(device.id),
                }));
                self.partitions(device.id);
            }
            GroupKind::Bcache { mode, cache_set, device } => {
                let named = |place: Option<Place>| {
                    place.map(|place| self.drives.name(place)).unwrap_or_default()
                };
                self.push(Item::Bcache(Bcache {
                    id: name.clone(),
                    name,
                    backing_device: named(self.drives.backing(group.id)),
                    cache_device: named(self.drives.cache_place(*cache_set)),
                    cache_mode: mode.name().to_owned(),
                    ptable: self.ptable_of(device.id),
                }));
            }
            GroupKind::Vmfs { .. } => {}
        }
    }

    fn names(&self, group: &Group, is_meant: impl Fn(Content) -> bool) -> Vec<String> {
        let members = self.drives.members(group.id).filter(|member| is_meant(member.content));
        let mut names: Vec<String> = members.map(|member| self.drives.name(member.on)).collect();
        names.sort();
        names
    }

    fn ptable_of(&self, device: BlockDeviceId) -> Option<Ptable> {
        self.drives.table(device).map(|table| ptable(table.kind))
    }

    fn formats(&mut self, device: Device<'_>) {
        let partitions = self.drives.partitions(device.id()).iter();
        let partitions = partitions.map(|partition| Place::Partition(partition.id));
        for place in [Place::Device(device.id())].into_iter().chain(partitions) {
            let Some(found) = self.drives.filesystem(place) else { continue };
            let Some(fstype) = made_here(found) else { continue };
            let name = self.drives.name(place);
            self.push(Item::Format(Format {
                id: format!("{name}_format"),
                volume: name,
                fstype: fstype.name().to_owned(),
                label: found.label.clone().filter(|label| !label.is_empty()),
                uuid: found.uuid.clone(),
            }));
        }
    }

    /// Parents before what is mounted in them.
    fn mounts(&mut self) {
        let filesystems = self.drives.storage.filesystems.iter();
        let on_devices =
            filesystems.filter(|found| made_here(found).is_some()).filter_map(|found| {
                let name = self.drives.name(found.on);
                let mount = found.mount.as_ref()?;
                Some(Mount {
                    id: format!("{name}_mount"),
                    device: Some(format!("{name}_format")),
                    fstype: None,
                    path: mount.point.clone(),
                    options: mount.options.clone().filter(|options| !options.is_empty()),
                })
            });
        let special = self.drives.storage.special.iter().map(|found| Mount {
            id: format!("{}_mount", found.mount.point.trim_start_matches('/').replace('/', "-")),
            device: None,
            fstype: Some(found.fstype.name().to_owned()),
            path: found.mount.point.clone(),
            options: found.mount.options.clone().filter(|options| !options.is_empty()),
        });
        let mut mounts: Vec<Mount> = on_devices.chain(special).collect();
        mounts.sort_by(|one, other| one.path.cmp(&other.path));
        for mut mount in mounts {
            // Two paths, or a path and a device, may be called alike.
            let (id, mut number) = (mount.id.clone(), 1);
            while self.made.contains(&mount.id) {
                number += 1;
                mount.id = format!("{id}{number}");
            }
            self.push(Item::Mount(mount));
        }
    }
}

/// The file system that is made; none where a group makes something, or an image.
fn made_here(found: &Filesystem) -> Option<FsType> {
    match found.content {
        Content::Formatted(FsType::Vmfs6) => None,
        Content::Formatted(fstype) => Some(fstype),
        Content::PhysicalVolume(_)
        | Content::RaidMember(_)
        | Content::RaidSpare(_)
        | Content::BcacheBacking(_)
        | Content::BcacheCache(_)
        | Content::VmfsExtent(_) => None,
    }
}

const fn ptable(kind: TableType) -> Ptable {
    match kind {
        TableType::Gpt => Ptable::Gpt,
        TableType::Mbr => Ptable::Msdos,
    }
}
