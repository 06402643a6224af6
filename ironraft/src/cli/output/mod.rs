//! Answers on standard output: a table for people, JSON for programs.

use std::fmt;
use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns
    Table,
    /// What the API answered
    Json,
}

/// Prints one line. A reader that went away is no failure.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let _gone = writeln!(io::stdout().lock(), "{line}");
}

/// Prints JSON.
pub(crate) fn print_json(value: &Value) {
    say(format_args!("{value:#}"));
}

/// Prints rows under a header.
pub(crate) fn print_rows(header: &[&str], rows: &[Vec<String>]) {
    for line in table_lines(header, rows) {
        say(format_args!("{line}"));
    }
}

/// The lines of a table with a header.
pub(crate) fn table_lines(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The text of a field, by a path of names such as `vlan.vid`; in a list, a name is that of an item, or a field of all
/// of them.
pub(crate) fn field(object: &Value, path: &str) -> String {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let below = |value: &Value| rest.map_or_else(|| text(value), |rest| field(value, rest));
    match object {
        Value::Array(items) if items.is_empty() => text(object),
        Value::Array(items) => match items.iter().find(|item| item["name"] == name) {
            Some(item) => below(item),
            None => items.iter().map(|item| field(item, path)).collect::<Vec<_>>().join(","),
        },
        object => below(&object[name]),
    }
}

/// The text of a value.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_by_their_path() {
        let object = json!({"vlan": {"vid": 5}, "ips": ["a", "b"], "name": ""});
        assert_eq!(field(&object, "vlan.vid"), "5");
        assert_eq!(field(&object, "ips"), "a,b");
        assert_eq!(field(&object, "name"), "-");
        assert_eq!(field(&object, "missing.too"), "-");
        let links = json!({"links": [{"id": 1}, {"id": 2, "ip": "a"}], "none": []});
        assert_eq!(field(&links, "links.id"), "1,2");
        assert_eq!(field(&links, "links.ip"), "-,a");
        assert_eq!(field(&links, "none.id"), "-");
        let rack = json!({"service_set": [{"name": "rackd", "status": "dead"}]});
        assert_eq!(field(&rack, "service_set.rackd.status"), "dead");
        assert_eq!(field(&rack, "service_set.tftp.status"), "-");
    }
}
