//! A file of a site, read strictly: what is not known, stands twice or has the wrong form is told with its line, all of it at
//! once, before anybody is asked anything.

use model::setting::table::{Definition, Usage};
use serde_json::Value;

use crate::cli::site::document::{Document, Entry, VERSION, sort};
use crate::cli::site::kind::{self, Field, Fields, Form, Kind, Verb, named_vlan, sections};
use crate::cli::site::tree::{self, Content, Key, Node, Wrong};

/// What a file says.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub(crate) fn document(text: &str) -> Result<Document, Vec<Wrong>> {
    let root = tree::read(text).map_err(|wrong| vec![wrong])?;
    let Some(Node { content: Content::Map(members), .. }) = root else {
        return Err(vec![Wrong::at(1, format!("`apiVersion: {VERSION}` is expected here"))]);
    };
    let mut reader = Reader::default();
    reader.version(&members);
    let mut document = Document::default();
    for (key, node) in members.iter().filter(|(key, _)| key.text != "apiVersion") {
        let Some(kind) = kind::find(&key.text).filter(|kind| kind.is_section) else {
            let known: Vec<&str> = sections().map(|kind| kind.name).collect();
            let known = known.join(", ");
            reader.wrong(key.line, format!("there is no section {}; there are {known}", key.text));
            continue;
        };
        let entries = reader.section(kind, node);
        document.sections.insert(kind.name, entries);
    }
    if reader.wrong.is_empty() {
        return Ok(document);
    }
    reader.wrong.sort_by_key(|wrong| wrong.line);
    Err(reader.wrong)
}

#[derive(Debug, Default)]
struct Reader {
    wrong: Vec<Wrong>,
}

impl Reader {
    fn wrong(&mut self, line: usize, message: impl Into<String>) {
        self.wrong.push(Wrong::at(line, message));
    }

    fn version(&mut self, members: &[(Key, Node)]) {
        let found = members.iter().find(|(key, _)| key.text == "apiVersion");
        match found.map(|(_, node)| (node.line, &node.content)) {
            Some((_, Content::Scalar { text, .. })) if text == VERSION => {}
            Some((line, _)) => self.wrong(line, format!("only {VERSION} is known here")),
            None => self.wrong(1, format!("`apiVersion: {VERSION}` is missing")),
        }
    }

    fn section(&mut self, kind: &Kind, node: &Node) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        match &node.content {
            // A name with nothing behind it is no section without objects: with --prune that would remove them all.
            Content::Map(members) if kind.is_map() => {
                entries.extend(members.iter().filter_map(|(key, node)| self.setting(key, node)));
            }
            Content::List(items) if !kind.is_map() => {
                for item in items {
                    let Some(entry) = self.entry(kind, item) else { continue };
                    match entries.iter().find(|known| known.name == entry.name) {
                        Some(known) => {
                            let (what, line) = (kind.singular(), known.line);
                            let message = format!(
                                "{what} {} stands here again, after line {line}",
                                entry.name
                            );
                            self.wrong(item.line, message);
                        }
                        None => entries.push(entry),
                    }
                }
            }
            _ => {
                let form = if kind.is_map() { "values by names" } else { "a list" };
                self.wrong(
                    node.line,
                    format!("{} is {form}; nothing is said by leaving it out", kind.name),
                );
            }
        }
        sort(&mut entries);
        entries
    }

    fn entry(&mut self, kind: &Kind, node: &Node) -> Option<Entry> {
        let Content::Map(members) = &node.content else {
            self.wrong(node.line, format!("the fields of a {} are expected here", kind.singular()));
            return None;
        };
        let before = self.wrong.len();
        let mut fields = Fields::new();
        for (key, node) in members {
            let Some(field) = kind.field(&key.text) else {
                let known: Vec<&str> = kind.fields().iter().map(|field| field.name).collect();
                let (what, known) = (kind.singular(), known.join(", "));
                let message = format!("a {what} has no field {}; it has {known}", key.text);
                self.wrong(key.line, message);
                continue;
            };
            match value(field, node) {
                Ok(value) => {
                    fields.insert(key.text.clone(), value);
                }
                Err(wrong) => self.wrong.push(wrong),
            }
        }
        if self.wrong.len() > before {
            return None;
        }
        let Some(name) = kind.name_of(&fields) else {
            let (what, key) = (kind.singular(), kind.key.join(", "));
            self.wrong(node.line, format!("a {what} is named by {key}"));
            return None;
        };
        Some(Entry { name, fields, stays: false, line: node.line })
    }

    fn setting(&mut self, key: &Key, node: &Node) -> Option<Entry> {
        let Some(known) = model::setting::table::find(&key.text) else {
            self.wrong(key.line, format!("there is no setting {}", key.text));
            return None;
        };
        match setting_value(known, node) {
            // It is as it always is.
            Ok(_) if matches!(known.usage, Usage::Refused(_)) => None,
            Ok(value) => {
                let fields = [("name", Value::from(key.text.as_str())), ("value", value)];
                let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
                Some(Entry { name: key.text.clone(), fields, stays: false, line: key.line })
            }
            Err(message) => {
                self.wrong(node.line, format!("{}: {message}", key.text));
                None
            }
        }
    }
}

