//! Plans that are carried out on a loop device: what the tools make of them is what was meant. Only root can, and only
//! where there are such devices and the tools; elsewhere there is nothing to try it on.

use std::collections::BTreeMap;
use std::path::Path;

use model::machine::hardware::Firmware;
use model::machine::storage::Drives;
use model::machine::storage::config::{Content, FsType, Place};
use model::machine::storage::curtin::{Flag, Item};
use model::machine::storage::render::render;
use serde::Deserialize;

use super::action::{Action, Step};
use super::generated;
use super::plan::plan;
use super::plan::tests::{disk_items, identifiers, mounted, order};
use super::target::Target;
use crate::command::{CommandError, Invocation};
use crate::storage::clear::clear;
use crate::storage::inspect;

const SIZE: u64 = 3 << 30;

/// A disk that is a file.
struct Loop {
    name: String,
    _file: tempfile::NamedTempFile,
}

impl Loop {
    /// Nothing, where there are none.
    async fn new() -> Option<Self> {
        let tools = ["losetup", "partx", "sfdisk", "wipefs", "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat"];
        let has = |tool: &str| {
            ["/sbin", "/usr/sbin", "/bin", "/usr/bin"]
                .iter()
                .any(|path| Path::new(path).join(tool).exists())
        };
        if !nix::unistd::geteuid().is_root() || !tools.into_iter().all(has) {
            return None;
        }
        let file = tempfile::NamedTempFile::new().expect("file");
        file.as_file().set_len(SIZE).expect("long enough");
        let path = file.path().to_str().expect("text").to_owned();
        let made = run(Invocation::new("losetup", ["--find", "--show", &path])).await.ok()?;
        let name = made.trim().trim_start_matches("/dev/").to_owned();
        Some(Self { name, _file: file })
    }

    fn path(&self) -> String {
        format!("/dev/{}", self.name)
    }

    fn target(&self) -> Target {
        let disk = api::agent::ReportedDisk {
            name: self.name.clone(),
            serial: format!("S-{}", self.name),
            size_bytes: SIZE,
            block_size_bytes: 512,
            ..api::agent::ReportedDisk::default()
        };
        Target { disks: vec![disk], links: Vec::new(), firmware: Firmware::Bios }
    }

    /// Stops and wipes what is on it.
    async fn clear(&self) {
        let clearing = clear(&inspect().await.expect("lsblk works"), &[&self.name]);
        assert_eq!(clearing.stop, [], "nothing is mounted");
        for invocation in [clearing.wipe_partitions, clearing.wipe_disks].concat() {
            run(invocation).await.expect("nothing uses it");
        }
        // The kernel of a small machine reads no tables by itself.
        run(Invocation::new("partx", ["--delete", &self.path()])).await.ok();
    }

    /// Carries out what makes partitions and file systems.
    async fn make(&self, steps: &[Step]) {
        for step in steps {
            for action in &step.actions {
                let Action::Run(invocation) = action else { continue };
                let line = invocation.to_string();
                if line.starts_with("sfdisk")
                    || line.starts_with("mk") && !line.starts_with("mkdir")
                {
                    run(invocation.clone()).await.expect(&line);
                }
                if line.starts_with("sfdisk") {
                    run(Invocation::new("partx", ["--update", &self.path()])).await.expect(&line);
                }
            }
        }
    }

    /// The partitions of its table.
    async fn partitions(&self) -> Vec<Entry> {
        let output =
            run(Invocation::new("sfdisk", ["--json", &self.path()])).await.expect("a table");
        serde_json::from_str::<Dump>(&output).expect("json").partitiontable.partitions
    }

    /// What is found on a partition.
    async fn found(&self, number: u32) -> BTreeMap<String, String> {
        let path = format!("{}p{number}", self.path());
        let probe = Invocation::new("blkid", ["--probe", "--output", "export", &path]);
        let output = run(probe).await.unwrap_or_default();
        let pairs = output.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let detach = ["--delete", &self.path()].map(str::to_owned);
        let partx = std::process::Command::new("partx").args(&detach).output();
        let losetup =
            std::process::Command::new("losetup").args(["--detach", &self.path()]).output();
        for error in [partx.err(), losetup.err()].into_iter().flatten() {
            eprintln!("{}: {error}", self.name);
        }
    }
}

async fn run(invocation: Invocation) -> Result<String, CommandError> {
    invocation.run().await
}

#[derive(Deserialize)]
struct Dump {
    partitiontable: Table,
}

