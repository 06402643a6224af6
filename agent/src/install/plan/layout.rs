//! What the items of a storage configuration are in this machine: which disk is meant, which path each device has,
//! and what stands on what.

use std::collections::{BTreeMap, BTreeSet};

use api::agent::ReportedDisk;
use model::machine::storage::curtin::{Disk, Format, Item, Mount, Partition, Ptable};

use super::capacity;
use crate::install::error::PlanError;
use crate::install::target::Target;

/// The items, with what they are in this machine.
pub(super) struct Layout<'a> {
    items: &'a [Item],
    by_id: BTreeMap<&'a str, &'a Item>,
    disks: BTreeMap<&'a str, &'a ReportedDisk>,
    paths: BTreeMap<&'a str, String>,
}

impl<'a> Layout<'a> {
    /// Finds the disks, and names all devices.
    ///
    /// # Errors
    /// When a disk that something is made of is not in the machine, or an item names one that does not stand before it.
    pub(super) fn new(items: &'a [Item], target: &'a Target) -> Result<Self, PlanError> {
        let mut layout =
            Self { items, by_id: BTreeMap::new(), disks: BTreeMap::new(), paths: BTreeMap::new() };
        let mut caches = 0;
        for item in items {
            for id in below(item) {
                if !layout.by_id.contains_key(id) {
                    return Err(PlanError::Unknown {
                        item: item.id().to_owned(),
                        names: id.to_owned(),
                    });
                }
            }
            if let Item::Disk(disk) = item {
                // A disk that was taken out is missed only where something is made of it.
                let is_used = items.iter().any(|other| below(other).contains(&disk.id.as_str()));
                match find_disk(disk, target) {
                    Ok(found) => {
                        layout.disks.insert(&disk.id, found);
                    }
                    Err(_) if !is_used => {}
                    Err(error) => return Err(error),
                }
            }
            if let Some(path) = layout.path_of(item, &mut caches) {
                layout.paths.insert(item.id(), path);
            }
            layout.by_id.insert(item.id(), item);
        }
        Ok(layout)
    }

    /// All items, in their order.
    pub(super) fn items(&self) -> &'a [Item] {
        self.items
    }

    /// The path of a device that stands among the items, `/dev/sda1`.
    pub(super) fn path(&self, id: &str) -> &str {
        self.paths.get(id).map_or("", String::as_str)
    }

    /// The disks of the configuration as they are in the machine, with their items.
    pub(super) fn disks(&self) -> impl Iterator<Item = (&'a Disk, &'a ReportedDisk)> {
        self.items.iter().filter_map(|item| match item {
            Item::Disk(disk) => Some((disk, *self.disks.get(disk.id.as_str())?)),
            _other => None,
        })
    }

    /// The partitions of a device, by their numbers.
    pub(super) fn partitions(&self, device: &str) -> Vec<&'a Partition> {
        let mut partitions: Vec<&Partition> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Partition(partition) if partition.device == device => Some(partition),
                _other => None,
            })
            .collect();
        partitions.sort_by_key(|partition| partition.number);
        partitions
    }

    /// The table of a disk, array or cached device; none for one that something is made of as a whole.
    pub(super) fn table(&self, device: &str) -> Option<Ptable> {
        if self.users(device).any(|user| !matches!(user, Item::Partition(_))) {
            return None;
        }
        match self.by_id.get(device)? {
            Item::Disk(disk) => disk.ptable,
            Item::Raid(raid) => raid.ptable,
            Item::Bcache(bcache) => bcache.ptable,
            _other => None,
        }
    }

    /// What is made of a device, directly.
    pub(super) fn users(&self, device: &str) -> impl Iterator<Item = &'a Item> {
        self.items.iter().filter(move |item| below(item).contains(&device))
    }

    /// The formats, in their order.
    pub(super) fn formats(&self) -> impl Iterator<Item = &'a Format> {
        self.items.iter().filter_map(|item| match item {
            Item::Format(format) => Some(format),
            _other => None,
        })
    }

    /// The mounts with what they mount, parents before what is mounted in them.
    pub(super) fn mounts(&self) -> Vec<(&'a Mount, Option<&'a Format>)> {
        let mut mounts: Vec<_> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Mount(mount) => Some((mount, self.format_of(mount))),
                _other => None,
            })
            .collect();
        mounts.sort_by_key(|(mount, _)| depth(&mount.path));
        mounts
    }

    /// The mount at a path, and the file system there.
    pub(super) fn mounted_at(&self, path: &str) -> Option<(&'a Mount, &'a Format)> {
        self.mounts().into_iter().find_map(|(mount, format)| {
            (mount.path == path).then_some(())?;
            Some((mount, format?))
        })
    }

    /// All that an item stands on.
    pub(super) fn stack(&self, id: &str) -> Vec<&'a Item> {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(item) = self.by_id.get(id) else { continue };
            open.extend(below(item).into_iter().filter(|id| ids.insert(id)));
        }
        self.items.iter().filter(|item| ids.contains(item.id())).collect()
    }

    /// The size of a logical sector of a device: the largest of the disks that it stands on.
    pub(super) fn sector_bytes(&self, id: &str) -> u64 {
        let stack = self.stack(id);
        let ids = stack.iter().map(|item| item.id()).chain([id]);
        let sizes = ids.filter_map(|id| self.disks.get(id)).map(|disk| disk.block_size_bytes);
        sizes.max().filter(|size| *size >= 512).unwrap_or(512).into()
    }

    /// The size of a device in bytes, where it is known: of what is combined, as the tools make it.
    pub(super) fn size_bytes(&self, id: &str) -> Option<u64> {
        match self.by_id.get(id)? {
            Item::Disk(_) => self.disks.get(id).map(|disk| disk.size_bytes),
            Item::Partition(partition) => Some(partition.size),
            Item::LvmPartition(volume) => Some(volume.size),
            Item::Raid(raid) => capacity::of_array(self, raid),
            Item::Bcache(bcache) => capacity::of_cached(self, bcache),
            Item::LvmVolgroup(_) | Item::Format(_) | Item::Mount(_) => None,
        }
    }

    /// The size of what is combined of devices, which may be less than was counted on; none of a disk.
    pub(super) fn end_of_combined(&self, id: &str) -> Option<u64> {
        match self.by_id.get(id)? {
            Item::Raid(_) | Item::Bcache(_) => self.size_bytes(id),
            _other => None,
        }
    }

    fn format_of(&self, mount: &Mount) -> Option<&'a Format> {
        match self.by_id.get(mount.device.as_deref()?)? {
            Item::Format(format) => Some(format),
            _other => None,
        }
    }

    /// The path of a device; nothing for what is none.
    fn path_of(&self, item: &Item, caches: &mut u32) -> Option<String> {
        match item {
            Item::Disk(disk) => Some(format!("/dev/{}", self.disks.get(disk.id.as_str())?.name)),
            Item::Partition(partition) => {
                Some(partition_path(self.path(&partition.device), partition.number))
            }
            Item::LvmPartition(volume) => {
                let Some(Item::LvmVolgroup(group)) = self.by_id.get(volume.volgroup.as_str())
                else {
                    return None;
                };
                let [group, volume] =
                    [&group.name, &volume.name].map(|name| name.replace('-', "--"));
                Some(format!("/dev/mapper/{group}-{volume}"))
            }
            Item::Raid(raid) => Some(array_path(&raid.name)),
            // The kernel counts them as they appear, whatever they are called.
            Item::Bcache(_) => {
                let path = format!("/dev/bcache{caches}");
                *caches += 1;
                Some(path)
            }
            Item::LvmVolgroup(_) | Item::Format(_) | Item::Mount(_) => None,
        }
    }
}

