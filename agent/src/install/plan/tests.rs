//! Every kind of storage configuration, as the commands that make it.

use api::agent::{Install, ReportedDisk};
use model::machine::hardware::Firmware;
use model::machine::storage::curtin::Item;
use serde_json::{Value, json};

use super::{clear_disks, plan};
use crate::install::action::{Action, Step};
use crate::install::error::PlanError;
use crate::install::flat;
use crate::install::target::{Identifiers, Target};
use crate::storage::found::{Found, devices};

pub(in crate::install) fn order() -> Install {
    let datasource = "/etc/cloud/cloud.cfg.d/90_datasource.cfg".to_owned();
    Install {
        disk: "vda".to_owned(),
        disk_serial: String::new(),
        storage: Vec::new(),
        image_sha256: "ab".repeat(32),
        image_bytes: 1000,
        image_type: "root-tgz".to_owned(),
        fqdn: "web-1.maas".to_owned(),
        kernel_options: String::new(),
        files: [(datasource, "datasource_list: [MAAS]\n".into())].into(),
    }
}

pub(super) fn disk(name: &str, serial: &str) -> ReportedDisk {
    ReportedDisk {
        name: name.to_owned(),
        serial: serial.to_owned(),
        size_bytes: 10 << 30,
        block_size_bytes: 512,
        ..ReportedDisk::default()
    }
}

pub(super) fn target(firmware: Firmware, disks: &[&str]) -> Target {
    let disks = disks.iter().map(|name| disk(name, &format!("S-{name}"))).collect();
    Target { disks, links: Vec::new(), firmware }
}

pub(in crate::install) fn identifiers(items: &[Item]) -> Identifiers {
    let mut count = 0;
    Identifiers::choose(items, &mut || {
        count += 1;
        format!("{count:08x}-1111-4222-8333-444455556666")
    })
}

pub(super) fn items(values: Value) -> Vec<Item> {
    serde_json::from_value(values).expect("items")
}

/// A disk with partitions of so many MiB.
pub(in crate::install) fn disk_items(
    name: &str,
    table: &str,
    with_grub: bool,
    sizes: &[u64],
) -> Vec<Item> {
    let mut values = vec![json!({
        "type": "disk", "id": name, "name": name, "serial": format!("S-{name}"), "ptable": table,
        "grub_device": with_grub,
    })];
    for (number, mib) in (1..).zip(sizes) {
        let id = format!("{name}-part{number}");
        values.push(json!({
            "type": "partition", "id": id, "name": id, "number": number, "device": name,
            "size": format!("{}B", mib << 20),
        }));
    }
    items(Value::Array(values))
}

/// A file system and its mount.
pub(in crate::install) fn mounted(volume: &str, fstype: &str, path: &str) -> Vec<Item> {
    items(json!([
        {"type": "format", "id": format!("{volume}_format"), "volume": volume, "fstype": fstype},
        {"type": "mount", "id": format!("{volume}_mount"), "device": format!("{volume}_format"),
         "path": path},
    ]))
}

fn steps(items: &[Item], target: &Target) -> Result<Vec<Step>, PlanError> {
    plan(&order(), items, target, &identifiers(items))
}

/// A plan as lines, with what is written to disks and to the file-system table.
pub(in crate::install) fn printed(steps: &[Step]) -> String {
    let mut lines = Vec::new();
    for step in steps {
        lines.push(format!("# {}", step.title));
        for action in &step.actions {
            lines.push(match action {
                Action::Run(invocation) => invocation.to_string(),
                Action::Attempt(invocation) => format!("{invocation} || true"),
                Action::Unpack => "(unpack the image)".to_owned(),
            });
            if let Action::Run(invocation) = action
                && let Some(text) = invocation.input()
                && ["sfdisk", "fstab", "mdadm.conf", "grub.d"]
                    .iter()
                    .any(|word| lines.last().is_some_and(|line| line.contains(word)))
            {
                lines.extend(text.lines().map(|line| format!("    | {line}")));
            }
        }
    }
    lines.join("\n")
}

#[track_caller]
fn planned(items: &[Item], target: &Target) -> String {
    printed(&steps(items, target).expect("a plan"))
}

/// Only what is made of the disks, and the table of file systems.
#[track_caller]
fn planned_storage(items: &[Item], target: &Target) -> String {
    let mut steps = steps(items, target).expect("a plan");
    for step in &mut steps {
        step.actions.retain(|action| match action {
            Action::Run(invocation) | Action::Attempt(invocation) => {
                let line = invocation.to_string();
                let is_the_same =
                    ["--rbind", "/etc/host", "90_datasource", "grub.cfg", "/etc/default/grub.d"];
                !is_the_same.iter().any(|word| line.contains(word))
            }
            Action::Unpack => false,
        });
    }
    printed(&steps)
}

#[test]
fn without_a_configuration_a_bios_machine_gets_one_root() {
    let target = target(Firmware::Bios, &["vda", "vdb"]);
    insta::assert_snapshot!(planned(&flat::items(&target.disks[0], target.firmware), &target));
}

