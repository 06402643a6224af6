//! File systems that need no device.

use model::machine::storage::filesystem::NewMount;

use crate::error::Refusal;
use crate::machine::storage::edit::{Editor, When};

impl Editor<'_> {
    /// Mounts a file system that needs no device.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn mount_special(
        &self,
        fstype: Option<&str>,
        mount: &NewMount,
    ) -> Result<(), Refusal> {
        let when = When::Owner { verb: "mount", what: "the filesystem", machine: "machine" };
        let edited = self.edit(
            "machine.mount_special",
            when,
            |_| Ok(()),
            |drives, ids, ()| drives.mount_special(ids, fstype, mount),
        );
        edited.await.map(drop)
    }

    /// Takes one away.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn unmount_special(&self, point: Option<&str>) -> Result<(), Refusal> {
        let when = When::Owner { verb: "unmount", what: "the filesystem", machine: "machine" };
        let edited = self.edit(
            "machine.unmount_special",
            when,
            |_| Ok(()),
            |drives, _, ()| drives.unmount_special(point),
        );
        edited.await.map(drop)
    }
}
