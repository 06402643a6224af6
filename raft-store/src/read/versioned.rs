//! Values and changes as they are read.

use std::collections::BTreeMap;

use bytes::Bytes;

/// A value with the revision that last changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The value.
    pub value: Bytes,
    /// The revision that wrote it.
    pub revision: u64,
}

/// Keys with their values.
pub(crate) type Keys = BTreeMap<Bytes, Versioned>;

/// A key that was changed, and the value that it got; none when it was deleted.
pub type KeyChange = (Bytes, Option<Bytes>);

/// The history of a store in memory.
pub(crate) trait Past: std::fmt::Debug + Send + Sync {
    /// What was changed after a revision and up to another; none when that are more than `limit`
    /// transactions.
    fn changes_between(&self, after: u64, until: u64, limit: usize) -> Option<Vec<KeyChange>>;
}
