//! Datastores of `ESXi` (VMFS). An image of `ESXi` makes them; what stands here is what they will be made of.

use crate::id::StorageGroupId;
use crate::machine::storage::config::{Content, FsType, GroupKind, Mount, Place};
use crate::machine::storage::error::Wrong;
use crate::machine::storage::group::{Changes, GroupChange};
use crate::machine::storage::ids::NewIds;
use crate::machine::storage::lvm::{NewGroup, ReadGroup};
use crate::machine::storage::{Drives, StorageError};

impl Drives {
    /// Makes a datastore. Block devices are partitioned, as `ESXi` does.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn create_datastore(
        &mut self,
        ids: &mut dyn NewIds,
        wanted: &NewGroup,
    ) -> Result<StorageGroupId, StorageError> {
        let mut wrong = Wrong::new();
        if !self.storage.tables.iter().any(|table| self.vmfs_layout(table).is_some()) {
            wrong.add(
                "VMFS",
                "VMFS Datastores may only be created after the VMFS6 or VMFS7 storage layout has \
                 been applied.",
            );
        }
        let ReadGroup { name, uuid, places } = self.read_group(wanted, wrong)?;
        let places = self.partition_all(ids, &places)?;
        Ok(self.put_datastore(ids, name, uuid, &places))
    }

    pub(super) fn put_datastore(
        &mut self,
        ids: &mut dyn NewIds,
        name: String,
        uuid: Option<String>,
        places: &[Place],
    ) -> StorageGroupId {
        let device = Self::new_device(ids);
        let on = Place::Device(device.id);
        let mount = Mount { point: mount_point(&name), options: None };
        let id = self.push_group(ids, name, uuid, GroupKind::Vmfs { device });
        self.add_members(ids, places, Content::VmfsExtent(id));
        self.put_filesystem(ids, on, Content::Formatted(FsType::Vmfs6), None);
        if let Some(filesystem) = self.storage.filesystems.last_mut() {
            filesystem.mount = Some(mount);
        }
        id
    }

    /// Changes a datastore.
    ///
    /// # Errors
    /// [`StorageError`] in MAAS's words.
    pub fn update_datastore(
        &mut self,
        ids: &mut dyn NewIds,
        id: StorageGroupId,
        wanted: &GroupChange,
    ) -> Result<(), StorageError> {
        let Changes { name, uuid, add, remove } = self.changes(id, wanted)?;
        let add = self.partition_all(ids, &add)?;
        self.add_members(ids, &add, Content::VmfsExtent(id));
        self.remove_members(id, &remove);
        self.rename(id, name, uuid)?;
        let found = self.group(id).and_then(|group| Some((group.device()?.id, &group.name)));
        if let Some((device, point)) = found.map(|(device, name)| (device, mount_point(name))) {
            let mut filesystems = self.storage.filesystems.iter_mut();
            if let Some(found) = filesystems.find(|found| found.on == Place::Device(device)) {
                found.mount = Some(Mount { point, options: None });
            }
        }
        self.check()
    }
}

fn mount_point(name: &str) -> String {
    format!("/vmfs/volumes/{name}")
}
