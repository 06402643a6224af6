//! The ten kinds of failure. Each door turns a kind into its own status in one file. And errors in words.

use std::error::Error;

use serde::{Deserialize, Serialize};

/// What a caller can do about a failure, whatever the operation was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The request itself is wrong; repeating it cannot help.
    Invalid,
    /// The named object does not exist.
    NotFound,
    /// An object with that identity exists already.
    Exists,
    /// The object is in a state that does not allow this, or changed meanwhile.
    Conflict,
    /// Nothing is left to give (addresses, machines, space).
    Exhausted,
    /// The caller is known and may not do this.
    Forbidden,
    /// The caller is not known.
    Unauthenticated,
    /// The cluster cannot answer now (no quorum, no rack); retry later.
    Unavailable,
    /// This node is not the leader; retry at the leader.
    NotLeader,
    /// A defect of Ironraft.
    Internal,
}

/// An error with its causes, in one line: `cannot read a file: permission denied`.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