/// The value of a setting, by the rules that the region has for it.
fn setting_value(known: &Definition, node: &Node) -> Result<Value, String> {
    use model::setting::form::Form as Of;
    let found = plain(node).ok_or_else(|| "a value is expected here".to_owned())?;
    let is_of = match (&found, known.form) {
        (Value::Bool(_), Of::Boolean) | (Value::Number(_), Of::Number(..)) => true,
        (Value::Null | Value::String(_), Of::Boolean | Of::Number(..)) => false,
        (Value::Null | Value::String(_), _) => true,
        _ => false,
    };
    if !is_of {
        return Err(format!("it is {}", known.form.words()));
    }
    if let Usage::Refused(reason) = known.usage
        && found != known.default.value()
    {
        return Err(format!("it cannot be set: {reason}"));
    }
    let text = match &found {
        Value::Null => return Ok(Value::Null),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    known.form.parse(&text)
}

/// The value of a field.
fn value(field: &Field, node: &Node) -> Result<Value, Wrong> {
    let expected = |what: &str| Wrong::at(node.line, format!("{}: {what} is expected", field.name));
    match (field.form, &node.content) {
        (Form::Texts | Form::Set, Content::List(items)) => {
            let mut texts =
                items.iter().map(|item| text(field, item)).collect::<Result<Vec<_>, _>>()?;
            if field.form == Form::Set {
                texts.sort_unstable();
                texts.dedup();
            }
            Ok(texts.into())
        }
        (Form::Texts | Form::Set, _) if plain(node) == Some(Value::Null) => {
            Ok(Value::Array(Vec::new()))
        }
        (Form::Texts | Form::Set, _) => Err(expected("a list of texts")),
        (Form::Map, Content::Map(members)) => {
            let members =
                members.iter().map(|(key, node)| Ok((key.text.clone(), text(field, node)?.into())));
            Ok(Value::Object(members.collect::<Result<_, Wrong>>()?))
        }
        (Form::Map, _) => Err(expected("texts by names")),
        (form, _) => match (form, plain(node)) {
            (_, Some(Value::Null)) => Ok(Value::Null),
            (Form::Number, Some(number @ Value::Number(_))) => Ok(number),
            (Form::Number, _) => Err(expected("a whole number")),
            (Form::Boolean, Some(Value::Bool(false))) if field.verb == Some(Verb::SetDefault) => {
                let message = "it is taken from a domain by giving it to another one";
                Err(Wrong::at(node.line, format!("{}: {message}", field.name)))
            }
            (Form::Boolean, Some(said @ Value::Bool(_))) => Ok(said),
            (Form::Boolean, _) => Err(expected("true or false")),
            (Form::Any, Some(value)) => Ok(value),
            _ => text(field, node).map(Value::from),
        },
    }
}

fn text(field: &Field, node: &Node) -> Result<String, Wrong> {
    match plain(node) {
        Some(Value::String(text)) if field.refers == ["vlans"] => Ok(named_vlan(&text)),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Null) | None => {
            Err(Wrong::at(node.line, format!("{}: a text is expected", field.name)))
        }
        Some(other) => {
            let message =
                format!("{}: a text is expected: \"{other}\" in quotation marks", field.name);
            Err(Wrong::at(node.line, message))
        }
    }
}