#[test]
fn without_a_configuration_a_uefi_machine_gets_a_root_and_an_efi_system_partition() {
    let target = target(Firmware::Uefi, &["nvme0n1"]);
    insta::assert_snapshot!(planned(&flat::items(&target.disks[0], target.firmware), &target));
}

#[test]
fn kernel_options_are_told_in_the_first_menu_and_in_all_later_ones() {
    let target = target(Firmware::Bios, &["vda"]);
    let items = flat::items(&target.disks[0], target.firmware);
    let order = Install { kernel_options: "quiet a.b=\"c d\" x=1;2".to_owned(), ..order() };
    let steps = plan(&order, &items, &target, &identifiers(&items)).expect("a plan");
    let printed = printed(&steps);
    let told = printed
        .lines()
        .filter(|line| ["GRUB_CMDLINE", "arguments"].iter().any(|word| line.contains(word)));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn root_swap_and_data_on_logical_volumes() {
    let target = target(Firmware::Bios, &["vda", "vdb"]);
    let mut all = disk_items("vda", "gpt", true, &[512, 9000]);
    all.extend(disk_items("vdb", "gpt", false, &[10000]));
    all.extend(items(json!([
        {"type": "lvm_volgroup", "id": "vg0", "name": "vg-0", "devices": ["vda-part2", "vdb-part1"]},
        {"type": "lvm_partition", "id": "root", "name": "root", "volgroup": "vg0", "size": "8589934592B"},
        {"type": "lvm_partition", "id": "swap", "name": "swap", "volgroup": "vg0", "size": "1073741824B"},
    ])));
    all.extend(mounted("root", "ext4", "/"));
    all.extend(mounted("vda-part1", "ext4", "/boot"));
    all.extend(mounted("swap", "swap", "none"));
    insta::assert_snapshot!(planned(&all, &target));
}

#[test]
fn root_and_boot_on_mirrors_with_a_spare_boot_from_each_disk() {
    let target = target(Firmware::Bios, &["sda", "sdb", "sdc"]);
    let mut all = Vec::new();
    for name in ["sda", "sdb", "sdc"] {
        all.extend(disk_items(name, "gpt", name == "sda", &[512, 8192]));
    }
    all.extend(items(json!([
        {"type": "raid", "id": "md0", "name": "md0", "raidlevel": 1,
         "devices": ["sda-part1", "sdb-part1"], "spare_devices": ["sdc-part1"]},
        {"type": "raid", "id": "md1", "name": "md1", "raidlevel": 1,
         "uuid": "0f1e2d3c-1111-4222-8333-444455556666",
         "devices": ["sda-part2", "sdb-part2"], "spare_devices": ["sdc-part2"]},
    ])));
    all.extend(mounted("md1", "ext4", "/"));
    all.extend(mounted("md0", "ext4", "/boot"));
    insta::assert_snapshot!(planned(&all, &target));
}

#[test]
fn data_on_raid_5_and_on_a_partitioned_array() {
    let target = target(Firmware::Bios, &["vda", "vdb", "vdc", "vdd"]);
    let mut all = disk_items("vda", "gpt", true, &[8192]);
    for name in ["vdb", "vdc", "vdd"] {
        let mut disk = disk_items(name, "gpt", false, &[4096, 4096]);
        // Used in part only.
        disk.truncate(3);
        all.extend(disk);
    }
    all.extend(items(json!([
        {"type": "raid", "id": "md5", "name": "md5", "raidlevel": 5,
         "devices": ["vdb-part1", "vdc-part1", "vdd-part1"]},
        {"type": "raid", "id": "md6", "name": "mirror", "raidlevel": 1, "ptable": "gpt",
         "devices": ["vdb-part2", "vdc-part2"]},
        {"type": "partition", "id": "md6-part1", "name": "mirror-part1", "number": 1, "device": "md6",
         "size": "1073741824B"},
        {"type": "partition", "id": "md6-part2", "name": "mirror-part2", "number": 2, "device": "md6",
         "size": "2147483648B"},
    ])));
    all.extend(mounted("vda-part1", "ext4", "/"));
    all.extend(mounted("md5", "xfs", "/srv"));
    all.extend(mounted("md6-part1", "ext4", "/srv/log"));
    all.extend(mounted("md6-part2", "btrfs", "/home"));
    insta::assert_snapshot!(planned_storage(&all, &target));
}

#[test]
fn two_devices_share_a_cache_and_one_has_the_root() {
    let target = target(Firmware::Uefi, &["sda", "sdb", "nvme0n1"]);
    let mut all = disk_items("sda", "gpt", false, &[256, 512, 8000]);
    if let Item::Partition(esp) = &mut all[1] {
        esp.flag = Some(model::machine::storage::curtin::Flag::Boot);
    }
    all.extend(items(json!([
        {"type": "disk", "id": "sdb", "name": "sdb", "serial": "S-sdb"},
        {"type": "disk", "id": "nvme0n1", "name": "nvme0n1", "serial": "S-nvme0n1", "ptable": "gpt"},
        {"type": "partition", "id": "nvme0n1-part1", "name": "nvme0n1-part1", "number": 1,
         "device": "nvme0n1", "size": "4294967296B"},
        {"type": "bcache", "id": "root", "name": "bcache0", "backing_device": "sda-part3",
         "cache_device": "nvme0n1-part1", "cache_mode": "writeback"},
        {"type": "bcache", "id": "data", "name": "bcache1", "backing_device": "sdb",
         "cache_device": "nvme0n1-part1", "cache_mode": "writethrough", "ptable": "gpt"},
        {"type": "partition", "id": "data-part1", "name": "bcache1-part1", "number": 1,
         "device": "data", "size": "1073741824B"},
    ])));
    all.extend(mounted("sda-part1", "fat32", "/boot/efi"));
    all.extend(mounted("sda-part2", "ext4", "/boot"));
    all.extend(mounted("root", "ext4", "/"));
    all.extend(mounted("data-part1", "xfs", "/srv"));
    insta::assert_snapshot!(planned_storage(&all, &target));
}

#[test]
fn many_partitions_in_a_master_boot_record_swap_and_file_systems_in_memory() {
    let target = target(Firmware::Bios, &["vda"]);
    let mut all = disk_items("vda", "msdos", true, &[512, 4096, 1024, 0, 1024, 1024]);
    all.remove(4);
    if let Item::Partition(boot) = &mut all[1] {
        boot.flag = Some(model::machine::storage::curtin::Flag::Boot);
    }
    all.extend(mounted("vda-part1", "ext2", "/boot"));
    all.extend(mounted("vda-part2", "btrfs", "/"));
    all.extend(mounted("vda-part3", "swap", "none"));
    all.extend(mounted("vda-part5", "xfs", "/srv"));
    all.extend(mounted("vda-part6", "vfat", "/srv/exchange with others"));
    all.extend(items(json!([
        {"type": "mount", "id": "tmp", "fstype": "tmpfs", "path": "/tmp", "options": "size=1G,noexec"},
        {"type": "mount", "id": "ram", "fstype": "ramfs", "path": "/srv/ram"},
    ])));
    if let Some(Item::Format(format)) = all.iter_mut().find(|item| item.id() == "vda-part5_format")
    {
        format.label = Some("a label that is too long".to_owned());
        format.uuid = Some("0f1e2d3c-1111-4222-8333-444455556666".to_owned());
    }
    insta::assert_snapshot!(planned_storage(&all, &target));
}

#[test]
fn disks_are_cleared_before() {
    let mut target = target(Firmware::Bios, &["sda", "sdb"]);
    target.disks.push(disk("vdb", ""));
    let all = disk_items("sda", "gpt", true, &[512]);
    let found = include_str!("../../storage/samples/lsblk-lvm-on-raid.json");
    let found = Found { devices: devices(found).expect("json"), ..Found::default() };
    let step = clear_disks(&all, &target, &found).expect("a plan");
    insta::assert_snapshot!(printed(&[step]));
}

#[test]
fn a_disk_that_nothing_is_made_of_may_be_gone() {
    let target = target(Firmware::Bios, &["vda"]);
    let mut all = disk_items("vda", "gpt", true, &[4096]);
    all.extend(mounted("vda-part1", "ext4", "/"));
    let without = planned(&all, &target);
    all.extend(disk_items("vdb", "gpt", false, &[]));
    assert_eq!(planned(&all, &target), without);
}

#[test]
fn what_cannot_be_made_is_refused_by_name() {
    let bios = target(Firmware::Bios, &["vda"]);
    let disk = || disk_items("vda", "gpt", true, &[4096]);
    let with = |more: Vec<Item>| [disk(), more].concat();
    let root = || mounted("vda-part1", "ext4", "/");
    let cases = [
        (disk(), "the storage configuration mounts no file system at /"),
        (
            with(mounted("vda-part1", "zfsroot", "/")),
            "vda-part1_format: file systems of type \"zfsroot\" cannot be made",
        ),
        (
            with(mounted("vda-part9", "ext4", "/")),
            "the storage configuration makes vda-part9_format of vda-part9, which is not described before it",
        ),
        (
            disk_items("vdb", "gpt", true, &[4096]),
            "disk vdb (serial \"S-vdb\") is not in the machine, which has: vda",
        ),
        (
            [
                with(root()),
                items(json!([{"type": "mount", "id": "x", "fstype": "nfs", "path": "/x"}])),
            ]
            .concat(),
            "x: file systems of type \"nfs\" cannot be made",
        ),
    ];
    for (items, told) in cases {
        assert_eq!(steps(&items, &bios).expect_err(told).to_string(), told);
    }
    let uefi = target(Firmware::Uefi, &["vda"]);
    assert_eq!(steps(&with(root()), &uefi).expect_err("no partition"), PlanError::NoEsp);
}
