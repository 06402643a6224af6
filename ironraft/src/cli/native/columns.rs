//! The columns of a kind of objects, from the table of resources.

use model::secret::HIDDEN;
use serde_json::Value;

use crate::cli::failure::Failure;
use crate::cli::native::noun::Noun;
use crate::cli::output::{Columns, OutputArguments, Sheet};
use crate::cli::secret::is_named;

/// How many columns the rows of objects without a table of columns have.
const GUESSED_MAX: usize = 7;

/// Columns: headers, and paths of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    usual: Vec<(String, String)>,
    more: Vec<(String, String)>,
}

impl Shown {
    /// The columns of these objects.
    pub(crate) fn of(noun: &Noun, rows: &[Value]) -> Self {
        let is_its = |resource: &&native::resource::Resource| {
            rows.iter().all(|row| row.get(resource.key).is_some())
        };
        let Some(resource) = noun.resource.filter(is_its) else { return Self::guessed(rows) };
        let usual: Vec<(String, String)> =
            resource.columns.iter().map(|path| column(path)).collect();
        let is_new = |path: &str| !usual.iter().any(|(_, known)| known == path);
        let mut more = Vec::new();
        for field in noun.fields() {
            let names = std::iter::once(&field.name).chain(&field.aliases);
            let has = |name: &&std::borrow::Cow<'static, str>| {
                rows.iter().any(|row| row.get(&***name).is_some_and(is_simple))
            };
            if let Some(name) = names.into_iter().find(has)
                && is_new(name)
            {
                more.push(column(name));
            }
        }
        Self { usual, more }
    }

    /// The columns of objects of which nothing else is known: their simple members.
    fn guessed(rows: &[Value]) -> Self {
        let first = rows.first().and_then(Value::as_object);
        let has_id = first.is_some_and(|members| members.contains_key("id"));
        let mut usual = Vec::new();
        for (name, value) in first.into_iter().flatten() {
            let says_nothing = name == "resource_uri" || (name == "revision" && has_id);
            let is_hidden = value.as_str().is_some_and(|text| text.ends_with(HIDDEN));
            if says_nothing || (is_named(name) && !is_hidden) {
                continue;
            }
            let of_many = value.as_array().and_then(|items| items.first());
            match of_many {
                Some(item) if item.get("name").is_some() => {
                    usual.push(column(&format!("{name}.name")));
                }
                _ if is_simple(value) => usual.push(column(name)),
                _ => {}
            }
        }
        let place = |(_, path): &(String, String)| {
            let first = ["id", "system_id", "revision", "name", "time"];
            first.iter().position(|known| known == path).unwrap_or(first.len())
        };
        usual.sort_by_key(place);
        let more = usual.split_off(usual.len().min(GUESSED_MAX));
        Self { usual, more }
    }

    /// The rows of objects.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn sheet(&self, output: &OutputArguments, rows: &[Value]) -> Result<Sheet, Failure> {
        self.with(|columns| output.sheet(columns, rows))
    }

    /// Prints objects.
    ///
    /// # Errors
    /// There is no such column.
    pub(crate) fn print(
        &self,
        output: &OutputArguments,
        rows: &[Value],
        answer: &Value,
    ) -> Result<(), Failure> {
        self.with(|columns| output.print_list(columns, rows, answer))
    }

    fn with<T>(&self, used: impl FnOnce(Columns<'_>) -> T) -> T {
        let usual: Vec<(&str, &str)> =
            self.usual.iter().map(|(header, path)| (header.as_str(), path.as_str())).collect();
        let more: Vec<(&str, &str)> =
            self.more.iter().map(|(header, path)| (header.as_str(), path.as_str())).collect();
        used(Columns { usual: &usual, more: &more })
    }
}

