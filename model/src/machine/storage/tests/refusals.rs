//! What is refused, and how MAAS says so.

use super::{Bench, laid_out, texts, wrong};
use crate::machine::storage::StorageError;
use crate::machine::storage::cache::{BcacheRequest, CachePlace};
use crate::machine::storage::disks::DeviceChange;
use crate::machine::storage::filesystem::{NewFilesystem, NewMount};
use crate::machine::storage::group::GroupChange;
use crate::machine::storage::lvm::{NewGroup, NewVolume};
use crate::machine::storage::partition::NewPartition;
use crate::machine::storage::raid::{NewRaid, RaidChange};

fn text(message: &str) -> StorageError {
    StorageError::text(message)
}

fn all(message: &str) -> StorageError {
    wrong("__all__", message)
}

fn format(bench: &mut Bench, name: &str, fstype: &str) -> Result<(), StorageError> {
    let wanted = NewFilesystem { fstype: Some(fstype.to_owned()), ..NewFilesystem::default() };
    let place = bench.at(name);
    bench.drives.format(&mut bench.ids, place, &wanted)
}

fn mount(bench: &mut Bench, name: &str, point: &str) -> Result<(), StorageError> {
    let wanted = NewMount { point: Some(point.to_owned()), options: None };
    let place = bench.at(name);
    bench.drives.mount(place, &wanted)
}

fn group(bench: &mut Bench, name: &str, devices: &[&str]) -> Result<(), StorageError> {
    let wanted = NewGroup {
        name: Some(name.to_owned()),
        block_devices: texts(devices),
        ..NewGroup::default()
    };
    bench.drives.create_volume_group(&mut bench.ids, &wanted).map(drop)
}

fn raid(
    bench: &mut Bench,
    level: &str,
    devices: &[&str],
    spare: &[&str],
) -> Result<(), StorageError> {
    let wanted = NewRaid {
        level: Some(level.to_owned()),
        block_devices: texts(devices),
        spare_devices: texts(spare),
        ..NewRaid::default()
    };
    bench.drives.create_raid(&mut bench.ids, &wanted).map(drop)
}

#[test]
fn of_partitions() {
    let mut bench = laid_out("flat", 2);
    let sdb = bench.drives.device_named("sdb").unwrap().id();
    let mut make = |size: &str| {
        let wanted = NewPartition { size: Some(size.to_owned()), ..NewPartition::default() };
        bench.drives.create_partition(&mut bench.ids, sdb, &wanted).map(drop)
    };
    let least = "Ensure this value is greater than or equal to 4194304.";
    assert_eq!(make("1"), Err(wrong("size", least)));
    assert_eq!(make("1k%"), Err(wrong("size", "Enter a valid value.")));
    let most = "Ensure this value is less than or equal to 42949672960.";
    assert_eq!(make("1T"), Err(wrong("size", most)));
    let full = "Partition cannot be saved; not enough free space on the block device.";
    assert_eq!(make("42949672960"), Err(wrong("size", full)));
    assert_eq!(make("10G"), Ok(()));
    assert_eq!(
        format(&mut bench, "sdb", "ext4"),
        Err(all("Cannot format block device with a partition table."))
    );
    group(&mut bench, "vg", &[]).unwrap_err();
    let wanted = NewGroup {
        name: Some("vg".to_owned()),
        partitions: texts(&["sdb-part2"]),
        ..NewGroup::default()
    };
    bench.drives.create_volume_group(&mut bench.ids, &wanted).unwrap();
    let first = bench.drives.partitions(sdb)[0].id;
    let refused = bench.drives.delete_partition(sdb, first);
    assert_eq!(refused, Err(text("Cannot delete partition because its part of a volume group.")));
    let refused = bench.drives.delete_device(sdb);
    assert_eq!(
        refused,
        Err(text("Cannot delete block device because its part of a volume group."))
    );
}

