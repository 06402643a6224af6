//! Since when disks are laid out.

use model::error::Kind;
use tables::tx::Tx;

use crate::error::Refusal;

/// The cluster version from which on all regions know how disks are laid out.
const LAID_OUT_SINCE: u32 = 9;

/// Whether all regions know it.
pub(crate) fn is_known(tx: &Tx) -> bool {
    tx.cluster_version() >= LAID_OUT_SINCE
}

/// A region of the version before would install the system as if nothing was laid out.
pub(crate) fn check_version(tx: &Tx) -> Result<(), Refusal> {
    if is_known(tx) {
        return Ok(());
    }
    let message = "Not all regions know yet how disks are laid out: upgrade them first.";
    Err(Refusal::with_message(Kind::Conflict, message))
}
