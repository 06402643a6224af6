//! What a filter says: terms, and how they belong together.

use crate::query::pattern::Pattern;
use crate::query::term::Term;

/// A filter or a part of one. What is nested is never of the kind that it is nested in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// All of at least two.
    All(Vec<Self>),
    /// Any of at least two.
    Any(Vec<Self>),
    /// What does not match.
    Not(Box<Self>),
    /// What has values of a field.
    Term(Term),
    /// What has a text somewhere.
    Free(Pattern),
}

impl Expression {
    /// All of some parts, of which there is at least one.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other @ (Self::Any(_) | Self::Not(_) | Self::Term(_) | Self::Free(_)) => {
                    flat.push(other);
                }
            }
        }
        Self::one_or(flat, Self::All)
    }

    /// Any of some parts, of which there is at least one.
    pub(crate) fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other @ (Self::All(_) | Self::Not(_) | Self::Term(_) | Self::Free(_)) => {
                    flat.push(other);
                }
            }
        }
        Self::one_or(flat, Self::Any)
    }

    /// What a part is not.
    pub(crate) fn not(part: Self) -> Self {
        match part {
            Self::Not(inner) => *inner,
            other @ (Self::All(_) | Self::Any(_) | Self::Term(_) | Self::Free(_)) => {
                Self::Not(Box::new(other))
            }
        }
    }

    fn one_or(mut parts: Vec<Self>, together: fn(Vec<Self>) -> Self) -> Self {
        match parts.pop() {
            Some(one) if parts.is_empty() => one,
            last => {
                parts.extend(last);
                together(parts)
            }
        }
    }
}
