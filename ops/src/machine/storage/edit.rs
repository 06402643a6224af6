//! One change of a machine's disks: who may, in which status, and what was never laid out before it.

use model::access::{Actor, Object, Permission, permits};
use model::error::Kind;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::status::Status;
use model::machine::storage::config::LayoutName;
use model::machine::storage::{Drives, StorageError};

use crate::authorize::cause;
use crate::error::Refusal;
use crate::machine::storage::MachineDrives;
use crate::machine::storage::ids::Taken;
use crate::machine::storage::version::check_version;
use crate::machine::{machines, step};
use tables::update::Tables;

/// Who changes the disks of which machine.
#[derive(Debug, Clone, Copy)]
pub struct Editor<'a> {
    /// The replicated objects.
    pub tables: &'a Tables,
    /// Who acts.
    pub actor: &'a Actor,
    /// The machine.
    pub machine: &'a SystemId,
}

/// When a change is allowed.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// Administrators may, in one of these statuses; in others this is said.
    Admin(&'static [Status], &'static str),
    /// Owners may to an allocated machine, administrators also to one that is Ready.
    Owner {
        /// What is done, `format`.
        verb: &'static str,
        /// What it is done to, `block device`.
        what: &'static str,
        /// What MAAS calls the machine there.
        machine: &'static str,
    },
    /// Administrators may at any time.
    Always,
}

/// The status that disks are laid out in.
pub(super) const READY: &[Status] = &[Status::Ready];

impl Editor<'_> {
    /// Changes what is made of the disks of a machine. What is named is looked for before its status is.
    pub(super) async fn edit<N, T>(
        &self,
        reason: &'static str,
        when: When,
        find: impl Fn(&Drives) -> Result<N, StorageError>,
        change: impl Fn(&mut Drives, &mut Taken<'_>, N) -> Result<T, StorageError>,
    ) -> Result<(T, MachineDrives), Refusal> {
        let cause = cause(self.actor, reason);
        self.tables
            .update(&cause, |tx| {
                let mut machine = machines::find(tx, self.machine)?;
                self.allow(&machine, when)?;
                let mut drives = Drives::of(&machine);
                let named = find(&drives)?;
                self.check_status(&machine, when)?;
                check_version(tx)?;
                let mut ids = Taken::from(tx);
                begin(&machine, &mut drives, &mut ids, when)?;
                let made = drives.change(|drives| change(drives, &mut ids, named))?;
                ids.finish()?;
                drives.clone().put_into(&mut machine);
                step::write(tx, &mut machine)?;
                Ok((made, MachineDrives { system_id: machine.system_id, drives }))
            })
            .await
    }

    fn allow(&self, machine: &Machine, when: When) -> Result<(), Refusal> {
        let needed = match when {
            When::Admin(..) | When::Always => Permission::EditMachine,
            When::Owner { .. } => Permission::OperateMachine,
        };
        Ok(permits(self.actor, needed, &Object::of(machine))?)
    }

    fn check_status(&self, machine: &Machine, when: When) -> Result<(), Refusal> {
        let status = Status::of(&machine.lifecycle);
        let refused = |message: String| Err(Refusal::with_message(Kind::Conflict, message));
        match when {
            When::Always => Ok(()),
            When::Admin(statuses, message) => {
                if statuses.contains(&status) {
                    Ok(())
                } else {
                    refused(message.to_owned())
                }
            }
            When::Owner { verb, what, machine: named } => {
                let is_admin =
                    permits(self.actor, Permission::EditMachine, &Object::of(machine)).is_ok();
                if !matches!(status, Status::Ready | Status::Allocated) {
                    return refused(format!(
                        "Cannot {verb} {what} because the {named} is not Ready or Allocated."
                    ));
                }
                if status == Status::Ready && !is_admin {
                    let message = format!(
                        "Cannot {verb} {what} because you don't have the permissions on a Ready \
                         {named}."
                    );
                    return Err(Refusal::with_message(Kind::Forbidden, message));
                }
                Ok(())
            }
        }
    }
}

/// Disks that were never laid out are flat before anything else is made of them. What an owner changes is remembered.
fn begin(
    machine: &Machine,
    drives: &mut Drives,
    ids: &mut Taken<'_>,
    when: When,
) -> Result<(), StorageError> {
    let lays_out = match when {
        When::Admin(..) | When::Owner { .. } => true,
        When::Always => false,
    };
    if lays_out && !drives.storage.is_configured() && !drives.disks.is_empty() {
        // One that does not fit is blank, which is as good to begin with.
        let _ = drives.apply_default(ids, LayoutName::Flat, None);
    }
    if Status::of(&machine.lifecycle) == Status::Allocated {
        drives.storage.keep_for_owner();
    }
    Ok(())
}
