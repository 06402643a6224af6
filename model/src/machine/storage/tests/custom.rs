//! Layouts that commissioning scripts tell, as MAAS documents them.

use serde_json::{Value, json};

use super::{Bench, bench, disk, names_what_stands_before};
use crate::machine::hardware::Firmware;
use crate::machine::storage::StorageError;
use crate::machine::storage::config::{LayoutName, Place};
use crate::machine::storage::ids::Counted;
use crate::machine::storage::render::render;

const LARGE: u64 = 4_000_000_000_000;

/// A machine with disks `sda` to `sdf`.
fn machine() -> Bench {
    let mut bench = bench("amd64", Firmware::Bios, 0);
    bench.drives.disks = (1..=6).map(|number| disk(number, LARGE, "ssd")).collect();
    bench
}

fn apply(bench: &mut Bench, config: &Value) -> Result<(), StorageError> {
    bench.apply("custom", |request| request.reported = Some(config.clone()))
}

/// What devices and partitions are used for after a layout was applied, one a line.
#[track_caller]
fn used(config: &Value) -> Vec<String> {
    let mut bench = machine();
    apply(&mut bench, config).unwrap();
    names_what_stands_before(&render(&bench.drives));
    assert_eq!(bench.drives.storage.layout, Some(LayoutName::Custom));
    let mut lines = Vec::new();
    for device in bench.drives.devices() {
        let partitions = bench.drives.partitions(device.id()).iter();
        let partitions = partitions.map(|found| Place::Partition(found.id));
        for place in [Place::Device(device.id())].into_iter().chain(partitions) {
            let used = bench.drives.used_for(place);
            if used != "Unused" {
                lines.push(format!("{}: {used}", bench.drives.name(place)));
            }
        }
    }
    lines
}

#[test]
fn one_disk_with_partitions() {
    let config = json!({
        "layout": { "sda": { "type": "disk", "ptable": "gpt", "boot": true, "partitions": [
            { "name": "sda1", "fs": "vfat", "size": "500M", "bootable": true },
            { "name": "sda2", "size": "5G", "fs": "ext4" },
            { "name": "sda3", "size": "2G", "fs": "swap" },
            { "name": "sda4", "size": "120G", "fs": "ext4" },
        ] } },
        "mounts": {
            "/": { "device": "sda2", "options": "noatime" },
            "/boot/efi": { "device": "sda1" },
            "/data": { "device": "sda4" },
            "none": { "device": "sda3" },
        },
    });
    assert_eq!(
        used(&config),
        [
            "sda: GPT partitioned with 4 partitions",
            "sda-part2: vfat formatted filesystem mounted at /boot/efi",
            "sda-part3: ext4 formatted filesystem mounted at /",
            "sda-part4: swap formatted filesystem mounted at none",
            "sda-part5: ext4 formatted filesystem mounted at /data",
        ]
    );
}

#[test]
fn a_raid_of_disks_that_are_not_described() {
    let config = json!({
        "layout": { "storage": { "type": "raid", "level": 5, "members": ["sdb", "sdc", "sdd"],
            "spares": ["sde", "sdf"], "fs": "btrfs" } },
        "mounts": { "/data": { "device": "storage" } },
    });
    assert_eq!(
        used(&config),
        [
            "sdb: Active raid-5 device for storage",
            "sdc: Active raid-5 device for storage",
            "sdd: Active raid-5 device for storage",
            "sde: Spare raid-5 device for storage",
            "sdf: Spare raid-5 device for storage",
            "storage: btrfs formatted filesystem mounted at /data",
        ]
    );
}

#[test]
fn volumes_on_a_raid_of_cached_disks_that_share_a_cache() {
    let cached =
        |disk: &str| json!({ "type": "bcache", "backing-device": disk, "cache-device": "sdf" });
    let config = json!({
        "layout": {
            "bcache0": cached("sdb"), "bcache1": cached("sdc"), "bcache2": cached("sdd"),
            "raid": { "type": "raid", "level": 5, "members": ["bcache0", "bcache1", "bcache2"] },
            "lvm": { "type": "lvm", "members": ["raid"], "volumes": [
                { "name": "root", "size": "10G", "fs": "ext4" },
                { "name": "data", "size": "2.5T", "fs": "btrfs" },
            ] },
            "tmp": { "type": "special", "fs": "tmpfs" },
        },
        "mounts": {
            "/": { "device": "root" }, "/data": { "device": "data" },
            "/tmp": { "device": "tmp", "options": "size=1G" },
        },
    });
    assert_eq!(
        used(&config),
        [
            "sdb: Backing device for bcache0",
            "sdc: Backing device for bcache1",
            "sdd: Backing device for bcache2",
            "sdf: Cache device for cache0",
            "bcache0: Active raid-5 device for raid",
            "bcache1: Active raid-5 device for raid",
            "bcache2: Active raid-5 device for raid",
            "raid: LVM volume for lvm",
            "lvm-root: ext4 formatted filesystem mounted at /",
            "lvm-data: btrfs formatted filesystem mounted at /data",
        ]
    );
}

