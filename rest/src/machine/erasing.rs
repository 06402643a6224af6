//! How disks are erased when machines are released: the parameters, for one machine and for several.

use model::machine::erasure::ErasureRequest;

use crate::param::{Param, Spec};
use crate::params::Params;
use crate::problem::Problem;

const ERASE: Param<bool> = Param::boolean(
    "erase",
    "Whether to erase disks before. The site may have all of them erased (`enable_disk_erasing_on_release`).",
);
const SECURE_ERASE: Param<bool> = Param::boolean(
    "secure_erase",
    "Whether disks erase themselves, if they can (`disk_erase_with_secure_erase` of the site by default); refused where nothing is erased.",
);
const QUICK_ERASE: Param<bool> = Param::boolean(
    "quick_erase",
    "Whether disks that do not erase themselves are erased quickly, at both ends, and not in full (`disk_erase_with_quick_erase` of the site by default); refused where nothing is erased.",
);

/// All of them.
pub(crate) const ERASING: [Spec; 3] =
    [ERASE.optional(), SECURE_ERASE.optional(), QUICK_ERASE.optional()];

/// What they say.
pub(crate) fn of(params: &Params) -> Result<ErasureRequest, Problem> {
    Ok(ErasureRequest {
        erase: ERASE.is_set(params)?,
        secure: SECURE_ERASE.of(params)?,
        quick: QUICK_ERASE.of(params)?,
    })
}
