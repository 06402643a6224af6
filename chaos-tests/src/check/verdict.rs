//! What a checker says.

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
