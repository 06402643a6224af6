//! A value as it is read.

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