/// What a word stands for in YAML 1.2 (its core schema); none for what is no word.
fn plain(node: &Node) -> Option<Value> {
    let Content::Scalar { text, is_plain } = &node.content else { return None };
    if !is_plain {
        return Some(text.as_str().into());
    }
    Some(match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        word => match word.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => match word.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                Some(number) => Value::Number(number),
                None => word.into(),
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(body: &str) -> Vec<String> {
        let text = format!("apiVersion: ironraft/v1\n{body}");
        document(&text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn objects_are_read_with_what_names_them() {
        let text = "\
apiVersion: ironraft/v1
settings:
  ntp_servers: 10.0.0.9
  node_timeout: 45
  enable_http_proxy: false
vlans:
  - {fabric: lab, vid: 0, relay_vlan: other/0}
subnets:
  - cidr: 10.0.0.0/24
    dns_servers: [10.0.0.2, 10.0.0.1]
    disabled_boot_architectures: [uefi, pxe, pxe]
    gateway_ip:
";
        let found = document(text).unwrap();
        let of = |kind: &str, name: &str| {
            let entries = &found.sections[kind];
            entries.iter().find(|entry| entry.name == name).unwrap().fields.clone()
        };
        assert_eq!(of("settings", "node_timeout")["value"], 45);
        assert_eq!(of("vlans", "lab/untagged")["relay_vlan"], "other/untagged");
        let subnet = of("subnets", "10.0.0.0/24");
        assert_eq!(subnet["dns_servers"], json!(["10.0.0.2", "10.0.0.1"]));
        assert_eq!(subnet["disabled_boot_architectures"], json!(["pxe", "uefi"]));
        assert_eq!(subnet["gateway_ip"], Value::Null);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let body = "\
cars: []
zones:
  - name: a
    colour: red
  - description: b
  - name: c
  - name: c
vlans:
  - fabric: lab
    vid: ten
    dhcp_on: \"yes\"
tags:
  - name: 5
domains:
  - name: x
    is_default: false
pools:
";
        let told = refused(body);
        let lines: Vec<&str> = told.iter().map(|line| line.split(';').next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "line 2: there is no section cars",
                "line 5: a zone has no field colour",
                "line 6: a zone is named by name",
                "line 8: zone c stands here again, after line 7",
                "line 11: vid: a whole number is expected",
                "line 12: dhcp_on: true or false is expected",
                "line 14: name: a text is expected: \"5\" in quotation marks",
                "line 17: is_default: it is taken from a domain by giving it to another one",
                "line 18: pools is a list",
            ]
        );
    }

    #[test]
    fn settings_are_checked_by_the_rules_of_the_region() {
        let told = refused(
            "settings:\n  ntp_server: a\n  node_timeout: 0\n  node_timeout2: 1\n  curtin_verbose: false\n  \
             enable_http_proxy: \"no\"\n  upstream_dns: nine\n",
        );
        assert_eq!(
            told,
            [
                "line 3: there is no setting ntp_server",
                "line 4: node_timeout: Ensure this value is greater than or equal to 1.",
                "line 5: there is no setting node_timeout2",
                "line 6: curtin_verbose: it cannot be set: the agent always tells each step",
                "line 7: enable_http_proxy: it is `true` or `false`",
                "line 8: upstream_dns: Invalid IP address: nine.",
            ]
        );
    }

    #[test]
    fn a_file_says_what_it_is() {
        for (text, message) in [
            ("", "line 1: `apiVersion: ironraft/v1` is expected here"),
            ("zones: []\n", "line 1: `apiVersion: ironraft/v1` is missing"),
            ("apiVersion: v2\n", "line 1: only ironraft/v1 is known here"),
            ("- a\n", "line 1: `apiVersion: ironraft/v1` is expected here"),
        ] {
            assert_eq!(document(text).unwrap_err()[0].to_string(), message, "{text}");
        }
    }
}
