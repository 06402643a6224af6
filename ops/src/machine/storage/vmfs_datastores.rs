//! Datastores of `ESXi`.

use model::machine::storage::Drives;
use model::machine::storage::group::GroupChange;
use model::machine::storage::lvm::NewGroup;

use crate::error::Refusal;
use crate::machine::storage::edit::{Editor, READY, When};
use crate::machine::storage::raids::{Of, ShownGroup};

impl Editor<'_> {
    /// Makes a datastore.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn create_datastore(&self, wanted: &NewGroup) -> Result<ShownGroup, Refusal> {
        let message = "Cannot create VMFS group because the machine is not Ready.";
        let when = When::Admin(READY, message);
        let edited = self.edit(
            "vmfs.create",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.create_datastore(ids, wanted),
        );
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Changes a datastore.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn update_datastore(
        &self,
        datastore: &str,
        wanted: &GroupChange,
    ) -> Result<ShownGroup, Refusal> {
        let message = "Cannot update the VMFS datastore because the machine is not Ready.";
        let find = |drives: &Drives| Of::Vmfs.named(drives, datastore);
        let when = When::Admin(READY, message);
        let edited = self.edit("vmfs.update", when, find, |drives, ids, id| {
            drives.update_datastore(ids, id, wanted)?;
            Ok(id)
        });
        edited.await.map(|(id, of)| ShownGroup { id, of })
    }

    /// Takes a datastore apart.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn delete_datastore(&self, datastore: &str) -> Result<(), Refusal> {
        let message = "Cannot delete VMFS datastore because the machine is not Ready.";
        self.delete_group(Of::Vmfs, datastore, "vmfs.delete", When::Admin(READY, message)).await
    }
}