/// Whether a value fits into a cell.
fn is_simple(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// A column with its header: `pool.name` is POOL, `status_name` STATUS, `tag_names` TAGS, `vlan.vid` VLAN-VID.
fn column(path: &str) -> (String, String) {
    let told_path = path.strip_prefix("addresses_").unwrap_or(path);
    let short = [".name", "_name", ".username", ".cidr", "_state"]
        .iter()
        .find_map(|end| told_path.strip_suffix(end))
        .map(str::to_owned)
        .or_else(|| told_path.strip_suffix("_names").map(|stem| format!("{stem}s")))
        .unwrap_or_else(|| told_path.to_owned());
    let header = short.to_uppercase().replace(['.', '_'], "-");
    let header = match header.as_str() {
        "DHCP-ON" => "DHCP".to_owned(),
        "STATUS-CHANGED" => "SINCE".to_owned(),
        _ => header,
    };
    (header, path.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::native::noun;
    use crate::cli::output::plain_lines;

    #[test]
    fn headers_say_what_is_below_them() {
        let header = |path: &str| column(path).0;
        let paths =
            ["fqdn", "status_name", "status_changed", "power_state", "pool.name", "tag_names"];
        let headers = ["FQDN", "STATUS", "SINCE", "POWER", "POOL", "TAGS"];
        assert_eq!(paths.map(header), headers);
    }

    #[test]
    fn columns_are_those_of_the_table_and_more_when_there_is_room() {
        let rows = [json!({"id": 1, "name": "plant", "class_type": "10g", "description": "",
            "vlans": [{"id": 5}]})];
        let shown = Shown::of(noun::find("fabric").unwrap(), &rows);
        let usual: Vec<&str> = shown.usual.iter().map(|(header, _)| header.as_str()).collect();
        assert_eq!(usual, ["ID", "NAME", "CLASS-TYPE", "DESCRIPTION"]);
        assert!(shown.more.is_empty(), "{shown:?}");
    }

    #[test]
    fn machines_are_a_table() {
        let machine = |name: &str, status: &str, power: &str| {
            json!({"system_id": name, "fqdn": format!("{name}.maas"), "status_name": status, "power_state": power,
                "status_changed": "3h20m", "created": "12d", "owner": "anna", "pool": {"name": "lab"}, "zone": {"name": "default"}, "tag_names": ["gpu", "fast"]})
        };
        let rows = [machine("web-01", "Ready", "off"), machine("db", "Failed deployment", "on")];
        let shown = Shown::of(noun::find("machine").unwrap(), &rows);
        let sheet = shown.with(|columns| Sheet::of_objects(columns, &rows, false, &[])).unwrap();
        let headers: Vec<&str> = sheet.headers.iter().map(String::as_str).collect();
        insta::assert_snapshot!(plain_lines(&headers, &sheet.rows).join("\n"));
    }

    #[test]
    fn what_is_in_no_table_has_its_simple_members() {
        let rows =
            [json!({"actor": "user:a", "objects": [{"name": "x"}], "revision": 7, "more": {}})];
        let shown = Shown::of(noun::find("revision").unwrap(), &rows);
        let usual: Vec<&str> = shown.usual.iter().map(|(header, _)| header.as_str()).collect();
        assert_eq!(usual, ["REVISION", "ACTOR", "OBJECTS"]);
        let rows = [
            json!({"a": 1, "b": 1, "c": 1, "client_secret": "x", "d": 1, "e": 1, "f": 1, "id": 1, "name": "n"}),
        ];
        let keys =
            [json!({"name": "laptop", "token": "a:b:***", "created": "2026-11-30T12:00:00Z"})];
        let shown = Shown::of(noun::find("account").unwrap(), &keys);
        let usual: Vec<&str> = shown.usual.iter().map(|(header, _)| header.as_str()).collect();
        assert_eq!(usual, ["NAME", "CREATED", "TOKEN"]);
        let shown = Shown::of(noun::find("oidc-provider").unwrap(), &rows);
        let usual: Vec<&str> = shown.usual.iter().map(|(header, _)| header.as_str()).collect();
        assert_eq!(usual, ["ID", "NAME", "A", "B", "C", "D", "E"]);
        assert!(!format!("{shown:?}").contains("secret"), "a table shows none");
    }
}