#[test]
fn of_file_systems() {
    let mut bench = laid_out("flat", 3);
    let boot = "Cannot place filesystem directly on the boot disk. Create a partition on the boot \
                disk first and then format the partition.";
    let mut blank = laid_out("blank", 1);
    assert_eq!(format(&mut blank, "sda", "ext4"), Err(all(boot)));
    let choice = "Select a valid choice. ntfs is not one of the available choices.";
    assert_eq!(format(&mut bench, "sdb", "ntfs"), Err(wrong("fstype", choice)));
    assert_eq!(format(&mut bench, "sdb", ""), Err(wrong("fstype", "This field is required.")));
    let virtual_ones = "Virtual filesystems must be mounted.";
    assert_eq!(format(&mut bench, "sdb", "tmpfs"), Err(all(virtual_ones)));
    assert!(format(&mut bench, "sdb", "zfsroot").is_err());
    let unformatted = "Cannot mount an unformatted partition or block device.";
    assert_eq!(mount(&mut bench, "sdb", "/srv"), Err(all(unformatted)));
    let sdb = bench.at("sdb");
    assert_eq!(bench.drives.unmount(sdb), Err(text("Block device is not formatted.")));
    format(&mut bench, "sdb", "xfs").unwrap();
    assert_eq!(bench.drives.unmount(sdb), Err(text("Filesystem is already unmounted.")));
    let taken = "Another filesystem is already mounted at /.";
    assert_eq!(mount(&mut bench, "sdb", "/"), Err(all(taken)));
    assert_eq!(mount(&mut bench, "sdb", "srv"), Err(wrong("mount_point", "Enter a valid value.")));
    mount(&mut bench, "sdb", "/srv").unwrap();
    let mounted = "Filesystem is mounted and cannot be unformatted. Unmount the filesystem before \
                   unformatting the block device.";
    assert_eq!(bench.drives.unformat(sdb), Err(text(mounted)));
    bench.drives.unmount(sdb).unwrap();
    bench.drives.unformat(sdb).unwrap();
    group(&mut bench, "vg", &["sdb"]).unwrap();
    let part = "Filesystem is part of a volume group, and cannot be unformatted. Remove block \
                device from volume group before unformatting the block device.";
    assert_eq!(bench.drives.unformat(sdb), Err(text(part)));
    let of_group = "Filesystem is part of a filesystem group, and cannot be mounted.";
    assert_eq!(mount(&mut bench, "sdb", "/srv"), Err(all(of_group)));
    let has = "Cannot format a block device that has a filesystem type of lvm-pv.";
    assert_eq!(format(&mut bench, "sdb", "ext4"), Err(text(has)));
    let special = bench.drives.unmount_special(Some("/tmp"));
    let none = "No special filesystem is mounted at this path.";
    assert_eq!(special, Err(wrong("mount_point", none)));
    let used = "Cannot be set as the boot disk; already in-use in volume group 'vg'.";
    let id = bench.drives.device_named("sdb").unwrap().id();
    assert_eq!(bench.drives.set_boot_disk(id), Err(wrong("boot_disk", used)));
}

#[test]
fn of_raids() {
    let mut bench = laid_out("flat", 5);
    let level = |number, min, end| {
        all(&format!("RAID level {number} must have at least {min} raid devices and {end}."))
    };
    for (name, devices, spare, refused) in [
        ("raid-0", vec!["sdb"], vec![], level(0, 2, "no spares")),
        ("raid-0", vec!["sdb", "sdc"], vec!["sdd"], level(0, 2, "no spares")),
        ("raid-1", vec!["sdb"], vec!["sdc"], level(1, 2, "any number of spares")),
        ("raid-5", vec!["sdb", "sdc"], vec![], level(5, 3, "any number of spares")),
        ("raid-6", vec!["sdb", "sdc", "sdd"], vec![], level(6, 4, "any number of spares")),
        ("raid-10", vec!["sdb", "sdc"], vec![], level(10, 3, "any number of spares")),
        (
            "raid-1",
            vec![],
            vec![],
            all("At least one block device or partition must be added to the array."),
        ),
        (
            "raid-2",
            vec!["sdb", "sdc"],
            vec![],
            wrong("level", "Select a valid choice. raid-2 is not one of the available choices."),
        ),
        (
            "raid-1",
            vec!["sda", "sdb"],
            vec![],
            wrong(
                "block_devices",
                "Select a valid choice. sda is not one of the available choices.",
            ),
        ),
    ] {
        let before = bench.drives.clone();
        assert_eq!(raid(&mut bench, name, &devices, &spare), Err(refused), "{name} {devices:?}");
        bench.drives = before;
    }
    raid(&mut bench, "raid-1", &["sdb", "sdc"], &[]).unwrap();
    let id = bench.group("md0");
    let change = |add: &[&str], remove: &[&str]| RaidChange {
        group: GroupChange {
            add_block_devices: texts(add),
            remove_block_devices: texts(remove),
            ..GroupChange::default()
        },
        ..RaidChange::default()
    };
    let refused = bench.drives.clone().update_raid(&mut bench.ids, id, &change(&[], &["sdb"]));
    assert_eq!(refused, Err(level(1, 2, "any number of spares")));
    let refused = bench.drives.update_raid(&mut bench.ids, id, &change(&["md0"], &[]));
    let itself = "Select a valid choice. md0 is not one of the available choices.";
    assert_eq!(refused, Err(wrong("add_block_devices", itself)));
}

