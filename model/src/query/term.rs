//! A term of a filter: a field, and the values of which an object has to have one, or must have none.

use std::collections::BTreeSet;

use crate::query::field::{Scalar, Subject};
use crate::query::folded::{self, fold};
use crate::query::value::Value;
use crate::time::Timestamp;

/// A field and what is asked of its values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Term {
    /// The place of the field among all.
    pub(crate) field: usize,
    /// Its name.
    pub(crate) name: String,
    /// An object has one of these, unless there are none.
    pub(crate) any: Values,
    /// And none of these.
    pub(crate) none: Values,
}

/// Values that are alternatives.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Values {
    /// Texts without wildcards and single addresses, in lower case: there may be thousands, and they are looked up.
    pub(crate) words: BTreeSet<String>,
    /// All others, in the order in which they were written.
    pub(crate) others: Vec<Value>,
}

impl Term {
    /// Whether an object has what is asked for.
    pub(crate) fn holds(&self, subject: &dyn Subject, now: Timestamp) -> bool {
        let mut wanted = self.any.is_empty();
        let mut unwanted = false;
        subject.each(self.field, &mut |scalar| {
            if scalar == Scalar::Text("") {
                return;
            }
            wanted = wanted || self.any.have(&scalar, now);
            unwanted = unwanted || self.none.have(&scalar, now);
        });
        wanted && !unwanted
    }

    /// The words of which one is to be there, when nothing else would do.
    pub(crate) fn exact_words(&self) -> Option<Vec<String>> {
        if self.any.is_empty() {
            return None;
        }
        let folded = |value: &Value| {
            if let Value::Exactly(text) = value {
                Some(fold(text).into_owned())
            } else {
                value.word()
            }
        };
        let others: Option<Vec<String>> = self.any.others.iter().map(folded).collect();
        Some(self.any.words.iter().cloned().chain(others?).collect())
    }
}

impl Values {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.others.is_empty()
    }

    fn have(&self, scalar: &Scalar<'_>, now: Timestamp) -> bool {
        let text = folded::text(scalar);
        let is_word = || text.as_deref().is_some_and(|text| self.words.contains(text));
        is_word() || self.others.iter().any(|value| value.is(scalar, text.as_deref(), now))
    }
}
