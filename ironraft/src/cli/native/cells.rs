//! What tables say in place of what objects have: racks by their names, of which MAAS's objects have the ids, and prefixes
//! with their lengths.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::native::exchange::{NativeApi, Wanted};
use crate::cli::output::OutputArguments;

/// The members of a VLAN that are ids of racks.
const FIELDS: [&str; 5] =
    ["primary_rack", "secondary_rack", "further_racks", "service_rack", "relayed_by"];

/// What racks are called, by their ids.
#[derive(Debug, Default)]
pub(crate) struct RackNames(BTreeMap<String, String>);

/// Rows for a table. What programs read is as it was.
pub(crate) async fn in_rows(
    api: &NativeApi,
    output: &OutputArguments,
    mut rows: Vec<Value>,
) -> Vec<Value> {
    let names_any = |row: &Value| FIELDS.iter().any(|field| says_something(&row[*field]));
    if output.is_columns() && rows.iter().any(names_any) {
        let names = RackNames::read(api).await;
        for row in &mut rows {
            names.put_into(row);
        }
    }
    if output.is_columns() {
        rows.iter_mut().for_each(put_length);
    }
    rows
}

/// A lease of a prefix has that as `ip` and `prefix_length`.
fn put_length(row: &mut Value) {
    if let (Some(ip), Some(length)) = (row["ip"].as_str(), row["prefix_length"].as_u64()) {
        row["ip"] = Value::String(format!("{ip}/{length}"));
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::String(id) => !id.is_empty(),
        Value::Array(ids) => !ids.is_empty(),
        _ => false,
    }
}

impl RackNames {
    /// Asks for them. Who may not see racks sees their ids.
    pub(crate) async fn read(api: &NativeApi) -> Self {
        let fields = ["system_id", "hostname"].map(str::to_owned).into();
        let wanted = Wanted { fields, ..Wanted::default() };
        let racks = api.list("racks", &wanted).await.map(|found| found.items).unwrap_or_default();
        let named = |rack: &Value| {
            let text = |name: &str| Some(rack[name].as_str()?.to_owned());
            Some((text("system_id")?, text("hostname")?))
        };
        Self(racks.iter().filter_map(named).collect())
    }

    fn put_into(&self, row: &mut Value) {
        for field in FIELDS {
            match row.get_mut(field) {
                Some(Value::Array(ids)) => ids.iter_mut().for_each(|id| self.put(id)),
                Some(id) => self.put(id),
                None => {}
            }
        }
    }

    fn put(&self, id: &mut Value) {
        if let Some(name) = id.as_str().and_then(|id| self.0.get(id)) {
            *id = Value::String(name.clone());
        }
    }

    /// All texts in a value with the names of racks: `rack k1` for `rack rbezqh`, and `rack:k1`.
    pub(crate) fn put_into_texts(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                for (id, name) in &self.0 {
                    for before in ["rack ", "rack:"] {
                        *text = text.replace(&format!("{before}{id}"), &format!("{before}{name}"));
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into_texts(item)),
            Value::Object(members) => {
                members.values_mut().for_each(|member| self.put_into_texts(member));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> RackNames {
        let named = [("rbezqh", "k1"), ("ny4ar4", "k2")];
        RackNames(named.map(|(id, name)| (id.to_owned(), name.to_owned())).into())
    }

    #[test]
    fn rows_name_racks_and_keep_ids_of_those_that_are_gone() {
        let mut row = json!({"id": 1, "primary_rack": "rbezqh", "secondary_rack": null,
            "further_racks": ["ny4ar4", "gone77"], "name": "rbezqh"});
        names().put_into(&mut row);
        assert_eq!(
            row,
            json!({"id": 1, "primary_rack": "k1", "secondary_rack": null,
                "further_racks": ["k2", "gone77"], "name": "rbezqh"})
        );
    }

    #[test]
    fn a_prefix_has_its_length() {
        let mut rows = [
            json!({"ip": "fd00:20::", "prefix_length": 56}),
            json!({"ip": "10.0.0.1", "prefix_length": null}),
            json!({"name": "a"}),
        ];
        rows.iter_mut().for_each(put_length);
        assert_eq!(rows[0]["ip"], "fd00:20::/56");
        assert_eq!(rows[1]["ip"], "10.0.0.1");
        assert_eq!(rows[2], json!({"name": "a"}));
    }

    #[test]
    fn texts_name_racks() {
        let mut timeline = json!({"waits_for": {"text": "It is rack rbezqh, attempt 1."},
            "entries": [{"actor": "rack:ny4ar4"}]});
        names().put_into_texts(&mut timeline);
        assert_eq!(timeline["waits_for"]["text"], "It is rack k1, attempt 1.");
        assert_eq!(timeline["entries"][0]["actor"], "rack:k2");
    }
}
