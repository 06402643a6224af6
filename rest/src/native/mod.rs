//! What Ironraft has and MAAS's API has not, below a root of its own, so that MAAS's clients and
//! `describe/` see nothing of it.

pub mod explain;
pub mod leases;
pub mod passwords;
pub mod revisions;

use crate::operation::Operation;

/// The root of it.
pub const ROOT: &str = "/MAAS/api/ironraft/";

/// All operations that are served below it.
#[must_use]
pub fn operations() -> Vec<Operation> {
    [explain::OPERATIONS, leases::OPERATIONS, passwords::OPERATIONS, revisions::OPERATIONS].concat()
}
