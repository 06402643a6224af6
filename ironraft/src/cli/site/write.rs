//! A site as YAML, always the same for the same site: sections in the order in which they depend on each other, objects in
//! the order of their names, fields in that of the API.

use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::cli::site::document::{Document, Entry, VERSION};
use crate::cli::site::kind::{Kind, sections};
use crate::cli::site::secret;

/// Plain words that YAML reads as something else than a text, in one version of it or another.
const NO_TEXTS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// A document, and what was left out of it because it is secret.
pub(crate) fn document(document: &Document) -> (String, Vec<String>) {
    let mut text = format!("apiVersion: {VERSION}\n");
    let mut left_out = Vec::new();
    for kind in sections() {
        let Some(entries) = document.sections.get(kind.name) else { continue };
        let shown = entries.iter().filter(|entry| {
            let hidden = hidden_of(kind, entry);
            let is_shown = !hidden.is_whole;
            left_out.extend(hidden.told);
            is_shown
        });
        let shown: Vec<&Entry> = shown.collect();
        section(&mut text, kind, &shown);
    }
    (text, left_out)
}

/// What is secret of an object.
struct Hidden {
    told: Option<String>,
    /// Whether nothing of it can be told.
    is_whole: bool,
}

fn hidden_of(kind: &Kind, entry: &Entry) -> Hidden {
    let secrets = entry.fields.iter().filter(|(_, value)| secret::is_in(value));
    let names: Vec<&str> = secrets.map(|(name, _)| name.as_str()).collect();
    let is_whole =
        names.iter().any(|name| kind.key.contains(name)) || (kind.is_map() && !names.is_empty());
    let name = secret::without_passwords(&entry.name);
    let told = match (is_whole, names.as_slice()) {
        (_, []) => None,
        (true, _) => Some(format!("{} {name}", kind.singular())),
        (false, names) => Some(format!("{} of {} {name}", names.join(", "), kind.singular())),
    };
    Hidden { told, is_whole }
}

fn section(text: &mut String, kind: &Kind, entries: &[&Entry]) {
    let _ = write!(text, "{}:", kind.name);
    if entries.is_empty() {
        text.push_str(if kind.is_map() { " {}\n" } else { " []\n" });
        return;
    }
    text.push('\n');
    for entry in entries {
        if kind.is_map() {
            let value = entry.fields.get("value").unwrap_or(&Value::Null);
            member(text, &entry.name, value, 2);
            continue;
        }
        let fields = kind.fields().iter();
        let fields = fields.filter_map(|field| Some((field.name, entry.fields.get(field.name)?)));
        let mut lines = String::new();
        for (name, value) in fields.filter(|(_, value)| !secret::is_in(value)) {
            member(&mut lines, name, value, 4);
        }
        let _ = write!(text, "  - {}", lines.trim_start());
    }
}

fn member(text: &mut String, name: &str, value: &Value, indent: usize) {
    let pad = " ".repeat(indent);
    let _ = write!(text, "{pad}{}:", scalar(name));
    match value {
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                let _ = writeln!(text, "{pad}  - {}", value_of(item));
            }
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            for (name, value) in members {
                member(text, name, value, indent + 2);
            }
        }
        Value::String(words) if is_block(words) => {
            // Without a line break at its end a block says so.
            text.push_str(if words.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in words.lines() {
                let pad = if line.is_empty() { 0 } else { indent + 2 };
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
    use super::*;
    use crate::cli::site::tree::{self, Content};

    /// What is read of a text that was written.
    fn again(text: &str) -> String {
        let mut written = String::new();
        member(&mut written, "a", &text.into(), 0);
        let root = tree::read(&written).unwrap_or_else(|wrong| panic!("{wrong}\n{written}"));
        let Some(Content::Map(members)) = root.map(|root| root.content) else {
            panic!("{written}")
        };
        let Content::Scalar { text, .. } = &members[0].1.content else { panic!("{written}") };
        text.clone()
    }

    #[test]
    fn any_text_is_read_as_it_was() {
        let texts = [
            "",
            " ",
            "a",
            "a b",
            "a: b",
            "a #b",
            "- a",
            "yes",
            "12",
            "1e3",
            "10.0.0.0/24",
            "~",
            "52:54:00:00:00:01",
            "a\nb",
            "a\nb\n",
            "a\n\n  b\n",
            "a\nb\n\n",
            "\na\nb",
            " a\nb",
            "a \nb",
            "\ta\nb",
            "a\r\nb",
            "\u{1}",
            "\u{7f}\u{85}\u{2028}\u{feff}",
            "\"\\",
            "ä😀",
            "'",
            "|",
            "option x \"y\";\n# a comment\nz;\n",
            "\n",
            "\n\n",
            "---\na",
            "...\nb\n",
            "%a\nb\n",
            "a\t",
            "tab\there\nb",
            "{a}",
            "[",
            "@",
            "`",
            "!x",
            "*a",
            "&a",
        ];
        for text in texts {
            assert_eq!(again(text), text);
        }
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