#[derive(Deserialize)]
struct Table {
    partitions: Vec<Entry>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Entry {
    node: String,
    start: u64,
    size: u64,
    #[serde(rename = "type")]
    kind: String,
}

/// Number, start in MiB, size in MiB and type of each partition.
fn told(entries: &[Entry]) -> Vec<(&str, u64, u64, &str)> {
    let number = |entry: &'_ Entry| entry.node.rfind('p').map_or(0, |place| place + 1);
    let mut told: Vec<_> = entries
        .iter()
        .map(|entry| {
            (&entry.node[number(entry)..], entry.start >> 11, entry.size >> 11, entry.kind.as_str())
        })
        .collect();
    told.sort_unstable();
    told
}

async fn planned(disk: &Loop, items: &[Item]) -> String {
    let identifiers = identifiers(items);
    let steps = plan(&order(), items, &disk.target(), &identifiers).expect("a plan");
    disk.clear().await;
    disk.make(&steps).await;
    let writes = steps.iter().flat_map(|step| &step.actions).find_map(|action| match action {
        Action::Run(invocation) if invocation.to_string().contains("/etc/fstab") => {
            invocation.input()
        }
        Action::Run(_) | Action::Attempt(_) | Action::Unpack => None,
    });
    writes.expect("a table of file systems").to_owned()
}

#[tokio::test]
async fn tables_and_file_systems_are_made_as_planned_over_those_from_earlier() {
    let Some(disk) = Loop::new().await else { return };
    let name = disk.name.clone();
    let part = |number: u32| format!("{name}-part{number}");

    let mut items = disk_items(&name, "msdos", true, &[256, 512, 64, 0, 400, 300]);
    items.remove(4);
    if let Item::Partition(boot) = &mut items[1] {
        boot.flag = Some(Flag::Boot);
    }
    let kinds = [(1, "ext2", "/boot"), (2, "btrfs", "/"), (3, "swap", "none"), (5, "xfs", "/srv")];
    items.extend(kinds.iter().flat_map(|(number, kind, path)| mounted(&part(*number), kind, path)));
    let fstab = planned(&disk, &items).await;
    let partitions = disk.partitions().await;
    assert_eq!(
        told(&partitions),
        [
            ("1", 4, 256, "83"),
            ("2", 260, 512, "83"),
            ("3", 772, 64, "82"),
            ("4", 836, 2236, "f"),
            ("5", 837, 400, "83"),
            ("6", 1238, 300, "83"),
        ]
    );
    for (number, kind, path) in kinds {
        let found = disk.found(number).await;
        assert_eq!(found.get("TYPE").map(String::as_str), Some(kind), "{found:?}");
        let line = format!("UUID={} {path} {kind} ", found["UUID"]);
        assert!(fstab.contains(&line), "{line} is not in {fstab}");
    }

    let mut items = disk_items(&name, "gpt", true, &[256, 512, 400, 64]);
    let kinds = [(1, "ext4", "/boot"), (2, "xfs", "/"), (3, "ext3", "/srv")];
    items.extend(kinds.iter().flat_map(|(number, kind, path)| mounted(&part(*number), kind, path)));
    let fstab = planned(&disk, &items).await;
    let partitions = disk.partitions().await;
    let (linux, root) =
        ("0FC63DAF-8483-4772-8E79-3D69D8477DE4", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709");
    assert_eq!(
        told(&partitions),
        [
            ("1", 4, 256, linux),
            ("2", 260, 512, root),
            ("3", 772, 400, linux),
            ("4", 1172, 64, linux),
            ("5", 1, 1, "21686148-6449-6E6F-744E-656564454649"),
        ]
    );
    for (number, kind, path) in kinds {
        let found = disk.found(number).await;
        assert_eq!(found.get("TYPE").map(String::as_str), Some(kind), "{found:?}");
        assert!(fstab.contains(&format!("UUID={} {path} {kind} ", found["UUID"])), "{fstab}");
    }
    // Where the swap space and XFS of the first table were, there is nothing.
    assert_eq!(disk.found(4).await.get("TYPE"), None);
    disk.clear().await;
    let left = run(Invocation::new("wipefs", ["--noheadings", &disk.path()])).await;
    assert_eq!(left.expect("read"), "");
}

/// How many tables with file systems are made at random.
const LAYOUTS: u64 = 6;

/// What is found on the disk is what the region believes to be there.
async fn compare(disk: &Loop, drives: &Drives, fstab: &str) {
    let id = drives.disks[0].id;
    let entries = disk.partitions().await;
    for partition in drives.partitions(id) {
        let number = partition.number;
        let suffix = format!("p{number}");
        let entry = entries.iter().find(|entry| entry.node.ends_with(&suffix)).expect(&suffix);
        if number < 5 {
            assert_eq!(entry.size * 512, partition.size_bytes, "{suffix} of {entries:?}");
        }
        let found = disk.found(number).await;
        let filesystem = drives.filesystem(Place::Partition(partition.id));
        let Some(Content::Formatted(fstype)) = filesystem.map(|found| found.content) else {
            assert_eq!(found.get("TYPE"), None, "{suffix} is not formatted");
            continue;
        };
        let kind = match fstype {
            FsType::Fat32 | FsType::Vfat => "vfat",
            other => other.name(),
        };
        assert_eq!(found.get("TYPE").map(String::as_str), Some(kind), "{suffix}: {found:?}");
        if let Some(mount) = filesystem.and_then(|found| found.mount.as_ref()) {
            let line = format!("UUID={} {} {kind} ", found["UUID"], mount.point);
            assert!(fstab.contains(&line), "{line} is not in {fstab}");
        }
    }
    let separate = entries.iter().filter(|entry| entry.kind != "f").count();
    let grub = usize::from(entries.iter().any(|entry| entry.kind.starts_with("21686148")));
    assert_eq!(separate - grub, drives.partitions(id).len(), "{entries:?}");
}

#[tokio::test]
async fn partitions_and_file_systems_of_operators_are_found_on_the_disk() {
    let Some(disk) = Loop::new().await else { return };
    for seed in 0..LAYOUTS {
        let drives = generated::partitioned(seed, &disk.name, SIZE);
        let fstab = planned(&disk, &render(&drives)).await;
        compare(&disk, &drives, &fstab).await;
    }
    disk.clear().await;
}
