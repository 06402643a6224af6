//! Selectors: what an operator writes to name many objects at once, and the filter that it stands for.
//!
//! ```text
//! n[001-040],@rack3,-n007,@tag:gpu
//! ```
//!
//! Names stand between commas, with `*` for anything and `[001-040,045]` for numbers; `@word` is a group of any kind, `@tag:gpu`
//! one of a kind, and what begins with `-` is left out. Whatever has a space, a parenthesis, or a colon in its first part is a filter
//! as [`Query`](super::Query) understands it. Both become one filter, so that names, groups and filters have one meaning everywhere.

mod brackets;

use crate::query::error::{Problem, QueryError};
use crate::query::print;

/// How many names a selector stands for at most.
pub const NAMES_MAX: usize = 4096;

/// What objects are named by, and what groups of them are.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The fields that a name may be a value of: `name`, `id`.
    pub names: &'a [&'a str],
    /// The fields that the word of a group may be a value of: `tag`, `pool`, `zone`, `rack`.
    pub groups: &'a [&'a str],
}

/// A selector that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Names and groups.
    Names {
        /// What is selected; everything, when it is empty.
        include: Vec<Pick>,
        /// And what of it is not.
        exclude: Vec<Pick>,
    },
    /// A filter, as it was written.
    Filter(String),
}

/// Something that a selector names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// An object by its name, which may have wildcards.
    Name(String),
    /// What belongs to a group of that name.
    Group(String),
    /// What has a value of a field.
    Member {
        /// The field.
        field: String,
        /// The value, which may have wildcards.
        value: String,
    },
}

impl Selector {
    /// Understands a selector. Whether the fields of a filter exist is seen when that is [parsed](super::Query::parse).
    ///
    /// # Errors
    /// [`QueryError`] says where names are not understood, or that they are too many.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let first = text.split(',').next().unwrap_or_default().trim_start_matches('-');
        let has_colon = !first.starts_with('@') && first.contains(':');
        let is_filter = |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '"');
        if text.trim().contains(is_filter) || has_colon {
            return Ok(Self::Filter(text.to_owned()));
        }
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        for (at, part) in brackets::parts(text)? {
            let (wanted, of) = match part.strip_prefix('-') {
                Some(part) => ((at + 1, part), &mut exclude),
                None => ((at, part), &mut include),
            };
            pick(wanted, of)?;
            if include.len() + exclude.len() > NAMES_MAX {
                return Err(wrong((at, part), "the selector stands for more than 4096 names"));
            }
        }
        Ok(Self::Names { include, exclude })
    }

    /// The names, when there is nothing else in it: what can be looked up one by one.
    #[must_use]
    pub fn names(&self) -> Option<Vec<&str>> {
        let Self::Names { include, exclude } = self else { return None };
        let name = |pick: &'_ Pick| matches!(pick, Pick::Name(name) if !name.contains('*'));
        if include.is_empty() || !exclude.is_empty() || !include.iter().all(name) {
            return None;
        }
        let names = include.iter().filter_map(|pick| match pick {
            Pick::Name(name) => Some(name.as_str()),
            Pick::Group(_) | Pick::Member { .. } => None,
        });
        Some(names.collect())
    }

    /// The filter that it stands for.
    #[must_use]
    pub fn filter(&self, named: &Named<'_>) -> String {
        match self {
            Self::Filter(text) => text.clone(),
            Self::Names { include, exclude } => {
                let (include, exclude) = (any_of(include, named), any_of(exclude, named));
                let mut parts = Vec::new();
                if !include.is_empty() {
                    parts.push(format!("({})", include.join(" OR ")));
                }
                if !exclude.is_empty() {
                    parts.push(format!("-({})", exclude.join(" OR ")));
                }
                parts.join(" ")
            }
        }
    }
}

/// The terms of which one has to match.
fn any_of(picks: &[Pick], named: &Named<'_>) -> Vec<String> {
    let names: Vec<String> = picks
        .iter()
        .filter_map(|pick| match pick {
            Pick::Name(name) => Some(wild(name)),
            Pick::Group(_) | Pick::Member { .. } => None,
        })
        .collect();
    let mut terms = Vec::new();
    if !names.is_empty() {
        let names = names.join(",");
        terms.extend(named.names.iter().map(|field| format!("{field}:{names}")));
    }
    for pick in picks {
        match pick {
            Pick::Name(_) => {}
            Pick::Group(word) => {
                terms.extend(named.groups.iter().map(|field| format!("{field}:{}", wild(word))));
            }
            Pick::Member { field, value } => terms.push(format!("{field}:{}", wild(value))),
        }
    }
    terms
}

/// A value whose `*` are wildcards.
fn wild(text: &str) -> String {
    let part = |part: &str| if part.is_empty() { String::new() } else { print::value(part) };
    text.split('*').map(part).collect::<Vec<_>>().join("*")
}

fn pick(part: (usize, &str), of: &mut Vec<Pick>) -> Result<(), QueryError> {
    let Some(group) = part.1.strip_prefix('@') else {
        if part.1.contains(':') {
            return Err(wrong(part, "among names, a field begins with @, as in @tag:gpu"));
        }
        of.extend(brackets::names(part)?.into_iter().map(Pick::Name));
        return Ok(());
    };
    let (field, word) = group.split_once(':').map_or((None, group), |(f, w)| (Some(f), w));
    if word.is_empty() || field == Some("") {
        return Err(wrong(part, "a group is @name, or @field:value"));
    }
    let words = brackets::names((part.0 + part.1.len() - word.len(), word))?;
    of.extend(words.into_iter().map(|value| match field {
        Some(field) => Pick::Member { field: field.to_owned(), value },
        None => Pick::Group(value),
    }));
    Ok(())
}

fn wrong((offset, part): (usize, &str), what: &'static str) -> QueryError {
    QueryError { offset, length: part.len(), problem: Problem::BadSelector(what) }
}

#[cfg(test)]
mod tests;
