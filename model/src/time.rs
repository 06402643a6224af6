//! Points in time and spans, as numbers that are passed in: the model never reads a clock.

use serde::{Deserialize, Serialize};

/// A point in region time, in milliseconds since the Unix epoch.
///
/// It comes from the transaction that wrote it, never from the node that reads it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

impl Timestamp {
    /// The point `unix_ms` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        Self { unix_ms }
    }

    /// The point `span_ms` milliseconds later; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus_ms(self, span_ms: u64) -> Self {
        Self { unix_ms: self.unix_ms.saturating_add(span_ms) }
    }

    /// The point `span_ms` milliseconds earlier; stays at the beginning of time instead of wrapping.
    #[must_use]
    pub const fn minus_ms(self, span_ms: u64) -> Self {
        Self { unix_ms: self.unix_ms.saturating_sub(span_ms) }
    }

    /// Milliseconds from `earlier` to `self`, or 0 when `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.unix_ms.saturating_sub(earlier.unix_ms)
    }
}
