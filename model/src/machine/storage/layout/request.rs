//! What a layout is asked for: sizes and names as they were sent, read against the disks that are there.

use serde_json::Value;

use crate::id::BlockDeviceId;
use crate::machine::storage::config::{CacheMode, LayoutName, Place};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::size::{self, BOOT_MIN, EFI, ROOT_MIN, Wanted};
use crate::machine::storage::{Drives, StorageError, naming};

/// A layout that is asked for, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayoutRequest {
    /// Its name.
    pub storage_layout: Option<String>,
    /// The size of `/boot`; none of its own when absent.
    pub boot_size: Option<String>,
    /// The size of the root partition; what is left when absent.
    pub root_size: Option<String>,
    /// The disk of the root partition; the boot disk when absent.
    pub root_device: Option<String>,
    /// The name of the volume group.
    pub vg_name: Option<String>,
    /// The name of the logical volume.
    pub lv_name: Option<String>,
    /// The size of the logical volume.
    pub lv_size: Option<String>,
    /// The disk that caches.
    pub cache_device: Option<String>,
    /// How writes are cached.
    pub cache_mode: Option<String>,
    /// The size of the partition that caches.
    pub cache_size: Option<String>,
    /// Whether the whole disk caches.
    pub cache_no_part: Option<bool>,
    /// What a commissioning script told of the disks, which the layout `custom` makes; nothing that is sent.
    pub reported: Option<Value>,
}

/// What all layouts are asked for.
pub(super) struct Basic {
    pub(super) boot_size: u64,
    pub(super) root_size: Option<u64>,
    pub(super) root_device: BlockDeviceId,
}

/// What a layout with LVM is asked for.
pub(super) struct Volume {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) size: Option<u64>,
}

/// What a layout with a cache is asked for.
pub(super) struct Cache {
    pub(super) device: BlockDeviceId,
    pub(super) mode: CacheMode,
    pub(super) size: Option<u64>,
    pub(super) whole: bool,
}

impl LayoutRequest {
    /// The layout.
    pub(super) fn layout(&self) -> Result<LayoutName, StorageError> {
        let required = || StorageError::field("storage_layout", naming::REQUIRED);
        let text = given(&self.storage_layout).ok_or_else(required)?;
        LayoutName::of_name(text).ok_or_else(|| {
            let names = LayoutName::ALL.map(|layout| layout.name().to_owned());
            StorageError::field("storage_layout", one_of(text, "storage_layout", &names))
        })
    }

    /// What another layout has and this one has not.
    pub(super) fn refuse_unused(&self, layout: LayoutName) -> Result<(), StorageError> {
        use LayoutName as L;
        let of_linux: &[L] = &[L::Flat, L::Lvm, L::Bcache];
        let of_all: &[L] = &[L::Flat, L::Lvm, L::Bcache, L::Vmfs6, L::Vmfs7];
        let fields: [(&str, bool, &[L]); 10] = [
            ("boot_size", given(&self.boot_size).is_some(), of_linux),
            ("root_size", given(&self.root_size).is_some(), of_all),
            ("root_device", given(&self.root_device).is_some(), of_all),
            ("vg_name", given(&self.vg_name).is_some(), &[L::Lvm]),
            ("lv_name", given(&self.lv_name).is_some(), &[L::Lvm]),
            ("lv_size", given(&self.lv_size).is_some(), &[L::Lvm]),
            ("cache_device", given(&self.cache_device).is_some(), &[L::Bcache]),
            ("cache_mode", given(&self.cache_mode).is_some(), &[L::Bcache]),
            ("cache_size", given(&self.cache_size).is_some(), &[L::Bcache]),
            ("cache_no_part", self.cache_no_part == Some(true), &[L::Bcache]),
        ];
        let mut wrong = Wrong::new();
        for (field, is_given, layouts) in fields {
            if is_given && !layouts.contains(&layout) {
                let name = layout.name();
                wrong.add(field, format!("The layout {name} has no {field}: leave it out."));
            }
        }
        wrong.finish()
    }

