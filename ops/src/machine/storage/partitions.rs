//! Partitions, and file systems on them.

use model::id::{BlockDeviceId, PartitionId};
use model::machine::storage::config::Place;
use model::machine::storage::filesystem::{NewFilesystem, NewMount};
use model::machine::storage::partition::NewPartition;
use model::machine::storage::{Drives, StorageError};

use crate::error::Refusal;
use crate::machine::storage::MachineDrives;
use crate::machine::storage::block_devices;
use crate::machine::storage::edit::{Editor, READY, When};
use crate::machine::storage::ids::Taken;

/// A partition as doors show it, with all of the machine's disks.
#[derive(Debug, Clone)]
pub struct ShownPartition {
    /// Which one.
    pub id: PartitionId,
    /// All of the machine's disks.
    pub of: MachineDrives,
}

/// What a path names: a device, and a partition of it.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The device, by id or name.
    pub device: &'a str,
    /// The partition, by id or name.
    pub partition: &'a str,
}

const fn of_owner(verb: &'static str) -> When {
    When::Owner { verb, what: "partition", machine: "node" }
}

impl At<'_> {
    /// The device and the partition.
    ///
    /// # Errors
    /// [`StorageError::NotFound`].
    pub fn find(self, drives: &Drives) -> Result<(BlockDeviceId, PartitionId), StorageError> {
        let device = block_devices::named(drives, self.device)?;
        let named = drives.partition_named(self.partition);
        let of_device =
            |id: &PartitionId| drives.partitions(device).iter().any(|found| found.id == *id);
        let found = named.filter(of_device).map(|id| (device, id));
        found.ok_or(StorageError::NotFound("Partition"))
    }
}

impl Editor<'_> {
    /// Makes a partition of a device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_partition(
        &self,
        device: &str,
        wanted: &NewPartition,
    ) -> Result<ShownPartition, Refusal> {
        let message = "Cannot create partition because the node is not Ready.";
        let find = |drives: &Drives| block_devices::named(drives, device);
        let when = When::Admin(READY, message);
        let edited = self.edit("partition.create", when, find, |drives, ids, device| {
            drives.create_partition(ids, device, wanted)
        });
        edited.await.map(|(id, of)| ShownPartition { id, of })
    }

    /// Removes a partition.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_partition(&self, at: At<'_>) -> Result<(), Refusal> {
        let message = "Cannot delete block device because the node is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit("partition.delete", when, |drives| at.find(drives), {
            |drives: &mut Drives, _: &mut Taken<'_>, (device, id)| {
                drives.delete_partition(device, id)
            }
        });
        edited.await.map(drop)
    }

    /// Marks a partition with a tag, or takes it off.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn tag_partition(
        &self,
        at: At<'_>,
        tag: &str,
        marked: bool,
    ) -> Result<ShownPartition, Refusal> {
        self.of(at, "partition.tag", When::Always, |drives, _, id| {
            drives.tag_partition(id, tag, marked)
        })
        .await
    }

    /// Makes a file system on a partition.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn format_partition(
        &self,
        at: At<'_>,
        wanted: &NewFilesystem,
    ) -> Result<ShownPartition, Refusal> {
        self.of(at, "partition.format", of_owner("format"), |drives, ids, id| {
            drives.format(ids, Place::Partition(id), wanted)
        })
        .await
    }

    /// Takes the file system off.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn unformat_partition(&self, at: At<'_>) -> Result<ShownPartition, Refusal> {
        self.of(at, "partition.unformat", of_owner("unformat"), |drives, _, id| {
            drives.unformat(Place::Partition(id))
        })
        .await
    }

    /// Mounts the file system.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn mount_partition(
        &self,
        at: At<'_>,
        wanted: &NewMount,
    ) -> Result<ShownPartition, Refusal> {
        self.of(at, "partition.mount", of_owner("mount"), |drives, _, id| {
            drives.mount(Place::Partition(id), wanted)
        })
        .await
    }

    /// Takes the mount away.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn unmount_partition(&self, at: At<'_>) -> Result<ShownPartition, Refusal> {
        self.of(at, "partition.unmount", of_owner("unmount"), |drives, _, id| {
            drives.unmount(Place::Partition(id))
        })
        .await
    }

    /// Changes one partition.
    async fn of(
        &self,
        at: At<'_>,
        reason: &'static str,
        when: When,
        change: impl Fn(&mut Drives, &mut Taken<'_>, PartitionId) -> Result<(), StorageError>,
    ) -> Result<ShownPartition, Refusal> {
        let edited = self.edit(
            reason,
            when,
            |drives| at.find(drives),
            |drives, ids, (_, id)| {
                change(drives, ids, id)?;
                Ok(id)
            },
        );
        edited.await.map(|(id, of)| ShownPartition { id, of })
    }
}
