//! What operators do to disks, right and wrong, by the rules that the API changes them by.

use model::machine::storage::cache::{BcacheRequest, CachePlace};
use model::machine::storage::config::{FsType, Place};
use model::machine::storage::disks::DeviceChange;
use model::machine::storage::filesystem::{NewFilesystem, NewMount};
use model::machine::storage::group::GroupChange;
use model::machine::storage::layout::LayoutRequest;
use model::machine::storage::lvm::{NewGroup, NewVolume};
use model::machine::storage::partition::NewPartition;
use model::machine::storage::raid::{NewRaid, RaidChange};
use model::machine::storage::{Drives, StorageError};

use super::dice::Dice;
use super::machine::Ids;

/// Something that is done.
pub(super) type Action = fn(&mut Drives, &mut Ids, &mut Dice) -> Result<(), StorageError>;

/// All of them, what is done often more than once.
pub(super) const ACTIONS: &[(&str, Action)] = &[
    ("layout", layout),
    ("partition", partition),
    ("partition", partition),
    ("partition", partition),
    ("delete a partition", delete_partition),
    ("format", format),
    ("format", format),
    ("format", format),
    ("mount", mount),
    ("mount", mount),
    ("mount", mount),
    ("unmount", unmount),
    ("unformat", unformat),
    ("mount without a device", mount_special),
    ("unmount without a device", unmount_special),
    ("make a RAID", raid),
    ("make a RAID", raid),
    ("change a RAID", change_raid),
    ("make a volume group", volume_group),
    ("make a volume group", volume_group),
    ("change a volume group", change_volume_group),
    ("make a volume", volume),
    ("make a volume", volume),
    ("change a device", change_device),
    ("change its table", change_table),
    ("make a cache set", cache_set),
    ("move a cache set", move_cache_set),
    ("make a cached device", bcache),
    ("change a cached device", change_bcache),
    ("delete a group", delete_group),
    ("delete a device", delete_device),
    ("delete a cache set", delete_cache_set),
    ("set the boot disk", boot_disk),
    ("add a disk", add_disk),
];

const POINTS: &[&str] = &[
    "/",
    "/",
    "/boot",
    "/boot/efi",
    "/srv",
    "/srv/a",
    "/srv-a",
    "/srv/a/b",
    "/var",
    "/var/lib",
    "/home",
    "/home/",
    "srv",
    "/a b",
    "/../etc",
    "",
];
const SIZES: &[&str] =
    &["4194304", "5000000", "512M", "1G", "2G", "5G", "20G", "3T", "1", "-5", "all", "12345678901"];
/// Some are those of others, or look like them.
const NAMES: &[&str] = &[
    "md0",
    "md7",
    "root",
    "vg",
    "vg-a",
    "a-b",
    "a",
    "b",
    "data",
    "sda-part1",
    "bcache0",
    "vg--x",
    "a/b",
    "-x",
];

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A text, or none at times.
fn perhaps(dice: &mut Dice, choices: &[&str]) -> Option<String> {
    (!dice.once_in(3)).then(|| dice.of(choices).to_owned())
}

/// The device or partition of a random name; none where there is no such.
fn place(drives: &Drives, dice: &mut Dice) -> Option<Place> {
    let devices = drives.devices();
    let device = devices.get(dice.below(devices.len() + 1))?.id();
    let partitions = drives.partitions(device);
    let whole = Some(Place::Device(device));
    if partitions.is_empty() || dice.once_in(5) {
        return whole;
    }
    partitions.get(dice.below(partitions.len())).map(|found| Place::Partition(found.id)).or(whole)
}

/// Names of devices and of partitions, most of them free.
fn members(drives: &Drives, dice: &mut Dice, count: usize) -> (Vec<String>, Vec<String>) {
    let (mut devices, mut partitions) = (Vec::new(), Vec::new());
    for _ in 0..count {
        // A few tries to hit what is free.
        let tries = if dice.once_in(6) { 1 } else { 8 };
        let mut found = None;
        for _ in 0..tries {
            found = place(drives, dice);
            if found.is_some_and(|found| drives.is_free(found)) {
                break;
            }
        }
        match found {
            Some(found @ Place::Device(_)) => devices.push(drives.name(found)),
            Some(Place::Partition(id)) => partitions.push(id.to_string()),
            None => devices.push("sdz".to_owned()),
        }
    }
    (devices, partitions)
}

