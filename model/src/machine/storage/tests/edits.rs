//! Sizes and uses as MAAS computes them, and what changes do to them. The figures of MAAS were recorded at one.

use super::{Bench, DISK_BYTES, bench, disk, laid_out, texts};
use crate::machine::hardware::Firmware;
use crate::machine::storage::cache::{BcacheRequest, CachePlace};
use crate::machine::storage::config::{CacheMode, GroupKind, Place};
use crate::machine::storage::disks::DeviceChange;
use crate::machine::storage::filesystem::{NewFilesystem, NewMount};
use crate::machine::storage::group::GroupChange;
use crate::machine::storage::lvm::{NewGroup, NewVolume};
use crate::machine::storage::partition::NewPartition;
use crate::machine::storage::raid::{NewRaid, RaidChange};
use crate::machine::storage::size::MIB;

/// Disks of 20 GB, as the recorded machine had.
fn recorded(disks: u32) -> Bench {
    let mut bench = bench("amd64", Firmware::Bios, 0);
    bench.drives.disks = (1..=disks).map(|number| disk(number, 20_000_000_000, "ssd")).collect();
    bench.apply("blank", |_| ()).unwrap();
    bench
}

fn volume_group(bench: &mut Bench, name: &str, devices: &[&str]) {
    let wanted = NewGroup {
        name: Some(name.to_owned()),
        block_devices: texts(devices),
        ..NewGroup::default()
    };
    bench.drives.create_volume_group(&mut bench.ids, &wanted).unwrap();
}

#[test]
fn sizes_are_those_that_were_recorded_at_maas() {
    let mut bench = recorded(5);
    assert_eq!(bench.drives.available_size(bench.drives.disks[1].id), 19_990_052_864);
    assert_eq!(bench.drives.used_size(bench.at("sdb")), 0);
    volume_group(&mut bench, "vg0", &["sdb"]);
    let group = bench.group("vg0");
    let size = bench.drives.group_size(bench.drives.group(group).unwrap());
    assert_eq!(size, 19_994_247_168);
    let wanted = NewVolume {
        name: Some("lv0".to_owned()),
        size: Some("5G".to_owned()),
        ..NewVolume::default()
    };
    let volume = bench.drives.create_volume(&mut bench.ids, group, &wanted).unwrap();
    assert_eq!(bench.drives.size(Place::Device(volume)), 4_999_610_368);
    assert_eq!(bench.drives.available_size(volume), 4_991_221_760);
    assert_eq!(bench.drives.free(bench.drives.group(group).unwrap()), 14_994_636_800);
    let raid = NewRaid {
        level: Some("raid-1".to_owned()),
        block_devices: texts(&["sdc", "sdd"]),
        ..NewRaid::default()
    };
    bench.drives.create_raid(&mut bench.ids, &raid).unwrap();
    assert_eq!(bench.drives.size(bench.at("md0")), 19_999_868_928);
    let md0 = bench.drives.device_named("md0").unwrap().id();
    assert_eq!(bench.drives.available_size(md0), 19_990_052_864);
    let mut vmfs = recorded(2);
    vmfs.apply("vmfs6", |_| ()).unwrap();
    assert_eq!(vmfs.drives.size(vmfs.at("sda-part3")), 12_075_401_216);
    let wanted = NewGroup {
        name: Some("ds2".to_owned()),
        block_devices: texts(&["sdb"]),
        ..NewGroup::default()
    };
    vmfs.drives.create_datastore(&mut vmfs.ids, &wanted).unwrap();
    assert_eq!(vmfs.drives.size(vmfs.at("sdb-part2")), 19_990_052_864);
    assert_eq!(vmfs.drives.size(vmfs.at("ds2")), 19_990_052_864);
    assert_eq!(vmfs.drives.used_for(vmfs.at("sdb-part2")), "VMFS extent for ds2");
    let mounted = "vmfs6 formatted filesystem mounted at /vmfs/volumes/ds2";
    assert_eq!(vmfs.drives.used_for(vmfs.at("ds2")), mounted);
}

