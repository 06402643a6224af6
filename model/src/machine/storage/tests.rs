//! Machines to lay out, and what is the same in all tests of it.

mod custom;
mod edits;
mod layouts;
mod refusals;

use crate::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};
use crate::machine::disk::BlockDevice;
use crate::machine::hardware::Firmware;
use crate::machine::storage::config::{Place, Storage};
use crate::machine::storage::curtin::Item;
use crate::machine::storage::error::Wrong;
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::layout::LayoutRequest;
use crate::machine::storage::platform::Platform;
use crate::machine::storage::{Drives, StorageError};

/// Ids that count up, each kind from another number.
#[derive(Debug, Default)]
struct Ids {
    last: u32,
}

impl Ids {
    fn next(&mut self, from: u32) -> u32 {
        self.last += 1;
        from + self.last
    }
}

impl NewIds for Ids {
    fn block_device(&mut self) -> BlockDeviceId {
        BlockDeviceId(self.next(100))
    }

    fn partition(&mut self) -> PartitionId {
        PartitionId(self.next(200))
    }

    fn group(&mut self) -> StorageGroupId {
        StorageGroupId(self.next(300))
    }

    fn cache_set(&mut self) -> CacheSetId {
        CacheSetId(self.next(400))
    }

    fn uuid(&mut self) -> Option<String> {
        Some(format!("00000000-0000-4000-8000-{:012}", self.next(0)))
    }
}

/// A machine while its disks are laid out.
struct Bench {
    drives: Drives,
    ids: Ids,
}

const DISK_BYTES: u64 = 40 << 30;

fn disk(number: u32, size_bytes: u64, kind: &str) -> BlockDevice {
    let letter = char::from_u32(u32::from('a') + number - 1).unwrap();
    BlockDevice {
        id: BlockDeviceId(number),
        name: format!("sd{letter}"),
        id_path: format!("/dev/disk/by-id/wwn-{number}"),
        model: "MODEL".to_owned(),
        serial: format!("S{number}"),
        size_bytes,
        block_size_bytes: 512,
        tags: vec![kind.to_owned()],
        boot: number == 1,
        numa_node: 0,
    }
}

fn bench(architecture: &str, firmware: Firmware, disks: u32) -> Bench {
    let platform = Platform { architecture: architecture.to_owned(), firmware };
    let kind = |number| if number % 2 == 0 { "ssd" } else { "rotary" };
    let disks = (1..=disks).map(|number| disk(number, DISK_BYTES, kind(number))).collect();
    Bench {
        drives: Drives { disks, storage: Storage::default(), platform, numa_nodes: vec![0, 1] },
        ids: Ids::default(),
    }
}

/// A machine with a BIOS, laid out.
fn laid_out(layout: &str, disks: u32) -> Bench {
    let mut bench = bench("amd64", Firmware::Bios, disks);
    bench.apply(layout, |_| ()).unwrap();
    bench
}

impl Bench {
    fn apply(
        &mut self,
        layout: &str,
        with: impl Fn(&mut LayoutRequest),
    ) -> Result<(), StorageError> {
        let mut request =
            LayoutRequest { storage_layout: Some(layout.to_owned()), ..LayoutRequest::default() };
        with(&mut request);
        self.drives.apply_layout(&mut self.ids, &request)
    }

    /// The place of that name.
    fn at(&self, name: &str) -> Place {
        match self.drives.device_named(name) {
            Some(device) => Place::Device(device.id()),
            None => Place::Partition(self.drives.partition_named(name).unwrap()),
        }
    }

    fn group(&self, name: &str) -> StorageGroupId {
        self.drives.storage.groups.iter().find(|group| group.name == name).unwrap().id
    }
}

/// Items as JSON, one a line.
fn lines(items: &[Item]) -> String {
    let lines = items.iter().map(|item| serde_json::to_string(item).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Whatever an item names stands before it.
fn names_what_stands_before(items: &[Item]) {
    let mut before: Vec<&str> = Vec::new();
    for item in items {
        let named: Vec<&str> = match item {
            Item::Disk(_) => Vec::new(),
            Item::Partition(partition) => vec![&partition.device],
            Item::LvmVolgroup(group) => group.devices.iter().map(String::as_str).collect(),
            Item::LvmPartition(volume) => vec![&volume.volgroup],
            Item::Raid(raid) => {
                raid.devices.iter().chain(&raid.spare_devices).map(String::as_str).collect()
            }
            Item::Bcache(bcache) => vec![&bcache.backing_device, &bcache.cache_device],
            Item::Format(format) => vec![&format.volume],
            Item::Mount(mount) => mount.device.iter().map(String::as_str).collect(),
        };
        for name in named {
            assert!(before.contains(&name), "{name} is not before {item:?}");
        }
        assert!(!before.contains(&item.id()), "{} is there twice", item.id());
        before.push(item.id());
    }
}

/// Texts as fields have them.
fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// One wrong field.
fn wrong(field: &str, message: &str) -> StorageError {
    let mut wrong = Wrong::new();
    wrong.add(field, message);
    StorageError::Fields(wrong)
}
