//! Shapes of JSON values, and what is said of another one: where it stands, and what was expected there.

use serde_json::{Map, Value};

/// What is wrong at a place.
pub(super) fn in_place(at: &[&str], message: &str) -> String {
    let path = if at.is_empty() { "top level".to_owned() } else { at.join("/") };
    format!("Invalid config at {path}: {message}")
}

fn other_type(at: &[&str], value: &Value, expected: &str) -> String {
    in_place(at, &format!("{} is not of type '{expected}'", shown(value)))
}

/// A value as Python shows it, so far as it is short.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// An object.
pub(super) fn object<'a>(value: &'a Value, at: &[&str]) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| other_type(at, value, "object"))
}

/// A list.
pub(super) fn list<'a>(value: &'a Value, at: &[&str]) -> Result<&'a [Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| other_type(at, value, "array"))
}

/// A text.
pub(super) fn text<'a>(value: &'a Value, at: &[&str]) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| other_type(at, value, "string"))
}

/// A field that has to be there.
pub(super) fn field<'a>(
    of: &'a Map<String, Value>,
    at: &[&str],
    name: &str,
) -> Result<&'a Value, String> {
    of.get(name).ok_or_else(|| in_place(at, &format!("'{name}' is a required property")))
}

/// A field that may be there.
pub(super) fn optional<'a, T>(
    of: &'a Map<String, Value>,
    at: &[&str],
    name: &str,
    read: impl Fn(&'a Value) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, String> {
    let Some(value) = of.get(name) else { return Ok(None) };
    read(value).map(Some).ok_or_else(|| other_type(&[at, &[name]].concat(), value, expected))
}

/// A list of names.
pub(super) fn names(
    of: &Map<String, Value>,
    at: &[&str],
    name: &str,
) -> Result<Vec<String>, String> {
    let at = [at, &[name]].concat();
    let listed = list(field(of, &at, name)?, &at)?;
    let named = |(number, value): (usize, &Value)| {
        text(value, &[&at[..], &[&number.to_string()]].concat()).map(str::to_owned)
    };
    listed.iter().enumerate().map(named).collect()
}

/// That all is there that has to be, and nothing that is not known.
pub(super) fn check(
    of: &Map<String, Value>,
    at: &[&str],
    required: &[&str],
    known: &[&str],
) -> Result<(), String> {
    let unknown: Vec<String> = of
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| format!("'{name}'"))
        .collect();
    if !unknown.is_empty() {
        let verb = if unknown.len() == 1 { "was" } else { "were" };
        let names = unknown.join(", ");
        let message = format!("Additional properties are not allowed ({names} {verb} unexpected)");
        return Err(in_place(at, &message));
    }
    required.iter().try_for_each(|name| field(of, at, name).map(drop))
}
