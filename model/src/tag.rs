//! A tag: a name that machines can carry, and that constraints can ask for.

use serde::{Deserialize, Serialize};

use crate::id::SystemId;

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

/// A tag as racks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedTag {
    /// Its name.
    pub name: String,
    /// Kernel options for machines that carry it.
    pub kernel_opts: String,
}

/// Work that is due: a definition has to be compared with hardware. It is written in the transaction
/// that makes it due, and goes when it is done; whoever leads goes on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEvaluation {
    /// What became another one.
    pub due: Due,
    /// The last machine that was looked at.
    pub after: Option<SystemId>,
    /// The revision that it became due at; what becomes due once more has another.
    pub since: u64,
}

/// What has to be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// The definition of a tag, over all machines.
    Tag(String),
    /// All definitions, over the hardware of a machine.
    Machine(SystemId),
}

impl TagEvaluation {
    /// Work of which nothing is done.
    #[must_use]
    pub const fn of(due: Due, since: u64) -> Self {
        Self { due, after: None, since }
    }
}

impl ServedTag {
    /// The part of a tag that racks serve from.
    #[must_use]
    pub fn of(tag: &Tag) -> Self {
        Self { name: tag.name.clone(), kernel_opts: tag.kernel_opts.clone() }
    }
}