#[test]
fn of_volume_groups() {
    let mut bench = laid_out("flat", 4);
    let none = "At least one valid block device or partition is required.";
    assert_eq!(group(&mut bench, "vg", &[]), Err(all(none)));
    assert_eq!(group(&mut bench, "", &["sdb"]), Err(wrong("name", "This field is required.")));
    group(&mut bench, "vg", &["sdb", "sdc"]).unwrap();
    let id = bench.group("vg");
    let mut volume = |name: &str, size: Option<&str>| {
        let wanted = NewVolume {
            name: Some(name.to_owned()),
            size: size.map(str::to_owned),
            ..NewVolume::default()
        };
        bench.drives.create_volume(&mut bench.ids, id, &wanted)
    };
    let most = "Ensure this value is less than or equal to 85890957312.";
    assert_eq!(volume("a", Some("1T")), Err(wrong("size", most)));
    let first = volume("a", Some("50G")).unwrap();
    let twice = "Block device with this Node config and Name already exists.";
    assert_eq!(volume("a", Some("1G")), Err(all(twice)));
    volume("b", None).unwrap();
    let full = "Volume group (vg) cannot hold any more logical volumes, because it doesn't have \
                enough free space.";
    assert_eq!(volume("c", None), Err(all(full)));
    let grown = DeviceChange { size: Some("60G".to_owned()), ..DeviceChange::default() };
    let large = "There is not enough free space (60.0 GB) on volume group vg.";
    assert_eq!(bench.drives.update_device(first, &grown), Err(all(large)));
    let smaller = GroupChange { remove_block_devices: texts(&["sdc"]), ..GroupChange::default() };
    let refused = bench.drives.clone().update_volume_group(&mut bench.ids, id, &smaller);
    assert_eq!(refused, Err(text("Volume group cannot be smaller than its logical volumes.")));
    let has = "This volume group has logical volumes; it cannot be deleted.";
    assert_eq!(bench.drives.delete_group(id), Err(text(has)));
    let wanted = NewPartition::default();
    let table = bench.drives.create_partition(&mut bench.ids, first, &wanted);
    let no_table = "Cannot create a partition table on a logical volume.";
    assert_eq!(table, Err(wrong("block_device", no_table)));
    bench.drives.delete_volume(id, first).unwrap();
    bench.drives.delete_volume(id, first).unwrap();
}

#[test]
fn of_caches() {
    let mut bench = laid_out("flat", 4);
    let place = |device: Option<&str>, partition: Option<&str>| CachePlace {
        device: device.map(str::to_owned),
        partition: partition.map(str::to_owned),
    };
    let refused = bench.drives.create_cache_set(&mut bench.ids, &place(None, None));
    let none = "Either cache_device or cache_partition must be specified.";
    assert_eq!(refused, Err(all(none)));
    let set = bench.drives.create_cache_set(&mut bench.ids, &place(Some("sdb"), None)).unwrap();
    let request = |backing: Option<&str>, set: Option<&str>| BcacheRequest {
        backing_device: backing.map(str::to_owned),
        cache_set: set.map(str::to_owned),
        cache_mode: Some("writeback".to_owned()),
        ..BcacheRequest::default()
    };
    let no_backing = "Either backing_device or backing_partition must be specified.";
    let refused = bench.drives.create_bcache(&mut bench.ids, &request(None, Some("cache0")));
    assert_eq!(refused, Err(all(no_backing)));
    let Err(StorageError::Fields(fields)) =
        bench.drives.create_bcache(&mut bench.ids, &request(Some("sdc"), None))
    else {
        panic!("it has no cache set");
    };
    assert_eq!(fields.0["cache_set"], ["This field is required."]);
    assert_eq!(fields.0["__all__"], ["Bcache requires a cache_set."]);
    group(&mut bench, "vg", &["sdd"]).unwrap();
    let wanted = NewVolume { name: Some("lv".to_owned()), ..NewVolume::default() };
    let vg = bench.group("vg");
    bench.drives.create_volume(&mut bench.ids, vg, &wanted).unwrap();
    let refused = bench.drives.create_bcache(&mut bench.ids, &request(Some("lv"), Some("cache0")));
    let volume = "Bcache cannot use a logical volume as a backing device.";
    assert_eq!(refused, Err(all(volume)));
    bench.drives.create_bcache(&mut bench.ids, &request(Some("sdc"), Some("cache0"))).unwrap();
    let used = "Cannot delete cache set; it's currently in use.";
    assert_eq!(bench.drives.delete_cache_set(set), Err(text(used)));
}

