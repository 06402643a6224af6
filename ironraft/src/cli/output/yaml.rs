//! JSON as YAML: the same values, in the form that people edit. Texts that YAML could take for something else are quoted as
//! JSON quotes them, which YAML reads alike.

use std::fmt::Write;

use serde_json::Value;

/// Plain words that YAML reads as something else than a text, in one version of it or another.
const NO_TEXTS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// A document of one value.
pub(crate) fn document(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

/// Writes a value from the beginning of a line on.
fn block(text: &mut String, value: &Value, indent: usize) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let _ = write!(text, "{pad}{}:", plain(name));
                behind(text, value, indent + 2, false);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{pad}-");
                behind(text, item, indent + 2, true);
            }
        }
        other => {
            let _ = writeln!(text, "{pad}{}", scalar(other));
        }
    }
}

/// Writes a value behind a name or a dash.
fn behind(text: &mut String, value: &Value, indent: usize, is_item: bool) {
    let is_empty = match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    };
    if is_empty {
        let _ = writeln!(text, " {}", scalar(value));
    } else if is_item && value.is_object() {
        // The first field stands beside the dash.
        let mut below = String::new();
        block(&mut below, value, indent);
        let _ = write!(text, " {}", below.trim_start());
    } else {
        text.push('\n');
        block(text, value, indent);
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// A text without quotation marks where it can be nothing else.
fn plain(text: &str) -> String {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == '/';
    let is_plain = text.starts_with(is_letter)
        && text.chars().all(|it| is_letter(it) || it.is_ascii_digit() || "-.".contains(it))
        && !NO_TEXTS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_blocks() {
        let value = json!({
            "id": 5,
            "name": "on",
            "cidr": "10.0.0.0/24",
            "image": "ubuntu/noble",
            "text": "a: b\n",
            "none": null,
            "empty": [],
            "vlan": {"vid": 0, "tags": ["a", "b"]},
            "links": [{"id": 1, "ips": ["c"]}, {}, [1, 2]],
        });
        let expected = "\
cidr: \"10.0.0.0/24\"
empty: []
id: 5
image: ubuntu/noble
links:
  - id: 1
    ips:
      - c
  - {}
  -
    - 1
    - 2
name: \"on\"
none: null
text: \"a: b\\n\"
vlan:
  tags:
    - a
    - b
  vid: 0
";
        assert_eq!(document(&value), expected);
        assert_eq!(document(&json!([])), "[]\n");
        assert_eq!(document(&json!("x")), "x\n");
    }
}
