//! Writes values as YAML: objects and lists in blocks, texts as JSON writes them, which YAML reads as they are.

use serde_json::Value;

/// What YAML 1.1 takes for a truth or for nothing.
const RESERVED: &[&str] = &["n", "no", "null", "off", "on", "true", "y", "yes", "false"];

/// A value as a YAML document.
#[must_use]
pub(super) fn document(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

/// Writes a value that begins at a line of its own, or goes on in one, when it is a scalar or empty.
fn write(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                begin(indent, out);
                out.push_str(&key(name));
                out.push(':');
                nested(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                begin(indent, out);
                out.push('-');
                nested(item, indent + 2, out);
            }
        }
        scalar => {
            out.push_str(&scalar.to_string());
            out.push('\n');
        }
    }
}

fn begin(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    out.push(if is_block { '\n' } else { ' ' });
    write(value, indent, out);
}

/// A name, in quotes unless nobody can take it for anything else.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|found| found.is_ascii_alphanumeric() || found == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_are_indented_and_scalars_are_those_of_json() {
        let value = json!({
            "a": { "b": [], "c": {}, "on": true, "200": null },
            "list": ["x: \"y\"\n# z", 1, { "k": "v", "l": [[2]] }],
        });
        let expected = "\
a:
  \"200\": null
  b: []
  c: {}
  \"on\": true
list:
  - \"x: \\\"y\\\"\\n# z\"
  - 1
  -
    k: \"v\"
    l:
      -
        - 2
";
        assert_eq!(document(&value), expected);
    }
}