/// Ids of what an item is made of, directly.
pub(crate) fn below(item: &Item) -> Vec<&str> {
    match item {
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
    }
}

/// How many folders deep a path is.
fn depth(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

/// `/dev/vda2`, but `/dev/nvme0n1p2`.
pub(super) fn partition_path(device: &str, number: u32) -> String {
    let separator = if device.ends_with(|c: char| c.is_ascii_digit()) { "p" } else { "" };
    format!("{device}{separator}{number}")
}

/// `/dev/md0`; arrays with names of other forms are in a folder of their own.
fn array_path(name: &str) -> String {
    let number = name.strip_prefix("md").unwrap_or_default();
    let is_numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_numbered { format!("/dev/{name}") } else { format!("/dev/md/{name}") }
}

/// The disk with the serial number; without one, that at the path, or of the name.
fn find_disk<'a>(disk: &Disk, target: &'a Target) -> Result<&'a ReportedDisk, PlanError> {
    let serial = disk.serial.as_deref().filter(|serial| !serial.is_empty());
    let name = disk.path.as_deref().map_or(disk.name.as_str(), |path| target.kernel_name(path));
    let found = target.disks.iter().find(|candidate| match serial {
        Some(serial) => candidate.serial == serial,
        None => candidate.name == name,
    });
    found.ok_or_else(|| PlanError::NoDisk {
        disk: disk.name.clone(),
        serial: serial.unwrap_or_default().to_owned(),
        present: target.disks.iter().map(|disk| disk.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{disk, target};
    use super::{array_path, find_disk, partition_path};
    use model::machine::hardware::Firmware;
    use model::machine::storage::curtin::Disk;

    fn wanted(name: &str, serial: Option<&str>, path: Option<&str>) -> Disk {
        Disk {
            id: name.to_owned(),
            name: name.to_owned(),
            serial: serial.map(str::to_owned),
            path: path.map(str::to_owned),
            model: None,
            ptable: None,
            grub_device: false,
        }
    }

    #[test]
    fn serial_number_decides_over_path_and_name() {
        let mut target = target(Firmware::Bios, &["sda", "sdb", "sdc"]);
        target.disks[2] = disk("sdc", "");
        target.links = vec![("wwn-7".to_owned(), "sdc".to_owned())];
        let find = |disk: &Disk| find_disk(disk, &target).map(|disk| disk.name.clone());
        let cases = [
            (wanted("sda", Some("S-sdb"), Some("/dev/sda")), "sdb"),
            (wanted("sda", None, Some("/dev/sdb")), "sdb"),
            (wanted("sda", None, Some("/dev/disk/by-id/wwn-7")), "sdc"),
            (wanted("sda", Some(""), None), "sda"),
        ];
        for (disk, name) in cases {
            assert_eq!(find(&disk).expect("found"), name, "{disk:?}");
        }
        let error = find(&wanted("sda", Some("S9"), None)).expect_err("not there").to_string();
        assert_eq!(
            error,
            "disk sda (serial \"S9\") is not in the machine, which has: sda, sdb, sdc"
        );
        assert!(find(&wanted("sdx", None, Some("/dev/disk/by-id/wwn-8"))).is_err());
    }

    #[test]
    fn devices_are_called_as_the_kernel_calls_them() {
        assert_eq!(partition_path("/dev/vda", 2), "/dev/vda2");
        assert_eq!(partition_path("/dev/nvme0n1", 2), "/dev/nvme0n1p2");
        assert_eq!(partition_path("/dev/md0", 1), "/dev/md0p1");
        assert_eq!(array_path("md12"), "/dev/md12");
        assert_eq!(array_path("md"), "/dev/md/md");
        assert_eq!(array_path("mdroot"), "/dev/md/mdroot");
    }
}
