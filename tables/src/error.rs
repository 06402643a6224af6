//! What can go wrong in the tables, whatever the operation on them was.

use model::error::Kind;
use raft_store::read::ReadError;

/// Why a read or a transaction of tables failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Another row claims that key of a unique index.
    #[error("{index} `{key}` belongs to {holder}")]
    Duplicate {
        /// The index's name, `subnet.cidr`.
        index: &'static str,
        /// The key, readable.
        key: String,
        /// The key of the row that holds it, `t/subnet/00000001`.
        holder: String,
    },
    /// A row that must be new exists.
    #[error("{key} exists already")]
    Exists {
        /// The row's key.
        key: String,
    },
    /// The same keys were changed by others again and again; nothing was written.
    #[error("{key} is being changed by others")]
    Conflict {
        /// The key that last conflicted.
        key: String,
    },
    /// No quorum now. Nothing was written, unless `outcome_open`.
    #[error("the cluster cannot answer: {reason}")]
    Unavailable {
        /// What was missing.
        reason: String,
        /// Whether the transaction may still have been applied.
        outcome_open: bool,
    },
    /// What is stored under a key cannot be read.
    #[error("stored value of {key} is corrupt: {reason}")]
    Corrupt {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What is stored under a key was written by a newer program. Nothing was written.
    #[error("{key} was written by a newer version of Ironraft ({what}): upgrade this node")]
    Newer {
        /// The key.
        key: String,
        /// What this program does not know.
        what: String,
    },
    /// The transaction can never be applied.
    #[error("invalid transaction: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
}

impl TableError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Duplicate { .. } | Self::Exists { .. } => Kind::Exists,
            Self::Conflict { .. } => Kind::Conflict,
            Self::Unavailable { .. } => Kind::Unavailable,
            Self::Newer { .. } => Kind::Unavailable,
            Self::Corrupt { .. } | Self::Invalid { .. } => Kind::Internal,
        }
    }
}

impl From<ReadError> for TableError {
    fn from(error: ReadError) -> Self {
        Self::Unavailable { reason: error.to_string(), outcome_open: false }
    }
}
