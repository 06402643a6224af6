//! Machines with disks of all sizes, and what the agent finds in them.

use api::agent::ReportedDisk;
use model::id::{BlockDeviceId, CacheSetId, PartitionId, StorageGroupId};
use model::machine::disk::BlockDevice;
use model::machine::hardware::Firmware;
use model::machine::storage::ids::NewIds;
use model::machine::storage::platform::Platform;
use model::machine::storage::{Drives, Storage};

use super::dice::Dice;
use crate::install::target::Target;

/// From the smallest that can be added by hand to one that no master boot record can use in full.
const SIZES: &[u64] = &[
    8 << 20,
    1 << 30,
    5_000_000_000,
    8 << 30,
    40 << 30,
    (40 << 30) + 3 * (1 << 20) + 512 * 7,
    500_107_862_016,
    2_000_398_934_016,
    6_001_175_126_016,
];

/// Ids that count up, each kind from another number, and UUIDs of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids(u32);

impl Ids {
    fn next(&mut self, from: u32) -> u32 {
        self.0 += 1;
        from + self.0
    }
}

impl NewIds for Ids {
    fn block_device(&mut self) -> BlockDeviceId {
        BlockDeviceId(self.next(10_000))
    }

    fn partition(&mut self) -> PartitionId {
        PartitionId(self.next(20_000))
    }

    fn group(&mut self) -> StorageGroupId {
        StorageGroupId(self.next(30_000))
    }

    fn cache_set(&mut self) -> CacheSetId {
        CacheSetId(self.next(40_000))
    }

    fn uuid(&mut self) -> Option<String> {
        let number = self.next(0);
        Some(format!("{number:08x}-0000-4000-8000-000000000000"))
    }
}

/// A machine whose disks were never laid out.
pub(super) fn machine(dice: &mut Dice) -> Drives {
    let firmware = dice.of(&[Firmware::Bios, Firmware::Uefi]);
    let count = 1 + dice.below(7);
    let disks = (0..count).map(|number| disk(dice, number)).collect();
    let platform = Platform { architecture: "amd64".to_owned(), firmware };
    Drives { disks, storage: Storage::default(), platform, numa_nodes: Vec::new() }
}

fn disk(dice: &mut Dice, number: usize) -> BlockDevice {
    let letter = char::from(b'a' + u8::try_from(number).expect("few disks"));
    let name = match dice.below(4) {
        0 => format!("nvme{number}n1"),
        1 => format!("vd{letter}"),
        _ => format!("sd{letter}"),
    };
    let has_serial = !dice.once_in(3);
    let (sizes, kind) =
        (if number == 0 { &SIZES[3..] } else { SIZES }, dice.of(&["ssd", "rotary"]));
    BlockDevice {
        id: BlockDeviceId(u32::try_from(number).expect("few disks") + 1),
        id_path: format!("/dev/disk/by-id/wwn-{number}"),
        model: "MODEL".to_owned(),
        serial: if has_serial { format!("S-{name}") } else { String::new() },
        name,
        size_bytes: dice.of(sizes),
        block_size_bytes: dice.of(&[512, 512, 512, 4096]),
        tags: vec![kind.to_owned()],
        boot: number == 0,
        numa_node: 0,
    }
}

/// What the agent finds in it.
pub(super) fn target(drives: &Drives) -> Target {
    let disks = drives.disks.iter().map(|disk| ReportedDisk {
        name: disk.name.clone(),
        id_path: disk.id_path.clone(),
        model: disk.model.clone(),
        serial: disk.serial.clone(),
        size_bytes: disk.size_bytes,
        block_size_bytes: disk.block_size_bytes,
        ..ReportedDisk::default()
    });
    let link = |disk: &BlockDevice| {
        Some((disk.id_path.strip_prefix("/dev/disk/by-id/")?.to_owned(), disk.name.clone()))
    };
    let links = drives.disks.iter().filter_map(link).collect();
    Target { disks: disks.collect(), links, firmware: drives.platform.firmware }
}
