//! The layout of all disks at once: another one, or that of the site again.

use model::access::{Object, Permission, permits};
use model::error::Kind;
use model::machine::status::Status;
use model::machine::storage::layout::LayoutRequest;

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::interfaces::initial;
use crate::machine::storage::edit::{Editor, READY, When};
use crate::machine::storage::version;
use crate::machine::{enlist, machines, step};

impl Editor<'_> {
    /// Lays all disks out as it is asked for.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn set_layout(&self, request: &LayoutRequest) -> Result<(), Refusal> {
        let when =
            When::Admin(READY, "Cannot change the storage layout on a machine that is not Ready.");
        let edited = self.edit(
            "machine.set_storage_layout",
            when,
            |_| Ok(()),
            |drives, ids, ()| {
                let reported = ids.storage_extra(self.machine);
                drives.apply_layout(ids, &LayoutRequest { reported, ..request.clone() })
            },
        );
        edited.await.map(drop)
    }

    /// Lays all disks out as they were after the machine was examined.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn restore_layout(&self) -> Result<(), Refusal> {
        let message = "Machine must be in a ready or failed testing state to restore storage \
                       configuration.";
        self.restore("machine.restore_storage_configuration", message, false).await
    }

    /// The same, and its network as well.
    ///
    /// # Errors
    /// [`Refusal`] in MAAS's words.
    pub async fn restore_default(&self) -> Result<(), Refusal> {
        let message = "Machine must be in a ready or failed testing state to restore default \
                       networking and storage configuration.";
        self.restore("machine.restore_default_configuration", message, true).await
    }

    async fn restore(
        &self,
        reason: &'static str,
        message: &'static str,
        with_network: bool,
    ) -> Result<(), Refusal> {
        self.tables
            .update(&cause(self.actor, reason), |tx| {
                let mut machine = machines::find(tx, self.machine)?;
                permits(self.actor, Permission::EditMachine, &Object::of(&machine))?;
                let status = Status::of(&machine.lifecycle);
                if !matches!(status, Status::Ready | Status::FailedTesting) {
                    return Err(Refusal::with_message(Kind::Conflict, message));
                }
                version::check_version(tx)?;
                enlist::lay_out_disks(tx, &mut machine)?;
                if with_network {
                    initial::configure(tx, &mut machine)?;
                }
                Ok(step::write(tx, &mut machine)?)
            })
            .await
    }
}
