//! Judging a history: what clients and watchers saw, against what the cluster says it did.
//!
//! `revision` and `exactly_once` believe the ledger, the changes by revision that a node has in its
//! history at the end; `linearizable` believes nobody. A run in which too little was acknowledged, or
//! whose search was given up, is inconclusive and not green.

pub mod digest;
pub mod enough;
pub mod exactly_once;
pub mod ledger;
pub mod linearizable;
pub mod revision;
pub mod watch;

use crate::history::History;

pub use self::ledger::Ledger;

/// What a checker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Holds,
    /// It cannot be said.
    Inconclusive {
        /// Why.
        reason: String,
    },
    /// A promise was broken.
    Violated {
        /// Which, with the operations that show it.
        reason: String,
    },
}

impl Verdict {
    /// Violated if there is a reason, otherwise holds.
    #[must_use]
    pub fn of(violation: Option<String>) -> Self {
        violation.map_or(Self::Holds, |reason| Self::Violated { reason })
    }

    /// The worse of two: a violation before what is inconclusive, the first before the second.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Holds => other(),
            Self::Inconclusive { .. } => match other() {
                violated @ Self::Violated { .. } => violated,
                Self::Holds | Self::Inconclusive { .. } => self,
            },
            Self::Violated { .. } => self,
        }
    }

    /// Whether a promise was broken.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        matches!(self, Self::Violated { .. })
    }
}

/// Every checker that needs only a history and the ledger.
#[must_use]
pub fn all(history: &History, ledger: &Ledger) -> Verdict {
    exactly_once::check(history, ledger)
        .and(|| revision::check(history, ledger))
        .and(|| watch::check(history, ledger))
        .and(|| linearizable::check(history, linearizable::STATES_MAX))
}
