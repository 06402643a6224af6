//! Filters: one language for the API, the command line and the interface. `docs/reference/query.md` explains it.
//!
//! ```text
//! status:failed* rack:r12 tag:!gpu free text
//! ```
//!
//! Who has objects lists their [`Field`]s, gives each object as a [`Subject`], and parses the text of a filter once.
//! A filter is bounded in its length, its terms, its values and its depth, and what it costs to look at an object grows with the
//! filter and the object, never with their product's square.

pub mod bounds;
pub mod error;
mod expression;
pub mod field;
mod folded;
mod glyph;
mod moment;
mod parse;
mod pattern;
pub mod print;
pub mod selector;
mod term;
mod value;

use crate::query::error::QueryError;
use crate::query::expression::Expression;
use crate::query::field::{Field, Scalar, Subject};
use crate::query::pattern::Pattern;
use crate::time::Timestamp;

/// A filter that was understood.
///
/// Two are equal when they say the same in the same order; their canonical text, as [`Display`](std::fmt::Display) gives
/// it, is understood as the same filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// None when everything matches.
    root: Option<Expression>,
    /// The fields that free text is searched in, by their places.
    searched: Vec<usize>,
    /// What ages are counted from.
    now: Timestamp,
}

impl Query {
    /// Understands the text of a filter for objects that have these fields; ages in it are counted from `now`.
    ///
    /// # Errors
    /// [`QueryError`] says where in the text what is wrong.
    pub fn parse(text: &str, fields: &[Field], now: Timestamp) -> Result<Self, QueryError> {
        let root = parse::expression(text, fields)?;
        let searched = fields.iter().enumerate().filter(|(_, field)| field.searched);
        Ok(Self { root, searched: searched.map(|(at, _)| at).collect(), now })
    }

    /// Whether an object is one of those that are asked for.
    #[must_use]
    pub fn matches(&self, subject: &dyn Subject) -> bool {
        self.root.as_ref().is_none_or(|root| self.holds(root, subject))
    }

    /// Whether it matches everything because nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// What an index could find the objects by: of each term that all of them must fulfill, and that asks for
    /// whole texts or addresses only, the place of its field and the words of which they have one.
    ///
    /// Words are in lower case, hardware and IP addresses as they are printed. What is found by them has still to be
    /// [looked at](Query::matches).
    #[must_use]
    pub fn exact_words(&self) -> Vec<(usize, Vec<String>)> {
        let all: &[Expression] = match &self.root {
            None => &[],
            Some(Expression::All(all)) => all,
            Some(one) => std::slice::from_ref(one),
        };
        let words = |part: &Expression| match part {
            Expression::Term(term) => term.exact_words().map(|words| (term.field, words)),
            Expression::All(_) | Expression::Any(_) | Expression::Not(_) | Expression::Free(_) => {
                None
            }
        };
        all.iter().filter_map(words).collect()
    }

    /// The same when that is all that is asked for: what an index alone can answer.
    #[must_use]
    pub fn only_exact_words(&self) -> Option<Vec<(usize, Vec<String>)>> {
        let asked = match &self.root {
            None => 0,
            Some(Expression::All(all)) => all.len(),
            Some(_) => 1,
        };
        Some(self.exact_words()).filter(|words| words.len() == asked)
    }

    fn holds(&self, part: &Expression, subject: &dyn Subject) -> bool {
        match part {
            Expression::All(all) => all.iter().all(|part| self.holds(part, subject)),
            Expression::Any(any) => any.iter().any(|part| self.holds(part, subject)),
            Expression::Not(part) => !self.holds(part, subject),
            Expression::Term(term) => term.holds(subject, self.now),
            Expression::Free(pattern) => self.is_found(pattern, subject),
        }
    }

    fn is_found(&self, pattern: &Pattern, subject: &dyn Subject) -> bool {
        if pattern.is_anything() {
            return true;
        }
        let mut found = false;
        for field in &self.searched {
            subject.each(*field, &mut |scalar| {
                found = found || folded::text(&scalar).is_some_and(|text| pattern.is_within(&text));
            });
            if found {
                return true;
            }
        }
        let Some(exact) = pattern.literal().and_then(value::address_of_either_kind) else {
            return false;
        };
        let is_it = |scalar: Scalar<'_>| value::is_address(&exact, &scalar);
        for field in &self.searched {
            subject.each(*field, &mut |scalar| found = found || is_it(scalar));
        }
        found
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
