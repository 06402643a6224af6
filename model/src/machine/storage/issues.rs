//! Why no system can be installed on the disks as they are laid out, in MAAS's words.

use crate::machine::storage::Drives;
use crate::machine::storage::config::{Content, Filesystem, FsType, GroupKind, Mount, Place};
use crate::machine::storage::device::Device;

impl Drives {
    /// Why no Linux can be installed, sentence by sentence; where disks were never laid out, they are taken for flat.
    #[must_use]
    pub fn issues(&self, osystem: &str) -> Vec<String> {
        if self.disks.is_empty() {
            return vec![
                "There are currently no storage devices.  Please add a storage device to be able \
                 to deploy this node."
                    .to_owned(),
            ];
        }
        self.or_flat().issues_of_linux(osystem)
    }

    fn issues_of_linux(&self, osystem: &str) -> Vec<String> {
        let mut issues = Vec::new();
        let root = self.mounted_at("/");
        let boot_mounted = self.mounted_at("/boot").is_some_and(|place| !self.is_on_bcache(place));
        let Some(root) = root else {
            issues.push("Mount the root '/' filesystem to be able to deploy this node.".to_owned());
            return issues;
        };
        if self.is_on_bcache(root) && !boot_mounted {
            issues.push(
                "This node cannot be deployed because it cannot boot from a bcache volume. Mount \
                 /boot on a non-bcache device to be able to deploy this node."
                    .to_owned(),
            );
        }
        if !boot_mounted && self.platform.needs_boot_partition() {
            issues.push(
                "This node cannot be deployed because it needs a separate /boot partition.  Mount \
                 /boot on a device to be able to deploy this node."
                    .to_owned(),
            );
        }
        if self.platform.needs_efi() && !self.has_efi_partition() {
            issues.push(
                "This node cannot be deployed because it boots by UEFI. Mount /boot/efi on a \
                 partition of a disk that is formatted with fat32 to be able to deploy this node."
                    .to_owned(),
            );
        }
        let is_vmfs =
            |content| matches!(content, Content::VmfsExtent(_) | Content::Formatted(FsType::Vmfs6));
        if self.storage.filesystems.iter().any(|found| is_vmfs(found.content)) {
            issues.push(format!(
                "This node cannot be deployed because the selected deployment OS, {osystem}, does \
                 not support VMFS6."
            ));
        }
        issues
    }

    /// Whether firmware finds what it starts: in a partition that it can read.
    fn has_efi_partition(&self) -> bool {
        let place = self.mounted_at("/boot/efi");
        let Some(place @ Place::Partition(id)) = place else { return false };
        let is_fat = |found: &Filesystem| {
            let fat = [FsType::Fat32, FsType::Vfat].map(Content::Formatted);
            fat.contains(&found.content)
        };
        let on_disk = self.partition(id).and_then(|(table, _)| self.device(table.device)?.disk());
        on_disk.is_some() && self.filesystem(place).is_some_and(is_fat)
    }

    fn mounted_at(&self, point: &str) -> Option<Place> {
        let mut filesystems = self.storage.filesystems.iter();
        let is_there = |mount: &Mount| mount.point == point;
        let found = filesystems.find(|found| found.mount.as_ref().is_some_and(is_there));
        found.map(|found| found.on)
    }

    /// Whether a device or partition lies on one that is cached, however far down.
    fn is_on_bcache(&self, place: Place) -> bool {
        let device = match place {
            Place::Device(id) => id,
            Place::Partition(id) => match self.partition(id) {
                Some((table, _)) => table.device,
                None => return false,
            },
        };
        let Some(group) = self.device(device).and_then(Device::group) else { return false };
        matches!(group.kind, GroupKind::Bcache { .. })
            || self.members(group.id).any(|member| self.is_on_bcache(member.on))
    }
}