/// A layout of one device without mounts.
fn only(name: &str, device: Value) -> Value {
    json!({ "layout": { name: device }, "mounts": {} })
}

#[test]
fn what_is_wrong_is_said_in_maas_s_words_and_nothing_is_done() {
    let part = json!({ "name": "a", "size": "5G" });
    for (config, why) in [
        (json!([]), "Invalid config at top level: [] is not of type 'object'"),
        (json!({ "mounts": {} }), "Invalid config at top level: 'layout' is a required property"),
        (
            json!({ "layout": {}, "mounts": {}, "layouts": {} }),
            "Invalid config at top level: Additional properties are not allowed ('layouts' was \
             unexpected)",
        ),
        (only("sda", json!({})), "Invalid config at layout/sda: 'type' is a required property"),
        (only("sda", json!({ "type": "zfs" })), "Unsupported device type 'zfs'"),
        (
            only("sda", json!({ "type": "disk", "ptable": "bsd" })),
            "Invalid config at layout/sda/ptable: 'bsd' is not one of ['gpt', 'mbr']",
        ),
        (
            only("sda", json!({ "type": "disk", "partitions": [part] })),
            "Partition table not specified for 'sda'",
        ),
        (
            only(
                "sda",
                json!({ "type": "disk", "ptable": "gpt", "partitions": [{ "name": "a" }] }),
            ),
            "Invalid config at layout/sda/partitions/0: 'size' is a required property",
        ),
        (
            only(
                "sda",
                json!({ "type": "disk", "ptable": "gpt", "partitions": [
                    { "name": "a", "size": "5G", "fs": "ntfs" }] }),
            ),
            "Unknown filesystem type 'ntfs'",
        ),
        (
            only("md", json!({ "type": "raid", "level": 4, "members": ["sdb"] })),
            "Invalid config at layout/md/level: 4 is not one of [0, 1, 5, 6, 10]",
        ),
        (
            only(
                "md",
                json!({ "type": "raid", "level": 1, "members": ["sdb"], "spares": ["sdb"] }),
            ),
            "RAID 'md' has duplicated devices in members and spares",
        ),
        (
            only(
                "md",
                json!({ "type": "raid", "level": 0, "members": ["sdb"], "spares": ["sdc"] }),
            ),
            "RAID level 0 doesn't support spares",
        ),
        (
            only("t", json!({ "type": "special", "fs": "ext4" })),
            "Invalid special filesystem 'ext4'",
        ),
        (
            only("t", json!({ "type": "special", "fs": "tmpfs" })),
            "Special device(s) missing mountpoint: t",
        ),
        (
            json!({ "layout": {}, "mounts": { "/": { "device": "sda" } } }),
            "Filesystem not found for device 'sda'",
        ),
        (
            only("vg", json!({ "type": "lvm", "members": ["sdy", "sdx"] })),
            "Unknown machine disk(s): sdx, sdy",
        ),
        (
            json!({ "mounts": {}, "layout": {
                "a": { "type": "lvm", "members": ["b"] },
                "b": { "type": "raid", "level": 1, "members": ["a", "sdb"] } } }),
            "Devices are made of each other: a, b",
        ),
        (
            only("md", json!({ "type": "raid", "level": 5, "members": ["sdb", "sdc"] })),
            "device 'md': __all__: RAID level 5 must have at least 3 raid devices and any number of \
             spares.",
        ),
        (
            only(
                "sda",
                json!({ "type": "disk", "ptable": "gpt", "partitions": [
                { "name": "a", "size": "5T" }] }),
            ),
            "device 'a': size: Partition cannot be saved; not enough free space on the block device.",
        ),
    ] {
        let mut bench = machine();
        let before = bench.drives.clone();
        let refused = apply(&mut bench, &config);
        let message = format!(
            "Failed to configure storage layout 'custom': Failed to apply storage layout: {why}"
        );
        assert_eq!(refused, Err(StorageError::text(message)), "{config}");
        assert_eq!(bench.drives, before, "{config}");
    }
}

#[test]
fn a_site_with_that_layout_leaves_disks_blank_where_none_was_told() {
    let mut bench = machine();
    let mut ids = Counted::default();
    assert!(bench.drives.apply_default(&mut ids, LayoutName::Custom, None).is_err());
    assert_eq!(bench.drives.storage.layout, Some(LayoutName::Blank));
    let config = only("vg", json!({ "type": "lvm", "members": ["sdb"] }));
    bench.drives.apply_default(&mut ids, LayoutName::Custom, Some(config)).unwrap();
    assert_eq!(bench.drives.storage.layout, Some(LayoutName::Custom));
}
