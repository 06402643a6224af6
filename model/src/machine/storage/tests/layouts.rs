//! What is made of disks, layout by layout and firmware by firmware.

use super::{Bench, bench, laid_out, lines, names_what_stands_before, texts};
use crate::machine::hardware::Firmware;
use crate::machine::storage::Drives;
use crate::machine::storage::cache::{BcacheRequest, CachePlace};
use crate::machine::storage::config::LayoutName;
use crate::machine::storage::disks::DeviceChange;
use crate::machine::storage::filesystem::{NewFilesystem, NewMount};
use crate::machine::storage::lvm::{NewGroup, NewVolume};
use crate::machine::storage::partition::NewPartition;
use crate::machine::storage::raid::NewRaid;
use crate::machine::storage::render::render;

fn rendered(bench: &Bench) -> String {
    let items = render(&bench.drives);
    names_what_stands_before(&items);
    lines(&items)
}

#[test]
fn every_layout_on_every_firmware() {
    let platforms = [
        ("bios", "amd64", Firmware::Bios),
        ("uefi", "amd64", Firmware::Uefi),
        ("arm64-uefi", "arm64", Firmware::Uefi),
        ("arm64-uboot", "arm64", Firmware::Bios),
        ("power", "ppc64el", Firmware::Bios),
    ];
    for (platform, architecture, firmware) in platforms {
        for layout in ["flat", "lvm", "bcache", "vmfs6", "vmfs7", "blank"] {
            let mut bench = bench(architecture, firmware, 2);
            bench.apply(layout, |_| ()).unwrap();
            insta::assert_snapshot!(format!("{layout}-{platform}"), rendered(&bench));
        }
    }
}

#[test]
fn disks_that_were_never_laid_out_are_flat_and_the_others_left_alone() {
    let bench = bench("amd64", Firmware::Uefi, 3);
    let items = render(&bench.drives.or_flat());
    names_what_stands_before(&items);
    insta::assert_snapshot!(lines(&items));
    assert_eq!(bench.drives.issues("debian"), Vec::<String>::new());
}

#[test]
fn a_layout_is_as_large_as_it_is_asked_for() {
    let mut lvm = laid_out("blank", 2);
    lvm.apply("lvm", |request| {
        request.boot_size = Some("1G".to_owned());
        request.root_size = Some("50%".to_owned());
        request.vg_name = Some("group".to_owned());
        request.lv_name = Some("volume".to_owned());
        request.lv_size = Some("50%".to_owned());
    })
    .unwrap();
    insta::assert_snapshot!("sized-lvm", rendered(&lvm));
    let mut bcache = laid_out("lvm", 2);
    bcache
        .apply("bcache", |request| {
            request.cache_device = Some("2".to_owned());
            request.cache_mode = Some("writeback".to_owned());
            request.cache_no_part = Some(true);
        })
        .unwrap();
    insta::assert_snapshot!("whole-cache", rendered(&bcache));
    let mut elsewhere = laid_out("blank", 2);
    elsewhere.apply("flat", |request| request.root_device = Some("/dev/sdb".to_owned())).unwrap();
    insta::assert_snapshot!("root-elsewhere", rendered(&elsewhere));
}

fn raid(bench: &mut Bench, level: &str, devices: &[&str], spare: &[&str]) {
    let wanted = NewRaid {
        level: Some(level.to_owned()),
        block_devices: texts(devices),
        spare_devices: texts(spare),
        ..NewRaid::default()
    };
    bench.drives.create_raid(&mut bench.ids, &wanted).unwrap();
}

fn format(bench: &mut Bench, name: &str, fstype: &str) {
    let wanted = NewFilesystem { fstype: Some(fstype.to_owned()), ..NewFilesystem::default() };
    let place = bench.at(name);
    bench.drives.format(&mut bench.ids, place, &wanted).unwrap();
}

fn mount(bench: &mut Bench, name: &str, point: Option<&str>) {
    let wanted = NewMount { point: point.map(str::to_owned), options: Some("noatime".to_owned()) };
    let place = bench.at(name);
    bench.drives.mount(place, &wanted).unwrap();
}

#[test]
fn a_mirror_with_the_boot_disk_is_made_of_partitions_and_boots_from_both() {
    let mut bench = laid_out("blank", 2);
    raid(&mut bench, "raid-1", &["sda", "sdb"], &[]);
    format(&mut bench, "md0", "ext4");
    mount(&mut bench, "md0", Some("/"));
    insta::assert_snapshot!(rendered(&bench));
    assert_eq!(bench.drives.issues("debian"), Vec::<String>::new());
}

#[test]
fn raid_5_with_a_spare_is_partitioned() {
    let mut bench = laid_out("flat", 5);
    raid(&mut bench, "raid-5", &["sdb", "sdc", "sdd"], &["sde"]);
    let md0 = bench.drives.device_named("md0").unwrap().id();
    let wanted = NewPartition::default();
    bench.drives.create_partition(&mut bench.ids, md0, &wanted).unwrap();
    format(&mut bench, "md0-part1", "xfs");
    mount(&mut bench, "md0-part1", Some("/srv"));
    insta::assert_snapshot!(rendered(&bench));
}

