//! A site as YAML, always the same for the same site: sections in the order in which they depend on each other, objects in
//! the order of their names, fields in that of the API.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::output::yaml::member;
use crate::cli::secret;
use crate::cli::site::document::{Document, Entry, VERSION};
use crate::cli::site::kind::{Kind, sections};

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
}
