//! What must hold of a history, one property a file. Each says what contradicts it, one line for each contradiction.

pub mod answers;
pub mod lost;
pub mod names;
pub mod owners;
pub mod refused;
pub mod waits;

#[cfg(test)]
pub(crate) mod planted;

use std::time::Duration;

/// A time between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub from: Duration,
    /// When it ends.
    pub to: Duration,
}

impl Window {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, at: Duration) -> bool {
        self.from <= at && at < self.to
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}