#[test]
fn of_layouts_and_datastores() {
    let mut bench = laid_out("flat", 2);
    let before = bench.drives.clone();
    let min = "Size is too small. Minimum size is 3221225472.";
    let refused = bench.apply("flat", |request| request.root_size = Some("1G".to_owned()));
    assert_eq!(refused, Err(wrong("root_size", min)));
    let max = "Size is too large. Maximum size is 41875931136.";
    let refused = bench.apply("flat", |request| request.root_size = Some("1T".to_owned()));
    assert_eq!(refused, Err(wrong("root_size", max)));
    let both = "Size of the boot partition and root partition are larger than the available space \
                on the boot disk.";
    let refused = bench.apply("flat", |request| {
        request.boot_size = Some("20G".to_owned());
        request.root_size = Some("30G".to_owned());
    });
    assert_eq!(refused, Err(all(both)));
    let refused = bench.apply("lvm", |request| request.root_device = Some("7".to_owned()));
    let one_of = "'7' is not a valid root_device.  It should be one of: '1', '2'.";
    assert_eq!(refused, Err(wrong("root_device", one_of)));
    let refused = bench.apply("flat", |request| request.vg_name = Some("vg".to_owned()));
    let unused = "The layout flat has no vg_name: leave it out.";
    assert_eq!(refused, Err(wrong("vg_name", unused)));
    let refused = bench.apply("custom", |_| ());
    let none = "Failed to configure storage layout 'custom': No custom storage layout \
                configuration found";
    assert_eq!(refused, Err(text(none)));
    let refused = bench.apply("zfs", |_| ());
    assert!(matches!(refused, Err(StorageError::Fields(wrong)) if wrong.has("storage_layout")));
    let wanted = NewGroup {
        name: Some("ds".to_owned()),
        block_devices: texts(&["sdb"]),
        ..NewGroup::default()
    };
    let refused = bench.drives.create_datastore(&mut bench.ids, &wanted);
    let vmfs = "VMFS Datastores may only be created after the VMFS6 or VMFS7 storage layout has \
                been applied.";
    assert_eq!(refused, Err(wrong("VMFS", vmfs)));
    assert_eq!(bench.drives, before, "nothing of it was done");
    bench.drives.disks[1].tags.clear();
    let cache = "Failed to configure storage layout 'bcache': Node doesn't have an available cache \
                 device to setup bcache.";
    assert_eq!(bench.apply("bcache", |_| ()), Err(text(cache)));
    bench.apply("vmfs7", |_| ()).unwrap();
    let sda = bench.drives.device_named("sda").unwrap().id();
    let base = bench.drives.partition_named("sda-part7").unwrap();
    let stays = "VMware ESXi partitions may not be removed. To remove select a different storage \
                 layout.";
    assert_eq!(bench.drives.delete_partition(sda, base), Err(text(stays)));
    let formatted = "Base VMFS partitions may not be formatted.";
    assert_eq!(format(&mut bench, "sda-part5", "ext4"), Err(wrong("VMFS", formatted)));
    bench.drives.disks[0].size_bytes = 9 << 30;
    let small = "Boot disk must be at least 10Gb.";
    assert_eq!(bench.apply("vmfs6", |_| ()), Err(wrong("boot_size", small)));
}

#[test]
fn of_deployments() {
    let none = "Mount the root '/' filesystem to be able to deploy this node.";
    assert_eq!(laid_out("blank", 1).drives.issues("debian"), [none]);
    assert_eq!(laid_out("vmfs7", 1).drives.issues("debian"), [none]);
    let no_disks = "There are currently no storage devices.  Please add a storage device to be \
                    able to deploy this node.";
    let mut bench = laid_out("bcache", 2);
    assert_eq!(bench.drives.issues("debian"), Vec::<String>::new());
    let boot = bench.at("sda-part2");
    bench.drives.unmount(boot).unwrap();
    let cached = "This node cannot be deployed because it cannot boot from a bcache volume. Mount \
                  /boot on a non-bcache device to be able to deploy this node.";
    assert_eq!(bench.drives.issues("debian"), [cached]);
    bench.drives.disks.clear();
    assert_eq!(bench.drives.issues("debian"), [no_disks]);
}
