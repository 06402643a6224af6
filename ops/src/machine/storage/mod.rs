//! The disks of a machine and what is made of them: read, and changed while the machine is free or just allocated. What may be
//! made is decided by [`Drives`]; here it is decided who may ask for it and when.

pub mod bcaches;
pub mod block_devices;
pub(crate) mod default;
pub mod layouts;
pub mod partitions;
pub mod raids;
pub mod special;
pub mod vmfs_datastores;
pub mod volume_groups;

mod edit;
pub(crate) mod ids;
pub(crate) mod version;

use api::field_errors::FieldErrors;
use model::access::Actor;
use model::error::Kind;
use model::id::SystemId;
use model::machine::Machine;
use model::machine::storage::{Drives, StorageError};

use crate::details::Details;
use crate::error::Refusal;
use crate::machine::machines;
use crate::machine::storage::ids::Taken;
use tables::tx::Tx;
use tables::update::Tables;

/// The disks of a machine as doors show them.
#[derive(Debug, Clone)]
pub struct MachineDrives {
    /// The machine.
    pub system_id: SystemId,
    /// Its disks and what is made of them.
    pub drives: Drives,
}

/// The disks of a machine.
///
/// # Errors
/// [`Refusal::NotFound`].
pub async fn read(
    tables: &Tables,
    actor: &Actor,
    machine: &SystemId,
) -> Result<MachineDrives, Refusal> {
    let details = Details::seen_by(actor, tables).await?;
    let found = machines::readable(details.view(), actor, machine)?;
    Ok(MachineDrives { system_id: machine.clone(), drives: Drives::of(&found) })
}

/// Lays the disks of a machine out as those of another one, which they are known to be large enough for.
pub(crate) fn copy_layout(
    tx: &mut Tx,
    source: &Machine,
    destination: &mut Machine,
) -> Result<(), Refusal> {
    let mut drives = Drives::of(destination);
    let mut ids = Taken::from(tx);
    let copied = drives.become_like(&mut ids, &Drives::of(source));
    ids.finish()?;
    copied.map_err(|why| Refusal::field("destinations", why))?;
    drives.put_into(destination);
    Ok(())
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Fields(wrong) => {
                let mut errors = FieldErrors::default();
                for (field, messages) in wrong.0 {
                    for message in messages {
                        errors.add(field.clone(), message);
                    }
                }
                Self::Fields(errors)
            }
            StorageError::Text(message) => Self::with_message(Kind::Invalid, message),
            StorageError::NotFound(model) => Self::NotFound { model },
        }
    }
}
