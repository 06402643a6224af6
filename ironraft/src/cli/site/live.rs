//! The site as the region shows it: objects with their keys, and with the names that a file has for what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cli::site::document::{Document, Entry, is_empty, sort};
use crate::cli::site::kind::{self, Field, Fields, Form, Kind, Verb, sections};

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    /// What its path ends in.
    pub(crate) id: String,
    /// What it is called in a file.
    pub(crate) name: String,
    /// The values of its fields as a file has them.
    pub(crate) fields: Fields,
    /// What the region shows.
    pub(crate) shown: Value,
}

/// What is on the site, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live {
    objects: BTreeMap<&'static str, Vec<Object>>,
}

impl Live {
    /// Puts what the region lists of a kind in place of what was known; what it refers to is to be known before.
    pub(crate) fn put(&mut self, kind: &'static Kind, shown: Vec<Value>) {
        self.objects.insert(kind.name, Vec::new());
        // Objects may refer to others of their kind, which have to have names first.
        let named = shown.into_iter().filter_map(|shown| self.object(kind, shown)).collect();
        self.objects.insert(kind.name, named);
        let again: Vec<Value> = self.all(kind.name).map(|object| object.shown.clone()).collect();
        let objects = again.into_iter().filter_map(|shown| self.object(kind, shown)).collect();
        self.objects.insert(kind.name, objects);
    }

    /// Puts one object in place of the one with its key, if there was one.
    pub(crate) fn put_one(&mut self, kind: &'static Kind, shown: Value) -> Option<Object> {
        let object = self.object(kind, shown)?;
        let all = self.objects.entry(kind.name).or_default();
        all.retain(|known| known.id != object.id);
        all.push(object.clone());
        Some(object)
    }

    /// Forgets an object.
    pub(crate) fn remove(&mut self, kind: &Kind, key: &str) {
        if let Some(all) = self.objects.get_mut(kind.name) {
            all.retain(|known| known.id != key);
        }
    }

    /// All objects of a kind.
    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.objects.get(kind).into_iter().flatten()
    }

    /// An object by its kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.all(kind).find(|object| object.name == name)
    }

    /// The key of what a field names.
    pub(crate) fn key_of(&self, field: &Field, name: &str) -> Option<&str> {
        let found = field.refers.iter().find_map(|kind| self.find(kind, name));
        found.map(|object| object.id.as_str())
    }

    /// The site as a file names it: these kinds of it.
    pub(crate) fn document(&self, kinds: &BTreeSet<&str>) -> Document {
        let mut document = Document::default();
        for kind in sections().filter(|kind| kinds.contains(kind.name)) {
            let told = self.all(kind.name).filter(|object| !is_implied(kind, &object.fields));
            let mut entries: Vec<Entry> = told
                .map(|object| Entry {
                    name: object.name.clone(),
                    fields: object.fields.clone(),
                    stays: (kind.stays)(&object.shown),
                    line: 0,
                })
                .collect();
            sort(&mut entries);
            document.sections.insert(kind.name, entries);
        }
        document
    }

    fn object(&self, kind: &Kind, shown: Value) -> Option<Object> {
        let id = text_of(shown.get(kind.id)?)?;
        let fields = self.fields_of(kind, &shown);
        let name = kind.name_of(&fields)?;
        Some(Object { id, name, fields, shown })
    }

    fn fields_of(&self, kind: &Kind, shown: &Value) -> Fields {
        let mut fields = Fields::new();
        for field in kind.fields() {
            let found = found_at(shown, field.place);
            let value = if field.refers.is_empty() || field.form == Form::Set {
                self.formed(field, found)
            } else if field.form == Form::Texts {
                Some(self.names_of(field, found).into())
            } else {
                let name = found.first().and_then(|value| self.name_of(field, value));
                Some(name.map_or(Value::Null, Value::from))
            };
            if let Some(value) = value {
                fields.insert(field.name.to_owned(), value);
            }
        }
        fields
    }

    /// The name of what an object refers to: by its key, its name, or as it is shown within the object.
    fn name_of(&self, field: &Field, value: &Value) -> Option<String> {
        let kinds = || field.refers.iter().filter_map(|name| kind::find(name));
        let key = |kind: &Kind| match value {
            Value::Object(members) => members.get(kind.id).and_then(text_of),
            other => text_of(other),
        };
        kinds().find_map(|kind| {
            let key = key(kind)?;
            let mut all = self.all(kind.name);
            // What is shown as a text may be the key or the name.
            let found = all.find(|known| known.id == key).or_else(|| self.find(kind.name, &key));
            found.map(|known| known.name.clone())
        })
    }

    /// The names of all objects of a list, in its order.
    fn names_of(&self, field: &Field, found: Vec<&Value>) -> Vec<String> {
        let items = found.into_iter().filter_map(Value::as_array).flatten();
        items.filter_map(|item| self.name_of(field, item).or_else(|| text_of(item))).collect()
    }

    fn formed(&self, field: &Field, found: Vec<&Value>) -> Option<Value> {
        match field.form {
            Form::Texts | Form::Set => {
                let mut texts: Vec<String> = found
                    .into_iter()
                    .flat_map(|value| match value {
                        Value::Array(items) => items.iter().collect(),
                        other => vec![other],
                    })
                    .filter_map(text_of)
                    .filter(|text| field.verb != Some(Verb::Tags) || self.is_by_hand(text))
                    .collect();
                if field.form == Form::Set {
                    texts.sort_unstable();
                    texts.dedup();
                }
                Some(texts.into())
            }
            Form::Map => found.into_iter().next().cloned().filter(Value::is_object),
            // Only of the one that it is.
            Form::Boolean if field.verb == Some(Verb::SetDefault) => {
                found.into_iter().find(|value| **value == true).cloned()
            }
            Form::Text | Form::Number | Form::Boolean | Form::Any => {
                found.into_iter().next().cloned()
            }
        }
    }

    /// Whether a tag is set by hand, and not by its definition.
    fn is_by_hand(&self, tag: &str) -> bool {
        let definition = self.find("tags", tag).and_then(|tag| tag.fields.get("definition"));
        definition.is_none_or(is_empty)
    }
}

