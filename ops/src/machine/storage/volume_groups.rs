//! Volume groups of LVM and their logical volumes.

use model::id::BlockDeviceId;
use model::machine::storage::Drives;
use model::machine::storage::group::GroupChange;
use model::machine::storage::lvm::{NewGroup, NewVolume};

use crate::error::Refusal;
use crate::machine::storage::block_devices::ShownDevice;
use crate::machine::storage::edit::{Editor, READY, When};
use crate::machine::storage::raids::{Of, ShownGroup};

impl Editor<'_> {
    /// Makes a volume group.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_volume_group(&self, wanted: &NewGroup) -> Result<ShownGroup, Refusal> {
        let message = "Cannot create volume group because the machine is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit(
            "volumegroup.create",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.create_volume_group(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Changes a volume group.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_volume_group(
        &self,
        group: &str,
        wanted: &GroupChange,
    ) -> Result<ShownGroup, Refusal> {
        let message = "Cannot update volume group because the machine is not Ready.";
        let find = |drives: &Drives| Of::VolumeGroup.named(drives, group);
        let when = When::Admin(READY, message);
        let edited = self.edit("volumegroup.update", when, find, |drives, ids, id| {
            drives.update_volume_group(ids, id, wanted)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Takes a volume group apart.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_volume_group(&self, group: &str) -> Result<(), Refusal> {
        let message = "Cannot delete volume group because the machine is not Ready.";
        let when = When::Admin(READY, message);
        self.delete_group(Of::VolumeGroup, group, "volumegroup.delete", when).await
    }

    /// Makes a logical volume.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_volume(
        &self,
        group: &str,
        wanted: &NewVolume,
    ) -> Result<ShownDevice, Refusal> {
        let message = "Cannot create logical volume because the machine is not Ready.";
        let find = |drives: &Drives| Of::VolumeGroup.named(drives, group);
        let when = When::Admin(READY, message);
        let edited = self.edit("volumegroup.create_volume", when, find, |drives, ids, id| {
            drives.create_volume(ids, id, wanted)
        });
        edited.await.map(|(id, of)| ShownDevice { id, of })
    }

    /// Removes a logical volume; one that is not there is gone already.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_volume(&self, group: &str, volume: BlockDeviceId) -> Result<(), Refusal> {
        let message = "Cannot delete logical volume because the machine is not Ready.";
        let find = |drives: &Drives| Of::VolumeGroup.named(drives, group);
        let when = When::Admin(READY, message);
        let edited = self.edit("volumegroup.delete_volume", when, find, |drives, _, id| {
            drives.delete_volume(id, volume)
        });
        edited.await.map(drop)
    }
}
