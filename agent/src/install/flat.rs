//! The storage configuration of an order that has none: a root file system that fills the boot disk.

use api::agent::ReportedDisk;
use model::machine::hardware::Firmware;
use model::machine::storage::curtin::{Disk, Flag, Format, Item, Mount, Partition, Ptable};

const MIB: u64 = 1 << 20;
/// What is left free: before the first partition, and after the last one for the second copy of the table.
const ENDS: u64 = 8 * MIB;
/// Sizes are multiples of this.
const ALIGNMENT: u64 = 4 * MIB;

/// The items for a disk.
pub(super) fn items(disk: &ReportedDisk, firmware: Firmware) -> Vec<Item> {
    let name = disk.name.as_str();
    let (flag, size) = match firmware {
        Firmware::Bios => (Flag::BiosGrub, MIB),
        Firmware::Uefi => (Flag::Boot, 256 * MIB),
    };
    let free = disk.size_bytes.saturating_sub(ENDS + size);
    let mut items = vec![
        Item::Disk(Disk {
            id: name.to_owned(),
            name: name.to_owned(),
            serial: None,
            path: None,
            model: None,
            ptable: Some(Ptable::Gpt),
            grub_device: firmware == Firmware::Bios,
        }),
        partition(name, 1, size, Some(flag)),
        partition(name, 2, free / ALIGNMENT * ALIGNMENT, None),
    ];
    items.extend(mounted(name, 2, "ext4", "root", "/"));
    if firmware == Firmware::Uefi {
        items.extend(mounted(name, 1, "fat32", "ESP", "/boot/efi"));
    }
    items
}

fn partition(disk: &str, number: u32, size: u64, flag: Option<Flag>) -> Item {
    let id = format!("{disk}-part{number}");
    let (name, device) = (id.clone(), disk.to_owned());
    Item::Partition(Partition { id, name, number, device, size, uuid: None, flag })
}

fn mounted(disk: &str, number: u32, fstype: &str, label: &str, path: &str) -> [Item; 2] {
    let volume = format!("{disk}-part{number}");
    let id = format!("{volume}_format");
    let mount = Mount {
        id: format!("{volume}_mount"),
        device: Some(id.clone()),
        fstype: None,
        path: path.to_owned(),
        options: None,
    };
    let (fstype, label) = (fstype.to_owned(), Some(label.to_owned()));
    [Item::Format(Format { id, volume, fstype, label, uuid: None }), Item::Mount(mount)]
}
