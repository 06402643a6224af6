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
    /// What the transaction rests on is not what it was when it was planned. Nothing was written.
    #[error("what was planned rests on what has changed since{}", named(keys))]
    Moved {
        /// The keys that changed, as far as they are known.
        keys: Vec<String>,
    },
    /// A row is not at the revision that was expected. Nothing was written.
    #[error("{key} is not at revision {expected} any more{}", now_at(*found))]
    Changed {
        /// The row's key.
        key: String,
        /// What was expected.
        expected: u64,
        /// What was found; none when the row is gone.
        found: Option<u64>,
    },
    /// The request was carried out before, or another one with the same key. Nothing was written.
    #[error("{} carried out at revision {revision}", answered(*same_request))]
    Answered {
        /// The revision of what it did first.
        revision: u64,
        /// Whether it is the same request.
        same_request: bool,
    },
    /// The past is not known that far back.
    #[error("revision {requested} is not known any more; the oldest is {oldest}")]
    Forgotten {
        /// What was asked for.
        requested: u64,
        /// The oldest that is known.
        oldest: u64,
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
            Self::Conflict { .. }
            | Self::Moved { .. }
            | Self::Changed { .. }
            | Self::Answered { .. } => Kind::Conflict,
            Self::Forgotten { .. } => Kind::NotFound,
            Self::Unavailable { .. } => Kind::Unavailable,
            Self::Newer { .. } => Kind::Unavailable,
            Self::Corrupt { .. } | Self::Invalid { .. } => Kind::Internal,
        }
    }
}

impl From<ReadError> for TableError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Compacted { requested, oldest } => Self::Forgotten { requested, oldest },
            ReadError::Unavailable { .. } | ReadError::Failed { .. } => {
                Self::Unavailable { reason: error.to_string(), outcome_open: false }
            }
        }
    }
}

fn named(keys: &[String]) -> String {
    if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) }
}

fn now_at(found: Option<u64>) -> String {
    found.map_or_else(|| ": it is gone".to_owned(), |found| format!(": it is at {found}"))
}

fn answered(same_request: bool) -> &'static str {
    if same_request { "the request was" } else { "another request with the same key was" }
}
