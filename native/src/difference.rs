//! What differs between two forms of an object, member by member.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// The member as a JSON pointer.
    pub pointer: String,
    /// What it was; null when it was not there.
    pub before: Value,
    /// What it is; null when it is not there any more.
    pub after: Value,
}

/// The members that differ, in order. Objects are compared member by member, lists as a whole.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    add("", before, after, &mut found);
    found
}

fn add(pointer: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(was), Value::Object(is)) => {
            let gone = was.keys().filter(|name| !is.contains_key(*name));
            for name in is.keys().chain(gone) {
                let of = |members: &serde_json::Map<String, Value>| {
                    members.get(name).cloned().unwrap_or_default()
                };
                let escaped = name.replace('~', "~0").replace('/', "~1");
                add(&format!("{pointer}/{escaped}"), &of(was), &of(is), found);
            }
        }
        (Value::Null, Value::Object(is)) if pointer.is_empty() => {
            for (name, value) in is {
                add(&format!("/{name}"), &Value::Null, value, found);
            }
        }
        _ => found.push(Difference {
            pointer: pointer.to_owned(),
            before: before.clone(),
            after: after.clone(),
        }),
    }
}
