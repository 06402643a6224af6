//! How disks are laid out when a machine was examined: as the site has it.

use model::machine::Machine;
use model::machine::storage::config::LayoutName;
use model::machine::storage::{Drives, Storage};

use crate::machine::storage::ids::Taken;
use crate::machine::storage::version;
use tables::error::TableError;
use tables::tx::Tx;

/// Lays the disks of a machine out anew, in the layout of this name. Where that fails they stay blank, and what is
/// returned says why.
pub(crate) fn lay_out(
    tx: &mut Tx,
    machine: &mut Machine,
    named: &str,
) -> Result<Option<String>, TableError> {
    if !version::is_known(tx) {
        return Ok(None);
    }
    let layout = LayoutName::of_name(named).unwrap_or(LayoutName::Flat);
    let mut drives = Drives { storage: Storage::default(), ..Drives::of(machine) };
    let mut ids = Taken::from(tx);
    let reported = ids.storage_extra(&machine.system_id);
    let applied = drives.apply_default(&mut ids, layout, reported);
    ids.finish()?;
    drives.put_into(machine);
    let failed = applied.err();
    Ok(failed.map(|error| format!("disks are left blank: layout {}: {error}", layout.name())))
}
