//! JSON as YAML: the same values, in the form that people edit. Texts that YAML could take for something else are quoted, and
//! those of several lines stand as they are where they can.

use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// Plain words that YAML reads as something else than a text, in one version of it or another.
const NO_TEXTS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// A document of one value.
pub(crate) fn document(value: &Value) -> String {
    let mut text = String::new();
    block(&mut text, value, 0);
    text
}

/// Writes a member of an object that stands so far in: its name, and its value behind or below it.
pub(crate) fn member(text: &mut String, name: &str, value: &Value, indent: usize) {
    let _ = write!(text, "{}{}:", " ".repeat(indent), scalar(name));
    behind(text, value, indent + 2, false);
}

/// Writes a value from the beginning of a line on.
fn block(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| member(text, name, value, indent));
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{}-", " ".repeat(indent));
                behind(text, item, indent + 2, true);
            }
        }
        other => {
            let _ = writeln!(text, "{}{}", " ".repeat(indent), value_of(other));
        }
    }
}

/// Writes a value behind a name or a dash.
fn behind(text: &mut String, value: &Value, indent: usize, is_item: bool) {
    match value {
        Value::Object(fields) if !fields.is_empty() && is_item => {
            // The first field stands beside the dash.
            let mut below = String::new();
            block(&mut below, value, indent);
            let _ = write!(text, " {}", below.trim_start());
        }
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            block(text, value, indent);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(text, value, indent);
        }
        Value::String(words) if is_block(words) => {
            // Without a line break at its end a block says so.
            text.push_str(if words.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in words.lines() {
                let pad = if line.is_empty() { 0 } else { indent };
                let _ = writeln!(text, "{:pad$}{line}", "");
            }
        }
        other => {
            let _ = writeln!(text, " {}", value_of(other));
        }
    }
}

fn value_of(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// Whether a text is several lines that can stand as they are.
fn is_block(text: &str) -> bool {
    let is_line = |line: &str| {
        line.trim_end() == line && line.chars().all(|letter| !is_escaped(letter) && letter != '\r')
    };
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && text.split('\n').all(is_line)
}

/// A text without quotation marks where it can be nothing else.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    if first.is_ascii_digit() {
        return text.contains('.')
            && (text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok());
    }
    let is_inner = |letter: char| letter.is_ascii_alphanumeric() || "_/.- ".contains(letter);
    (first.is_ascii_alphabetic() || first == '_' || first == '/')
        && text.chars().all(is_inner)
        && !text.ends_with(' ')
        && !NO_TEXTS.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => shown.extend(['\\', letter]),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            letter if is_escaped(letter) => {
                let _ = write!(shown, "\\u{:04x}", u32::from(letter));
            }
            letter => shown.push(letter),
        }
    }
    shown + "\""
}

/// Whether a letter is not to be seen, or ends a line in some version of YAML.
fn is_escaped(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}')
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
            "lines": "a\n\n  b\n",
            "none": null,
            "empty": [],
            "vlan": {"vid": 0, "tags": ["a", "b"]},
            "links": [{"id": 1, "ips": ["c"]}, {}, [1, 2]],
        });
        let expected = "\
cidr: 10.0.0.0/24
empty: []
id: 5
image: ubuntu/noble
lines: |
  a

    b
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

    #[test]
    fn words_stand_without_quotation_marks_where_nobody_takes_them_for_something_else() {
        for text in ["fabric-0/untagged", "10.0.0.0/24", "10.0.0.1", "Fan is loud", "/boot"] {
            assert_eq!(scalar(text), text);
        }
        for text in ["no", "12", "1.5", "2024-01-02", "0x10", "a: b", "10:20:30", "fe80::1"] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
    }
}