#[test]
fn a_raid_is_as_large_as_its_level_says() {
    const LEAST: u64 = DISK_BYTES;
    let superblock = 128 * 1024;
    for (level, spares, size) in [
        ("raid-0", 0, 4 * LEAST - 4 * superblock),
        ("raid-1", 1, LEAST - superblock),
        ("raid-5", 1, 3 * LEAST - superblock),
        ("raid-6", 1, 2 * LEAST - superblock),
        ("raid-10", 1, 2 * LEAST - superblock),
    ] {
        let mut bench = laid_out("flat", 6);
        let spare = if spares == 1 { vec!["sdf"] } else { Vec::new() };
        let wanted = NewRaid {
            name: Some("r".to_owned()),
            level: Some(level.to_owned()),
            block_devices: texts(&["sdb", "sdc", "sdd", "sde"]),
            spare_devices: texts(&spare),
            ..NewRaid::default()
        };
        bench.drives.create_raid(&mut bench.ids, &wanted).unwrap();
        assert_eq!(bench.drives.size(bench.at("r")), size, "{level}");
        let used = format!("Active {level} device for r");
        assert_eq!(bench.drives.used_for(bench.at("sdb")), used);
    }
}

#[test]
fn a_raid_loses_and_gets_members() {
    let mut bench = laid_out("flat", 5);
    let wanted = NewRaid {
        level: Some("raid-1".to_owned()),
        block_devices: texts(&["sdb", "sdc"]),
        spare_devices: texts(&["sdd"]),
        ..NewRaid::default()
    };
    let id = bench.drives.create_raid(&mut bench.ids, &wanted).unwrap();
    assert_eq!(bench.drives.used_for(bench.at("sdd")), "Spare raid-1 device for md0");
    let change = RaidChange {
        group: GroupChange {
            name: Some("mirror".to_owned()),
            add_block_devices: texts(&["sde"]),
            ..GroupChange::default()
        },
        remove_spare_devices: texts(&["sdd"]),
        ..RaidChange::default()
    };
    bench.drives.update_raid(&mut bench.ids, id, &change).unwrap();
    assert!(bench.drives.is_free(bench.at("sdd")));
    assert_eq!(bench.drives.used_for(bench.at("sde")), "Active raid-1 device for mirror");
    assert_eq!(
        bench.drives.device_named("mirror").map(|device| device.name()).as_deref(),
        Some("mirror")
    );
    bench.drives.delete_group(id).unwrap();
    assert!(["sdb", "sdc", "sde"].iter().all(|name| bench.drives.is_free(bench.at(name))));
}

#[test]
fn a_cached_device_follows_its_backing_device_and_cache_set() {
    let mut bench = laid_out("flat", 5);
    for device in ["sdb", "sdd"] {
        let place = CachePlace { device: Some(device.to_owned()), partition: None };
        bench.drives.create_cache_set(&mut bench.ids, &place).unwrap();
    }
    assert_eq!(bench.drives.used_for(bench.at("sdd")), "Cache device for cache1");
    let wanted = BcacheRequest {
        cache_set: Some("cache0".to_owned()),
        backing_device: Some("sdc".to_owned()),
        cache_mode: Some("writeback".to_owned()),
        ..BcacheRequest::default()
    };
    let id = bench.drives.create_bcache(&mut bench.ids, &wanted).unwrap();
    assert_eq!(bench.drives.used_for(bench.at("sdc")), "Backing device for bcache0");
    let change = BcacheRequest {
        name: Some("fast".to_owned()),
        cache_set: Some("cache1".to_owned()),
        backing_device: Some("sde".to_owned()),
        cache_mode: Some("writethrough".to_owned()),
        ..BcacheRequest::default()
    };
    bench.drives.update_bcache(&mut bench.ids, id, &change).unwrap();
    assert!(bench.drives.is_free(bench.at("sdc")));
    assert_eq!(bench.drives.used_for(bench.at("sde")), "Backing device for fast");
    let cache1 = bench.drives.cache_set_named("cache1").unwrap();
    let kind = &bench.drives.group(id).unwrap().kind;
    assert!(matches!(kind, GroupKind::Bcache { mode: CacheMode::Writethrough, cache_set, .. }
        if *cache_set == cache1));
    let cache0 = bench.drives.cache_set_named("cache0").unwrap();
    let place = CachePlace { device: Some("sdc".to_owned()), partition: None };
    bench.drives.update_cache_set(&mut bench.ids, cache0, &place).unwrap();
    bench.drives.delete_cache_set(cache0).unwrap();
    assert!(bench.drives.is_free(bench.at("sdc")));
    assert_eq!(bench.drives.cache_set_name(cache1), "cache0");
}

