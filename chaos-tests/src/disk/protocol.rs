//! What the harness and the process under test say to each other: one JSON object a line.

use serde::{Deserialize, Serialize};

/// The number of the answer that says that the node leads and takes requests.
pub const READY: u64 = 0;

/// A request to the process under test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number, from 1; the answer has the same.
    pub id: u64,
    /// What is wanted.
    pub operation: Operation,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Apply a transaction.
    Transact(Transaction),
    /// Make a snapshot of the state.
    Snapshot,
    /// Drop the history that is not to be kept.
    Compact,
    /// All keys, linearizable.
    Range,
    /// All keys at an earlier revision.
    RangeAt {
        /// The revision.
        revision: u64,
    },
    /// The changes after a revision, up to and including another.
    History {
        /// Changes of this revision are not wanted.
        after: u64,
        /// Something changed at this revision.
        until: u64,
    },
}

/// A transaction of the store, in words of JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The revision that a key must have; 0 when it must be absent.
    pub compares: Vec<(String, u64)>,
    /// The keys that are set, or removed when there is no value.
    pub writes: Vec<(String, Option<String>)>,
    /// The request id, 16 bytes as a number.
    pub request_id: u128,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The number of the request.
    pub id: u64,
    /// What became of it.
    pub response: Response,
}

/// A key with its value and the revision that wrote it.
pub type Row = (String, String, u64);

/// What the process says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The transaction was applied at this revision.
    Committed {
        /// The revision.
        revision: u64,
    },
    /// A compare did not hold.
    Conflict,
    /// The transaction was certainly not applied.
    NotCommitted,
    /// The transaction may have been applied.
    Unknown,
    /// It is done.
    Done,
    /// All keys in order.
    Rows {
        /// The revision of the view.
        revision: u64,
        /// The keys.
        rows: Vec<Row>,
    },
    /// Changes in order: key, new value or none, revision.
    Changes(Vec<(String, Option<String>, u64)>),
    /// The history does not reach back so far.
    Compacted {
        /// The oldest revision that can be read.
        oldest: u64,
    },
    /// It could not be done.
    Failed {
        /// Why.
        reason: String,
    },
}