fn layout(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let names = ["flat", "lvm", "bcache", "blank", "vmfs6", "vmfs7", "custom", "zfs"];
    let mut request = LayoutRequest {
        storage_layout: text(dice.of(&names)),
        boot_size: dice.once_in(3).then(|| dice.of(SIZES).to_owned()),
        root_size: dice.once_in(3).then(|| dice.of(&["50%", "20G", "4G", "0%"]).to_owned()),
        ..LayoutRequest::default()
    };
    match request.storage_layout.as_deref() {
        Some("lvm") => request.lv_size = dice.once_in(2).then(|| "4G".to_owned()),
        Some("bcache") => request.cache_no_part = Some(dice.once_in(2)),
        _ => {}
    }
    drives.apply_layout(ids, &request)
}

fn partition(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    let size = perhaps(dice, SIZES);
    let wanted = NewPartition { size, uuid: None, bootable: dice.once_in(3) };
    drives.create_partition(ids, device, &wanted).map(drop)
}

fn any_device(drives: &Drives, dice: &mut Dice) -> Result<model::id::BlockDeviceId, StorageError> {
    let devices = drives.devices();
    let found = devices.get(dice.below(devices.len()));
    found.map(|device| device.id()).ok_or(StorageError::NotFound("BlockDevice"))
}

fn delete_partition(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    let partitions = drives.partitions(device);
    let found = partitions.get(dice.below(partitions.len()));
    let id = found.map(|found| found.id).ok_or(StorageError::NotFound("Partition"))?;
    drives.delete_partition(device, id)
}

fn some_place(drives: &Drives, dice: &mut Dice) -> Result<Place, StorageError> {
    place(drives, dice).ok_or(StorageError::NotFound("BlockDevice"))
}

fn format(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let mut place = some_place(drives, dice)?;
    for _ in 0..6 {
        if drives.is_free(place) {
            break;
        }
        place = some_place(drives, dice)?;
    }
    let types = FsType::FORMATS.map(FsType::name);
    let wanted = NewFilesystem {
        fstype: text(if dice.once_in(12) { "ntfs" } else { dice.of(&types) }),
        uuid: None,
        label: dice
            .once_in(3)
            .then(|| dice.of(&["data", "a label", "much-too-long-label"]).to_owned()),
    };
    drives.format(ids, place, &wanted)
}

fn mount(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let mut place = some_place(drives, dice)?;
    for _ in 0..6 {
        if drives.filesystem(place).is_some_and(|found| found.mount.is_none()) {
            break;
        }
        place = some_place(drives, dice)?;
    }
    let options = dice.once_in(3).then(|| dice.of(&["noatime", "ro,nodev", "a b"]).to_owned());
    drives.mount(place, &NewMount { point: text(dice.of(POINTS)), options })
}

fn unmount(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let place = some_place(drives, dice)?;
    drives.unmount(place)
}

fn unformat(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let place = some_place(drives, dice)?;
    drives.unformat(place)
}

fn mount_special(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let fstype = dice.of(&["tmpfs", "ramfs", "ext4"]);
    let wanted = NewMount { point: text(dice.of(POINTS)), options: text("size=1G") };
    drives.mount_special(ids, Some(fstype), &wanted)
}

fn unmount_special(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    drives.unmount_special(Some(dice.of(POINTS)))
}

fn raid(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let (count, spares) = (1 + dice.below(5), dice.below(3) / 2);
    let (block_devices, partitions) = members(drives, dice, count);
    let (spare_devices, spare_partitions) = members(drives, dice, spares);
    let levels = ["raid-0", "raid-1", "raid-5", "raid-6", "raid-10", "raid-3"];
    let wanted = NewRaid {
        name: perhaps(dice, NAMES),
        uuid: None,
        level: text(dice.of(&levels)),
        block_devices,
        partitions,
        spare_devices,
        spare_partitions,
    };
    drives.create_raid(ids, &wanted).map(drop)
}

fn group_change(drives: &Drives, dice: &mut Dice) -> GroupChange {
    let (add_block_devices, add_partitions) = members(drives, dice, 1);
    let removed = if dice.once_in(3) { members(drives, dice, 1) } else { Default::default() };
    GroupChange {
        name: dice.once_in(3).then(|| dice.of(NAMES).to_owned()),
        uuid: None,
        add_block_devices,
        add_partitions,
        remove_block_devices: removed.0,
        remove_partitions: removed.1,
    }
}

fn any_group(drives: &Drives, dice: &mut Dice) -> Result<model::id::StorageGroupId, StorageError> {
    let groups = &drives.storage.groups;
    let found = groups.get(dice.below(groups.len()));
    found.map(|group| group.id).ok_or(StorageError::NotFound("FilesystemGroup"))
}

fn change_raid(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let (id, spare) = (any_group(drives, dice)?, members(drives, dice, 1));
    let with_spare = dice.once_in(2);
    let (add_spare_devices, add_spare_partitions) =
        if with_spare { spare } else { Default::default() };
    let group = if with_spare { GroupChange::default() } else { group_change(drives, dice) };
    let wanted =
        RaidChange { group, add_spare_devices, add_spare_partitions, ..RaidChange::default() };
    drives.update_raid(ids, id, &wanted)
}

