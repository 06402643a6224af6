//! The lines of `meaning`: what a row meant when it was written, as JSON.

use serde_json::Value;

use crate::golden::lines::{Line, append, path};
use crate::golden::tables;

/// What the row on one line of `rows` meant.
pub(crate) struct Meaning {
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) value: Value,
}

pub(crate) fn read() -> Vec<Meaning> {
    let text = std::fs::read_to_string(path("meaning")).unwrap_or_default();
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap();
        let (table, key) = (part().to_owned(), part().to_owned());
        Meaning { table, key, value: serde_json::from_str(part()).unwrap() }
    };
    text.lines().map(line).collect()
}

/// Adds what these rows mean today, when that is asked for.
#[track_caller]
pub(crate) fn add(rows: &[Line]) {
    let shown = |row: &Line| format!("{} {} {}\n", row.table, row.key, tables::meaning(row));
    append("meaning", &rows.iter().map(shown).collect::<String>());
}

/// Whether nothing of what was meant is lost. What is new may be beside it, and what says nothing
/// may be left out: the rows that have it filled in tell whether it is read.
pub(crate) fn keeps(was: &Value, is: &Value) -> bool {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => was.iter().all(|(name, value)| {
            is.get(name).map_or_else(|| says_nothing(value), |is| keeps(value, is))
        }),
        (Value::Array(was), Value::Array(is)) => {
            was.len() == is.len() && was.iter().zip(is).all(|(was, is)| keeps(was, is))
        }
        _ => was == is,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

#[test]
fn a_lost_or_changed_field_is_noticed_and_a_new_one_is_not() {
    let was = serde_json::json!({ "a": [{ "b": 1 }], "c": null });
    let keeps = |is| keeps(&was, &is);
    assert!(keeps(serde_json::json!({ "a": [{ "b": 1, "new": 2 }] })));
    assert!(!keeps(serde_json::json!({ "a": [{ "b": 2 }], "c": null })));
    assert!(!keeps(serde_json::json!({ "a": [{ "renamed": 1 }], "c": null })));
    assert!(!keeps(serde_json::json!({ "a": [], "c": null })));
    assert!(!keeps(serde_json::json!({ "a": [{ "b": 1 }], "c": 5 })));
}