#[test]
fn logical_volumes_lie_on_a_raid_that_was_made_after_their_group_s_name() {
    let mut bench = laid_out("flat", 3);
    raid(&mut bench, "raid-0", &["sdb", "sdc"], &[]);
    let wanted = NewGroup {
        name: Some("data".to_owned()),
        block_devices: texts(&["md0"]),
        ..NewGroup::default()
    };
    let group = bench.drives.create_volume_group(&mut bench.ids, &wanted).unwrap();
    for (name, size) in [("a", Some("10G")), ("b", None)] {
        let wanted = NewVolume {
            name: Some(name.to_owned()),
            size: size.map(str::to_owned),
            ..NewVolume::default()
        };
        bench.drives.create_volume(&mut bench.ids, group, &wanted).unwrap();
    }
    format(&mut bench, "data-a", "btrfs");
    mount(&mut bench, "data-a", Some("/srv/a"));
    format(&mut bench, "data-b", "swap");
    mount(&mut bench, "data-b", None);
    // The order in which they were made does not count.
    bench.drives.storage.groups.reverse();
    insta::assert_snapshot!(rendered(&bench));
}

#[test]
fn swap_xfs_fat_and_memory_are_mounted() {
    let mut bench = laid_out("flat", 3);
    format(&mut bench, "sdb", "xfs");
    mount(&mut bench, "sdb", Some("/var"));
    format(&mut bench, "sdc", "swap");
    mount(&mut bench, "sdc", None);
    for (fstype, point) in [("tmpfs", "/var/tmp"), ("ramfs", "/mnt/ram")] {
        let wanted = NewMount { point: Some(point.to_owned()), options: None };
        bench.drives.mount_special(&mut bench.ids, Some(fstype), &wanted).unwrap();
    }
    insta::assert_snapshot!(rendered(&bench));
}

#[test]
fn what_is_cached_can_lie_on_a_raid() {
    let mut bench = laid_out("flat", 4);
    raid(&mut bench, "raid-1", &["sdc", "sdd"], &[]);
    let place = CachePlace { device: Some("sdb".to_owned()), partition: None };
    bench.drives.create_cache_set(&mut bench.ids, &place).unwrap();
    let wanted = BcacheRequest {
        cache_set: Some("cache0".to_owned()),
        backing_device: Some("md0".to_owned()),
        cache_mode: Some("writearound".to_owned()),
        ..BcacheRequest::default()
    };
    bench.drives.create_bcache(&mut bench.ids, &wanted).unwrap();
    format(&mut bench, "bcache0", "ext4");
    mount(&mut bench, "bcache0", Some("/srv"));
    bench.drives.storage.groups.reverse();
    insta::assert_snapshot!(rendered(&bench));
}

#[test]
fn a_master_boot_record_has_its_fifth_partition_in_an_extended_one() {
    let mut bench = laid_out("blank", 2);
    let sdb = bench.drives.device_named("sdb").unwrap().id();
    let wanted = NewPartition { size: Some("4G".to_owned()), ..NewPartition::default() };
    bench.drives.create_partition(&mut bench.ids, sdb, &wanted).unwrap();
    let change =
        DeviceChange { partition_table_type: Some("MBR".to_owned()), ..DeviceChange::default() };
    bench.drives.update_device(sdb, &change).unwrap();
    for _ in 0..4 {
        bench.drives.create_partition(&mut bench.ids, sdb, &wanted).unwrap();
    }
    let numbers = |drives: &Drives| -> Vec<u32> {
        drives.partitions(sdb).iter().map(|partition| partition.number).collect()
    };
    assert_eq!(numbers(&bench.drives), [1, 2, 3, 5, 6]);
    insta::assert_snapshot!(rendered(&bench));
    let second = bench.drives.partitions(sdb)[1].id;
    bench.drives.delete_partition(sdb, second).unwrap();
    assert_eq!(numbers(&bench.drives), [1, 2, 3, 5]);
}

#[test]
fn a_default_that_does_not_fit_leaves_disks_blank_and_one_without_a_cache_is_flat() {
    let mut small = bench("amd64", Firmware::Uefi, 1);
    small.drives.disks[0].size_bytes = 100 << 20;
    assert!(small.drives.apply_default(&mut small.ids, LayoutName::Flat, None).is_err());
    assert_eq!(small.drives.storage.layout, Some(LayoutName::Blank));
    assert!(small.drives.storage.tables.is_empty());
    let mut one = bench("amd64", Firmware::Uefi, 1);
    one.drives.apply_default(&mut one.ids, LayoutName::Bcache, None).unwrap();
    assert_eq!(one.drives.storage.layout, Some(LayoutName::Flat));
}
