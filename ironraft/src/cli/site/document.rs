//! A site as a file names it: sections of objects with the values of their fields. Pure; what it is read from and written to
//! stands elsewhere.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::site::kind::Fields;

/// What the first line of a file says.
pub(crate) const VERSION: &str = "ironraft/v1";

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// What it is called.
    pub(crate) name: String,
    /// What is said of it.
    pub(crate) fields: Fields,
    /// Whether it is there by itself, and is not removed for not being named.
    pub(crate) stays: bool,
    /// Where it stands in a file.
    pub(crate) line: usize,
}

/// A site, or as much of it as is told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Document {
    /// The objects of each kind that is told, in the order of their names.
    pub(crate) sections: BTreeMap<&'static str, Vec<Entry>>,
}

/// Puts entries into the order of a file.
pub(crate) fn sort(entries: &mut [Entry]) {
    entries.sort_by(|one, other| natural(&one.name, &other.name));
}

/// Whether two values say the same: what is empty is nothing.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    one == other || (is_empty(one) && is_empty(other))
}

/// Whether a value says nothing.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The order of names in which digits count as numbers: `10.0.2.0` is before `10.0.10.0`.
fn natural(one: &str, other: &str) -> Ordering {
    let (one_runs, other_runs) = (runs(one), runs(other));
    let by_runs = one_runs.iter().zip(&other_runs).map(|(one, other)| {
        let number = |run: &str| run.parse::<u128>().ok();
        match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.cmp(other),
        }
    });
    let first = by_runs.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
    first.then(one_runs.len().cmp(&other_runs.len())).then_with(|| one.cmp(other))
}

/// Digits and what stands between them.
fn runs(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|letter: char| letter.is_ascii_digit() != is_digit);
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        runs.push(run);
        rest = behind;
    }
    runs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn digits_in_names_count_as_numbers() {
        let mut names = ["10.0.10.0/24", "b", "10.0.2.0/24", "a10", "a9", "a"];
        names.sort_by(|one, other| natural(one, other));
        assert_eq!(names, ["10.0.2.0/24", "10.0.10.0/24", "a", "a9", "a10", "b"]);
    }

    #[test]
    fn what_is_empty_is_nothing() {
        for (one, other, same) in [
            (json!(""), json!(null), true),
            (json!([]), json!(null), true),
            (json!({}), json!(""), true),
            (json!(false), json!(null), false),
            (json!(0), json!(null), false),
            (json!("a"), json!("a"), true),
        ] {
            assert_eq!(is_same(&one, &other), same, "{one} {other}");
        }
    }
}
