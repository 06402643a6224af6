//! What is wrong with a filter, and where.

use std::fmt;

use crate::error::Kind;
use crate::query::field::{Field, FieldKind};

/// How many names are offered in place of one that is unknown.
const NEAREST_MAX: usize = 3;

/// Longer names are not compared with those that are known, in characters.
const NAME_LENGTH_MAX: usize = 64;

/// A filter that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at byte {offset})")]
pub struct QueryError {
    /// Where it is in the text, in bytes.
    pub offset: usize,
    /// How long what is wrong is, in bytes; 0 when something is missing there.
    pub length: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The text is longer than so many bytes.
    TooLong(usize),
    /// It has more terms.
    TooManyTerms(usize),
    /// It has more values.
    TooManyValues(usize),
    /// Parentheses and negations are nested deeper.
    TooDeep(usize),
    /// Objects have no such field.
    UnknownField {
        /// What was asked for.
        name: String,
        /// The names that are nearest to it, the nearest first.
        nearest: Vec<String>,
    },
    /// That is no value of the field.
    BadValue {
        /// The field.
        field: String,
        /// What was written.
        value: String,
        /// What could be written.
        wanted: &'static str,
    },
    /// Values of the field are not more or less than others.
    NoOrder {
        /// The field.
        field: String,
        /// What its values are.
        kind: FieldKind,
    },
    /// A value is missing.
    NoValue {
        /// The field.
        field: String,
    },
    /// A quoted text has no end.
    OpenQuote,
    /// A parenthesis is not closed.
    OpenParenthesis,
    /// A parenthesis is closed that was not opened.
    StrayParenthesis,
    /// A comma stands in free text, where it means nothing.
    StrayComma,
    /// A term is missing after, before, or between these.
    NoTerm(&'static str),
    /// Names of a selector are not understood.
    BadSelector(&'static str),
}

impl QueryError {
    /// What a caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Invalid
    }

    /// The names that the unknown one may have meant, the nearest first.
    #[must_use]
    pub fn nearest(&self) -> &[String] {
        if let Problem::UnknownField { nearest, .. } = &self.problem { nearest } else { &[] }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(max) => write!(f, "the filter is longer than {max} bytes"),
            Self::TooManyTerms(max) => write!(f, "the filter has more than {max} terms"),
            Self::TooManyValues(max) => write!(f, "the filter has more than {max} values"),
            Self::TooDeep(max) => write!(f, "the filter is nested deeper than {max} levels"),
            Self::UnknownField { name, nearest } => {
                write!(f, "there is no field `{name}`")?;
                match nearest.as_slice() {
                    [] => write!(f, "; text with a colon in it must be quoted"),
                    names => write!(f, "; did you mean `{}`?", names.join("` or `")),
                }
            }
            Self::BadValue { field, value, wanted } => {
                write!(f, "`{value}` is no value of `{field}`, which is {wanted}")
            }
            Self::NoOrder { field, kind } => {
                let kind = kind.name();
                write!(f, "`{field}` is of kind {kind} and cannot be compared with <, > or ..")
            }
            Self::NoValue { field } => write!(
                f,
                "a value of `{field}` is missing; `{field}:!*` finds what has none, `{field}:*` what has one"
            ),
            Self::OpenQuote => write!(f, "a quoted text has no end"),
            Self::OpenParenthesis => write!(f, "a parenthesis is not closed"),
            Self::StrayParenthesis => write!(f, "a parenthesis is closed that was not opened"),
            Self::StrayComma => write!(
                f,
                "a comma stands between values, as in `tag:a,b`; one that is looked for must be quoted"
            ),
            Self::NoTerm(place) => write!(f, "a term is missing {place}"),
            Self::BadSelector(what) => write!(f, "{what}"),
        }
    }
}

/// That there is no such field, with the names nearest to it.
pub(crate) fn unknown_field(name: &str, fields: &[Field]) -> Problem {
    let wanted = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = Vec::new();
    if wanted.chars().count() <= NAME_LENGTH_MAX {
        let names = |field: &'_ Field| -> Vec<usize> {
            let all = std::iter::once(&field.name).chain(&field.aliases);
            all.map(|known| distance(&wanted, known)).collect()
        };
        for field in fields {
            let Some(least) = names(field).into_iter().min() else { continue };
            let part = field.name.starts_with(&wanted) || field.name.ends_with(&wanted);
            if part || 3 * least <= wanted.chars().count() {
                near.push((if part { least.min(1) } else { least }, &field.name));
            }
        }
    }
    near.sort_unstable();
    let nearest = near.into_iter().take(NEAREST_MAX).map(|(_, name)| name.to_owned()).collect();
    Problem::UnknownField { name: name.to_owned(), nearest }
}

/// How many letters are added, left out, changed, or swapped with the next one.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().take(NAME_LENGTH_MAX).collect();
    let other: Vec<char> = other.chars().take(NAME_LENGTH_MAX).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (line, letter) in one.iter().enumerate() {
        let above = &rows[line];
        let mut row = vec![line + 1];
        for (column, known) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != known);
            let mut least = changed.min(above[column + 1] + 1).min(row[column] + 1);
            if line > 0 && column > 0 && *letter == other[column - 1] && one[line - 1] == *known {
                least = least.min(rows[line - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