/// Whether an object follows from others: the name that DNS records belong to.
fn is_implied(kind: &Kind, fields: &Fields) -> bool {
    let says_nothing = |name: &str| fields.get(name).is_none_or(is_empty);
    kind.name == "dns-resources" && says_nothing("ip_addresses") && says_nothing("address_ttl")
}

/// What lies at members of an object, of all items where one of them is a list.
fn found_at<'a>(object: &'a Value, place: &str) -> Vec<&'a Value> {
    let mut found = vec![object];
    for member in place.split('.') {
        let within = found.into_iter().flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        });
        found = within.filter_map(|value| value.get(member)).collect();
    }
    found
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(live: &mut Live, kind: &str, shown: Value) {
        live.put(kind::find(kind).unwrap(), shown.as_array().cloned().unwrap());
    }

    #[test]
    fn references_are_names_however_the_region_shows_them() {
        let mut live = Live::default();
        let rack = |id: &str, name: &str| json!({"system_id": id, "hostname": name});
        let racks = [rack("abc", "rack-1"), rack("ghi", "rack-2"), rack("jkl", "rack-3")];
        put(&mut live, "racks", json!(racks));
        put(&mut live, "spaces", json!([{"id": 1, "name": "dmz"}]));
        put(&mut live, "fabrics", json!([{"id": 0, "name": "lab"}]));
        let vlan = json!({"id": 7, "fabric": "lab", "vid": 0, "space": "dmz", "primary_rack": "abc", "further_racks": ["jkl", "ghi"]});
        let relayed =
            json!({"id": 8, "fabric": "lab", "vid": 5, "space": "undefined", "relay_vlan": vlan});
        put(&mut live, "vlans", json!([relayed, vlan]));
        put(&mut live, "subnets", json!([{"id": 3, "cidr": "10.0.0.0/24", "vlan": relayed}]));
        let fields = |kind: &str, name: &str| live.find(kind, name).unwrap().fields.clone();
        let untagged = fields("vlans", "lab/untagged");
        assert_eq!(
            (&untagged["space"], &untagged["primary_rack"]),
            (&json!("dmz"), &json!("rack-1"))
        );
        assert_eq!(untagged["further_racks"], json!(["rack-3", "rack-2"]), "in their order");
        let tagged = fields("vlans", "lab/5");
        assert_eq!(
            (&tagged["space"], &tagged["relay_vlan"]),
            (&Value::Null, &json!("lab/untagged"))
        );
        assert_eq!(fields("subnets", "10.0.0.0/24")["vlan"], "lab/5");
    }

    #[test]
    fn tags_by_definition_are_not_set_by_hand() {
        let mut live = Live::default();
        put(&mut live, "tags", json!([{"name": "gpu", "definition": "//gpu"}, {"name": "a"}]));
        let machine = json!({"system_id": "x", "hostname": "web", "tag_names": ["gpu", "a"],
            "interface_set": [{"mac_address": "b"}, {"mac_address": "a"}]});
        put(&mut live, "machines", json!([machine]));
        let fields = &live.find("machines", "web").unwrap().fields;
        assert_eq!(fields["tags"], json!(["a"]));
        assert_eq!(fields["mac_addresses"], json!(["b", "a"]));
    }
}
