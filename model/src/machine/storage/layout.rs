//! Layouts of all disks: what commissioning leaves, and what administrators choose. Each begins by taking everything off.

mod request;

use serde_json::Value;

use crate::id::BlockDeviceId;
use crate::machine::storage::config::{
    Content, FsType, LayoutName, Mount, Partition, Place, Storage,
};
use crate::machine::storage::ids::{Counted, NewIds};
use crate::machine::storage::partition::Cut;
use crate::machine::storage::size::{self, BOOT_MIN, EFI, GIB};
use crate::machine::storage::vmfs::{Base, vmfs_partitions};
use crate::machine::storage::{Drives, StorageError};

pub use request::LayoutRequest;
use request::{Basic, Cache, Volume};

/// The `/boot` of a cached root, which nothing boots from.
const BOOT_OF_BCACHE: u64 = GIB;
/// What is said where a layout has no disk.
const NO_DISK: &str = "Machine is missing a boot disk; no storage layout can be applied.";

impl Drives {
    /// Lays all disks out anew.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn apply_layout(
        &mut self,
        ids: &mut dyn NewIds,
        request: &LayoutRequest,
    ) -> Result<(), StorageError> {
        let layout = request.layout()?;
        let boot_disk = self.boot_disk().map(|disk| disk.id);
        let boot_disk = boot_disk.ok_or_else(|| StorageError::text(NO_DISK))?;
        request.refuse_unused(layout)?;
        // What was there counts for nothing, and comes back when the new layout fails.
        let mut next = self.clone();
        next.storage = Storage { layout: Some(layout), ..Storage::default() };
        next.lay_out(ids, layout, boot_disk, request)?;
        *self = next;
        Ok(())
    }

    /// Lays all disks out as the site has it. What does not fit is left blank. `reported` is what a commissioning script
    /// told of them.
    ///
    /// # Errors
    /// Why they are blank now.
    pub fn apply_default(
        &mut self,
        ids: &mut dyn NewIds,
        layout: LayoutName,
        reported: Option<Value>,
    ) -> Result<(), StorageError> {
        let has_no_cache = layout == LayoutName::Bcache && self.best_cache().is_none();
        let layout = if has_no_cache { LayoutName::Flat } else { layout };
        let storage_layout = Some(layout.name().to_owned());
        let request = LayoutRequest { storage_layout, reported, ..LayoutRequest::default() };
        let applied = self.apply_layout(ids, &request);
        if applied.is_err() {
            self.storage = Storage { layout: Some(LayoutName::Blank), ..Storage::default() };
        }
        applied
    }

    fn lay_out(
        &mut self,
        ids: &mut dyn NewIds,
        layout: LayoutName,
        boot_disk: BlockDeviceId,
        request: &LayoutRequest,
    ) -> Result<(), StorageError> {
        match layout {
            LayoutName::Blank => Ok(()),
            LayoutName::Custom => {
                let none = || failed(layout, "No custom storage layout configuration found");
                let reported = request.reported.as_ref().ok_or_else(none)?;
                let applied = self.lay_custom(ids, reported);
                applied.map_err(|why| {
                    failed(layout, &format!("Failed to apply storage layout: {why}"))
                })
            }
            LayoutName::Flat => {
                let basic = request.basic(self)?;
                let root = self.lay_basic(ids, boot_disk, &basic, None)?;
                self.put_root(ids, root);
                Ok(())
            }
            LayoutName::Lvm => {
                let basic = request.basic(self)?;
                let volume = request.volume(self, &basic)?;
                self.lay_lvm(ids, boot_disk, &basic, volume)
            }
            LayoutName::Bcache => {
                let basic = request.basic(self)?;
                let cache = request.cache(self)?.ok_or_else(|| {
                    let why = "Node doesn't have an available cache device to setup bcache.";
                    failed(layout, why)
                })?;
                self.lay_bcache(ids, boot_disk, &basic, cache)
            }
            LayoutName::Vmfs6 | LayoutName::Vmfs7 => {
                let least = if layout == LayoutName::Vmfs6 { 10 } else { 32 };
                if self.size(Place::Device(boot_disk)) < least * GIB {
                    let message = format!("Boot disk must be at least {least}Gb.");
                    return Err(StorageError::field("boot_size", message));
                }
                let basic = request.basic(self)?;
                let bases = vmfs_partitions(layout).unwrap_or_default();
                self.lay_vmfs(ids, basic.root_device, basic.root_size, bases)
            }
        }
    }

    /// What all layouts of Linux begin with; the partition of the root file system.
    fn lay_basic(
        &mut self,
        ids: &mut dyn NewIds,
        boot_disk: BlockDeviceId,
        basic: &Basic,
        boot_size: Option<u64>,
    ) -> Result<Place, StorageError> {
        let cut = |size| Cut { size: Some(size), uuid: None, bootable: true };
        if self.platform.needs_efi() {
            let efi = self.add_partition(ids, boot_disk, cut(EFI))?;
            self.put(ids, Place::Partition(efi), (FsType::Fat32, "efi", "/boot/efi"));
        }
        let least = if self.platform.needs_boot_partition() { BOOT_MIN } else { 0 };
        let boot_size = boot_size.unwrap_or_else(|| basic.boot_size.max(least));
        if boot_size > 0 {
            let boot = self.add_partition(ids, boot_disk, cut(boot_size))?;
            self.put(ids, Place::Partition(boot), (FsType::Ext4, "boot", "/boot"));
        }
        let cut = Cut { size: basic.root_size, ..Cut::default() };
        self.add_partition(ids, basic.root_device, cut).map(Place::Partition)
    }

    fn lay_lvm(
        &mut self,
        ids: &mut dyn NewIds,
        boot_disk: BlockDeviceId,
        basic: &Basic,
        volume: Volume,
    ) -> Result<(), StorageError> {
        let root = self.lay_basic(ids, boot_disk, basic, None)?;
        self.check_group_name(&volume.group, None)?;
        let group = self.put_volume_group(ids, volume.group, None, &[root]);
        let whole = self.group(group).map_or(0, |group| self.group_size(group));
        let size = volume.size.unwrap_or(whole);
        let device = self.put_volume(ids, group, (volume.name, size), None)?;
        self.put_root(ids, Place::Device(device));
        Ok(())
    }

    fn lay_bcache(
        &mut self,
        ids: &mut dyn NewIds,
        boot_disk: BlockDeviceId,
        basic: &Basic,
        cache: Cache,
    ) -> Result<(), StorageError> {
        let boot_size = if basic.boot_size == 0 { BOOT_OF_BCACHE } else { basic.boot_size };
        let root = self.lay_basic(ids, boot_disk, basic, Some(boot_size))?;
        let place = if cache.whole {
            Place::Device(cache.device)
        } else {
            let cut = Cut { size: cache.size, ..Cut::default() };
            Place::Partition(self.add_partition(ids, cache.device, cut)?)
        };
        let cache_set = self.put_cache_set(ids, place);
        let name = self.next_name("bcache");
        let group = self.put_bcache(ids, name, (cache_set, cache.mode), root);
        if let Some(device) = self.group(group).and_then(|group| group.device()) {
            let place = Place::Device(device.id);
            self.put_root(ids, place);
        }
        Ok(())
    }

    /// The image brings its partitions along, which are neither aligned nor named.
    fn lay_vmfs(
        &mut self,
        ids: &mut dyn NewIds,
        device: BlockDeviceId,
        root_size: Option<u64>,
        bases: &[Base],
    ) -> Result<(), StorageError> {
        let mut datastore = None;
        for base in bases {
            let id = ids.partition();
            let is_datastore = base.size_bytes == 0;
            datastore = if is_datastore { Some(id) } else { datastore };
            self.table_for(device).partitions.push(Partition {
                id,
                number: base.number,
                size_bytes: base.size_bytes,
                uuid: is_datastore.then(|| ids.uuid()).flatten(),
                bootable: base.number == 1,
                tags: Vec::new(),
            });
        }
        let Some(datastore) = datastore else { return Ok(()) };
        let available = self.available_size(device);
        let size = root_size.map_or(available, size::aligned);
        if size < size::PARTITION_MIN || size > available {
            let message = format!(
                "Partition {datastore} cannot be resized to fit on the block device; not enough \
                 free space."
            );
            return Err(StorageError::field("size", message));
        }
        let mut partitions = self.table_for(device).partitions.iter_mut();
        if let Some(partition) = partitions.find(|partition| partition.id == datastore) {
            partition.size_bytes = size;
        }
        let places = [Place::Partition(datastore)];
        self.put_datastore(ids, "datastore1".to_owned(), None, &places);
        Ok(())
    }

    fn put_root(&mut self, ids: &mut dyn NewIds, place: Place) {
        self.put(ids, place, (FsType::Ext4, "root", "/"));
    }

    fn put(
        &mut self,
        ids: &mut dyn NewIds,
        place: Place,
        (fstype, label, point): (FsType, &str, &str),
    ) {
        self.put_filesystem(ids, place, Content::Formatted(fstype), None);
        if let Some(filesystem) = self.storage.filesystems.last_mut() {
            filesystem.label = Some(label.to_owned());
            filesystem.mount = Some(Mount { point: point.to_owned(), options: None });
        }
    }

    /// The disk that caches best: the smallest that is an SSD and not booted from.
    fn best_cache(&self) -> Option<BlockDeviceId> {
        let is_ssd = |tags: &[String]| tags.iter().any(|tag| tag == "ssd");
        let others = self.disks.iter().filter(|disk| !self.is_boot_disk(disk.id));
        let best = others.filter(|disk| is_ssd(&disk.tags)).min_by_key(|disk| disk.size_bytes);
        best.map(|disk| disk.id)
    }

    /// The same, or what is taken for it where disks were never laid out: flat, on the boot disk alone.
    #[must_use]
    pub fn or_flat(&self) -> Self {
        let mut assumed = self.clone();
        if !self.storage.is_configured() {
            let boot = self.boot_disk().map(|disk| disk.id);
            assumed.disks.retain(|disk| Some(disk.id) == boot);
            let mut ids = Counted::default();
            let _ = assumed.apply_default(&mut ids, LayoutName::Flat, None);
        }
        assumed
    }
}

fn failed(layout: LayoutName, why: &str) -> StorageError {
    StorageError::text(format!("Failed to configure storage layout '{}': {why}", layout.name()))
}