#[test]
fn what_an_owner_changes_is_taken_back() {
    let mut bench = laid_out("flat", 2);
    let before = bench.drives.storage.clone();
    bench.drives.storage.keep_for_owner();
    let xfs = NewFilesystem { fstype: Some("xfs".to_owned()), ..NewFilesystem::default() };
    let sdb = bench.at("sdb");
    bench.drives.format(&mut bench.ids, sdb, &xfs).unwrap();
    bench.drives.storage.keep_for_owner();
    let mount = NewMount { point: Some("/tmp".to_owned()), options: None };
    bench.drives.mount_special(&mut bench.ids, Some("tmpfs"), &mount).unwrap();
    bench.drives.storage.give_back();
    assert_eq!(bench.drives.storage, before);
}

#[test]
fn a_copy_is_laid_out_alike_with_ids_of_its_own() {
    let mut source = laid_out("bcache", 4);
    volume_group(&mut source, "data", &["sdc"]);
    let mut copy = laid_out("blank", 5);
    copy.ids.last = 1000;
    copy.drives.disks.rotate_left(1);
    for disk in &mut copy.drives.disks {
        disk.size_bytes += 8 * MIB;
        disk.id.0 += 10;
    }
    copy.drives.check_like(&source.drives).unwrap();
    copy.drives.become_like(&mut copy.ids, &source.drives).unwrap();
    let kinds = |bench: &Bench| {
        let found = bench.drives.storage.filesystems.iter();
        found.map(|found| found.content.name()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&copy), kinds(&source));
    assert_eq!(copy.drives.issues("debian"), Vec::<String>::new());
    let theirs: Vec<u32> = source.drives.devices().iter().map(|device| device.id().0).collect();
    assert!(copy.drives.devices().iter().all(|device| !theirs.contains(&device.id().0)));
    let before = copy.drives.clone();
    source.drives.disks.push(disk(9, 8 * DISK_BYTES, "ssd"));
    let refused = copy.drives.become_like(&mut copy.ids, &source.drives).unwrap_err();
    assert!(refused.ends_with("physical disks: sdi (343.6 GB)"), "{refused}");
    assert_eq!(copy.drives, before);
}

#[test]
fn a_disk_is_added_changed_and_removed_by_hand() {
    let mut bench = laid_out("flat", 1);
    let wanted = DeviceChange {
        name: Some("sdx".to_owned()),
        model: Some("M".to_owned()),
        serial: Some("X".to_owned()),
        size: Some("10G".to_owned()),
        block_size: Some("4096".to_owned()),
        ..DeviceChange::default()
    };
    let id = bench.drives.create_disk(&mut bench.ids, &wanted).unwrap();
    let partition = NewPartition::default();
    bench.drives.create_partition(&mut bench.ids, id, &partition).unwrap();
    let used = bench.drives.used_for(Place::Device(id));
    assert_eq!(used, "GPT partitioned with 1 partition");
    let change = DeviceChange { name: Some("sdy".to_owned()), ..DeviceChange::default() };
    bench.drives.update_device(id, &change).unwrap();
    bench.drives.tag_device(id, "fast", true).unwrap();
    bench.drives.tag_device(id, "fast", true).unwrap();
    assert_eq!(bench.drives.device(id).unwrap().tags(), texts(&["fast"]));
    bench.drives.set_boot_disk(id).unwrap();
    assert!(bench.drives.is_boot_disk(id));
    bench.drives.delete_device(id).unwrap();
    assert!(bench.drives.boot_disk().is_some_and(|disk| disk.name == "sda" && disk.boot));
    assert_eq!(bench.drives.storage.tables.len(), 1);
}