fn volume_group(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let count = dice.below(4);
    let (block_devices, partitions) = members(drives, dice, count);
    let wanted = NewGroup { name: text(dice.of(NAMES)), uuid: None, block_devices, partitions };
    drives.create_volume_group(ids, &wanted).map(drop)
}

fn change_volume_group(
    drives: &mut Drives,
    ids: &mut Ids,
    dice: &mut Dice,
) -> Result<(), StorageError> {
    let id = any_group(drives, dice)?;
    if drives.group(id).is_some_and(|group| group.device().is_some()) {
        return Err(StorageError::NotFound("VolumeGroup"));
    }
    let wanted = group_change(drives, dice);
    drives.update_volume_group(ids, id, &wanted)
}

fn volume(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let group = any_group(drives, dice)?;
    if drives.group(group).is_some_and(|group| group.device().is_some()) {
        return Err(StorageError::NotFound("VolumeGroup"));
    }
    let wanted = NewVolume { name: text(dice.of(NAMES)), uuid: None, size: perhaps(dice, SIZES) };
    drives.create_volume(ids, group, &wanted).map(drop)
}

fn change_device(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    let mut wanted = DeviceChange::default();
    if dice.once_in(2) {
        wanted.name = text(dice.of(NAMES));
    } else {
        wanted.size = text(dice.of(SIZES));
    }
    drives.update_device(device, &wanted)
}

fn change_table(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    let partition_table_type = text(dice.of(&["GPT", "MBR", "MBR", "BSD"]));
    drives.update_device(device, &DeviceChange { partition_table_type, ..DeviceChange::default() })
}

fn cache_place(drives: &Drives, dice: &mut Dice) -> CachePlace {
    let (devices, partitions) = members(drives, dice, 1);
    CachePlace { device: devices.first().cloned(), partition: partitions.first().cloned() }
}

fn cache_set(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let wanted = cache_place(drives, dice);
    drives.create_cache_set(ids, &wanted).map(drop)
}

fn any_cache_set(drives: &Drives, dice: &mut Dice) -> Result<model::id::CacheSetId, StorageError> {
    let sets = &drives.storage.cache_sets;
    sets.get(dice.below(sets.len())).copied().ok_or(StorageError::NotFound("CacheSet"))
}

fn move_cache_set(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let (set, wanted) = (any_cache_set(drives, dice)?, cache_place(drives, dice));
    drives.update_cache_set(ids, set, &wanted)
}

fn delete_cache_set(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let set = any_cache_set(drives, dice)?;
    drives.delete_cache_set(set)
}

fn bcache_request(drives: &Drives, dice: &mut Dice) -> BcacheRequest {
    let backing = cache_place(drives, dice);
    let set = any_cache_set(drives, dice).ok();
    BcacheRequest {
        name: dice.once_in(3).then(|| dice.of(NAMES).to_owned()),
        uuid: None,
        cache_set: set.map(|set| drives.cache_set_name(set)),
        backing_device: backing.device,
        backing_partition: backing.partition,
        cache_mode: text(dice.of(&["writeback", "writethrough", "writearound", "none"])),
    }
}

fn bcache(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let wanted = bcache_request(drives, dice);
    drives.create_bcache(ids, &wanted).map(drop)
}

fn change_bcache(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let (id, wanted) = (any_group(drives, dice)?, bcache_request(drives, dice));
    if drives.backing(id).is_none_or(|backing| {
        drives.filesystem(backing).is_none_or(|found| found.content.name() != "bcache-backing")
    }) {
        return Err(StorageError::NotFound("Bcache"));
    }
    drives.update_bcache(ids, id, &wanted)
}

fn delete_group(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let id = any_group(drives, dice)?;
    drives.delete_group(id)
}

fn delete_device(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    if drives.disks.len() == 1 && drives.is_boot_disk(device) {
        return Err(StorageError::NotFound("BlockDevice"));
    }
    drives.delete_device(device)
}

fn boot_disk(drives: &mut Drives, _: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let device = any_device(drives, dice)?;
    drives.set_boot_disk(device)
}

fn add_disk(drives: &mut Drives, ids: &mut Ids, dice: &mut Dice) -> Result<(), StorageError> {
    let wanted = DeviceChange {
        name: perhaps(dice, &["sdx", "sdy", "a/b"]),
        id_path: perhaps(dice, &["/dev/disk/by-id/wwn-x", "/dev/disk/by-id/wwn-y", "wwn"]),
        size: text(dice.of(SIZES)),
        block_size: text(dice.of(&["512", "4096", "100"])),
        ..DeviceChange::default()
    };
    drives.create_disk(ids, &wanted).map(drop)
}
