//! A tag: a name that machines can carry, and that constraints can ask for.

use serde::{Deserialize, Serialize};

/// A tag. Machines name the tags they carry; a tag that is gone is carried by none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its unique name: letters, digits, `_`, `.` and `-`.
    pub name: String,
    /// An `XPath` expression over the hardware description, empty for tags set by hand.
    pub definition: String,
    /// Free text.
    pub comment: String,
    /// Kernel options for machines that carry it.
    pub kernel_opts: String,
}