    pub(super) fn basic(&self, drives: &Drives) -> Result<Basic, StorageError> {
        let mut wrong = Wrong::new();
        let boot_disk = drives.boot_disk().map_or(0, |disk| disk.size_bytes);
        let least = EFI.saturating_add(ROOT_MIN);
        let boot = bounded(&self.boot_size, boot_disk, BOOT_MIN, least);
        let boot_size = wrong.take("boot_size", boot).flatten().unwrap_or(0);
        let root = bounded(&self.root_size, boot_disk, ROOT_MIN, EFI + BOOT_MIN);
        let root_size = wrong.take("root_size", root).flatten();
        let root_device = disk_named(drives, "root_device", &self.root_device, |_| true);
        let root_device = wrong.take("root_device", root_device).flatten();
        if root_size.is_some_and(|root| EFI + boot_size + root > boot_disk) {
            let message = "Size of the boot partition and root partition are larger than the \
                           available space on the boot disk.";
            wrong.add("__all__", message);
        }
        wrong.finish()?;
        let root_device = root_device.or_else(|| drives.boot_disk().map(|disk| disk.id));
        let root_device = root_device.ok_or(StorageError::NotFound("BlockDevice"))?;
        Ok(Basic { boot_size, root_size, root_device })
    }

    pub(super) fn volume(&self, drives: &Drives, basic: &Basic) -> Result<Volume, StorageError> {
        let mut wrong = Wrong::new();
        let whole = drives.size(Place::Device(basic.root_device));
        let root_size = basic
            .root_size
            .unwrap_or_else(|| whole.saturating_sub(EFI).saturating_sub(basic.boot_size));
        let size = given(&self.lv_size).map(|text| {
            let size = Wanted::parse(text)?.of(root_size);
            between(size, ROOT_MIN, root_size)
        });
        let size = wrong.take("lv_size", size.transpose()).flatten();
        let name = |text, other| naming::device_name(given(text).unwrap_or(other));
        let group = wrong.take("vg_name", name(&self.vg_name, "vgroot"));
        let volume = wrong.take("lv_name", name(&self.lv_name, "lvroot"));
        wrong.finish()?;
        Ok(Volume { group: group.unwrap_or_default(), name: volume.unwrap_or_default(), size })
    }

    /// What is cached with; none where nothing can.
    pub(super) fn cache(&self, drives: &Drives) -> Result<Option<Cache>, StorageError> {
        let mut wrong = Wrong::new();
        let may = |id: BlockDeviceId| !drives.is_boot_disk(id);
        let device = disk_named(drives, "cache_device", &self.cache_device, may);
        let device = wrong.take("cache_device", device).flatten().or_else(|| drives.best_cache());
        let mode = match given(&self.cache_mode) {
            None => Ok(CacheMode::Writethrough),
            Some(text) => CacheMode::of_name(text).ok_or_else(|| naming::no_choice(text)),
        };
        let mode = wrong.take("cache_mode", mode);
        let whole = self.cache_no_part.unwrap_or(false);
        let space = device.map_or(0, |id| drives.size(Place::Device(id)));
        let size = given(&self.cache_size).map(|text| {
            if whole {
                let both = "Cannot use cache_size and cache_no_part at the same time.";
                return Err(both.to_owned());
            }
            between(Wanted::parse(text)?.of(space), size::DEVICE_MIN, space)
        });
        let size = wrong.take("cache_size", size.transpose()).flatten();
        wrong.finish()?;
        let Some((device, mode)) = device.zip(mode) else { return Ok(None) };
        Ok(Some(Cache { device, mode, size, whole }))
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A size of a partition of the boot disk, of which others need `besides`. Percentages do not count the EFI system
/// partition.
fn bounded(
    text: &Option<String>,
    disk: u64,
    min: u64,
    besides: u64,
) -> Result<Option<u64>, String> {
    let Some(text) = given(text) else { return Ok(None) };
    let size = Wanted::parse(text)?.of(disk.saturating_sub(EFI));
    between(size, min, disk.saturating_sub(besides)).map(Some)
}

fn between(size: u64, min: u64, max: u64) -> Result<u64, String> {
    if size < min {
        Err(format!("Size is too small. Minimum size is {min}."))
    } else if size > max {
        Err(format!("Size is too large. Maximum size is {max}."))
    } else {
        Ok(size)
    }
}

/// The disk that a field names.
fn disk_named(
    drives: &Drives,
    field: &str,
    text: &Option<String>,
    may: impl Fn(BlockDeviceId) -> bool,
) -> Result<Option<BlockDeviceId>, String> {
    let Some(text) = given(text) else { return Ok(None) };
    let mut disks = drives.disks.iter().filter(|disk| may(disk.id));
    let name = text.strip_prefix("/dev/").unwrap_or(text);
    let found = disks.clone().find(|disk| disk.id.to_string() == text || disk.name == name);
    let ids: Vec<String> = disks.by_ref().map(|disk| disk.id.to_string()).collect();
    found.map(|disk| Some(disk.id)).ok_or_else(|| one_of(text, field, &ids))
}

fn one_of(value: &str, what: &str, choices: &[String]) -> String {
    let choices: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    format!("'{value}' is not a valid {what}.  It should be one of: {}.", choices.join(", "))
}
