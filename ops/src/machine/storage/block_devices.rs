//! Block devices: disks that are told by hand, edits, file systems right on them, and the one that is booted from.

use model::id::BlockDeviceId;
use model::machine::status::Status;
use model::machine::storage::config::Place;
use model::machine::storage::disks::DeviceChange;
use model::machine::storage::filesystem::{NewFilesystem, NewMount};
use model::machine::storage::{Drives, StorageError};

use crate::error::Refusal;
pub use crate::machine::storage::edit::Editor;
use crate::machine::storage::edit::{READY, When};
use crate::machine::storage::ids::Taken;
use crate::machine::storage::{self, MachineDrives};

/// A block device as doors show it, with the machine's others.
#[derive(Debug, Clone)]
pub struct ShownDevice {
    /// Which one.
    pub id: BlockDeviceId,
    /// All of the machine's.
    pub of: MachineDrives,
}

const UPDATE: When =
    When::Admin(READY, "Cannot update block device because the machine is not Ready.");

/// The device that a path names.
///
/// # Errors
/// [`StorageError::NotFound`].
pub fn named(drives: &Drives, text: &str) -> Result<BlockDeviceId, StorageError> {
    let found = drives.device_named(text).map(|device| device.id());
    found.ok_or(StorageError::NotFound("BlockDevice"))
}

const fn of_owner(verb: &'static str) -> When {
    When::Owner { verb, what: "block device", machine: "machine" }
}

impl Editor<'_> {
    /// Adds a disk.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_disk(&self, wanted: &DeviceChange) -> Result<ShownDevice, Refusal> {
        let edited = self.edit(
            "blockdevice.create",
            When::Always,
            |_| Ok(()),
            |drives, ids, ()| drives.create_disk(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownDevice { id, of })
    }

    /// Changes a block device. Of a deployed machine only what a disk is told apart by, so that a broken one can be replaced.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_device(
        &self,
        device: &str,
        wanted: &DeviceChange,
    ) -> Result<ShownDevice, Refusal> {
        let message = "Cannot update block device because the machine is not Ready.";
        let found = storage::read(self.tables, self.actor, self.machine).await?;
        let id = named(&found.drives, device)?;
        let is_disk = found.drives.device(id).is_some_and(|found| found.disk().is_some());
        // What a device is does not change.
        let statuses: &[Status] = if is_disk && wanted.is_of_identity() {
            &[Status::Ready, Status::Deployed]
        } else {
            READY
        };
        let when = When::Admin(statuses, message);
        self.at(device, "blockdevice.update", when, |drives, _, id| {
            drives.update_device(id, wanted)
        })
        .await
    }

    /// Removes a block device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_device(&self, device: &str) -> Result<(), Refusal> {
        let message = "Cannot delete block device because the machine is not Ready.";
        let when = When::Admin(READY, message);
        let find = |drives: &Drives| named(drives, device);
        let edited =
            self.edit("blockdevice.delete", when, find, |drives, _, id| drives.delete_device(id));
        edited.await.map(drop)
    }

    /// Marks a block device with a tag, or takes it off.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn tag_device(
        &self,
        device: &str,
        tag: &str,
        marked: bool,
    ) -> Result<ShownDevice, Refusal> {
        self.at(device, "blockdevice.tag", UPDATE, |drives, _, id| {
            drives.tag_device(id, tag, marked)
        })
        .await
    }

    /// Has firmware boot from a disk.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn set_boot_disk(&self, device: &str) -> Result<(), Refusal> {
        let message = "Cannot set as boot disk because the machine is not Ready.";
        let when = When::Admin(READY, message);
        self.at(device, "blockdevice.set_boot_disk", when, |drives, _, id| drives.set_boot_disk(id))
            .await
            .map(drop)
    }

    /// Makes a file system on a block device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn format_device(
        &self,
        device: &str,
        wanted: &NewFilesystem,
    ) -> Result<ShownDevice, Refusal> {
        self.at(device, "blockdevice.format", of_owner("format"), |drives, ids, id| {
            drives.format(ids, Place::Device(id), wanted)
        })
        .await
    }

    /// Takes the file system off.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn unformat_device(&self, device: &str) -> Result<ShownDevice, Refusal> {
        self.at(device, "blockdevice.unformat", of_owner("unformat"), |drives, _, id| {
            drives.unformat(Place::Device(id))
        })
        .await
    }

    /// Mounts the file system.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn mount_device(
        &self,
        device: &str,
        wanted: &NewMount,
    ) -> Result<ShownDevice, Refusal> {
        self.at(device, "blockdevice.mount", of_owner("mount"), |drives, _, id| {
            drives.mount(Place::Device(id), wanted)
        })
        .await
    }

    /// Takes the mount away.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn unmount_device(&self, device: &str) -> Result<ShownDevice, Refusal> {
        self.at(device, "blockdevice.unmount", of_owner("unmount"), |drives, _, id| {
            drives.unmount(Place::Device(id))
        })
        .await
    }

    /// Changes one block device.
    async fn at(
        &self,
        device: &str,
        reason: &'static str,
        when: When,
        change: impl Fn(&mut Drives, &mut Taken<'_>, BlockDeviceId) -> Result<(), StorageError>,
    ) -> Result<ShownDevice, Refusal> {
        let find = |drives: &Drives| named(drives, device);
        let edited = self.edit(reason, when, find, |drives, ids, id| {
            change(drives, ids, id)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownDevice { id, of })
    }
}
