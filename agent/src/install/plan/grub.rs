//! Where GRUB is installed on a machine with a BIOS.

use model::machine::storage::curtin::{Disk, Item};

use super::layout::Layout;

/// The disks that GRUB for a BIOS is installed on: those that were ordered, and all with a part of the array that has
/// the kernel, so that each can start the machine without the others. Without an order, those with the kernel.
pub(super) fn grub_disks<'a>(layout: &Layout<'a>) -> Vec<&'a Disk> {
    let kernel = layout.mounted_at("/boot").or_else(|| layout.mounted_at("/"));
    let below_kernel = kernel.map(|(mount, _)| layout.stack(&mount.id)).unwrap_or_default();
    let is_redundant =
        below_kernel.iter().any(|item| matches!(item, Item::Raid(raid) if raid.raidlevel > 0));
    let has_kernel = |disk: &Disk| below_kernel.iter().any(|item| item.id() == disk.id);
    let is_ordered = layout.disks().any(|(disk, _)| disk.grub_device);
    let chosen = layout.disks().map(|(disk, _)| disk).filter(|disk| {
        // A disk that is a member as a whole has no room for it.
        let has_room = layout.table(&disk.id).is_some();
        has_room && (disk.grub_device || (has_kernel(disk) && (is_redundant || !is_ordered)))
    });
    chosen.collect()
}
