//! What there is by now, as an administrator is told: requests name it.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values of one name are kept up to this number.
const VALUES_MAX: usize = 200;
/// A longer text names nothing.
const TEXT_MAX: usize = 80;

/// What answers said, by the name of the field.
#[derive(Debug, Default)]
pub(crate) struct Found {
    fields: BTreeMap<String, Vec<String>>,
}

impl Found {
    /// Takes in an answer of a resource: `subnets` for all below that path.
    pub(crate) fn take_in(&mut self, resource: &str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.take_in(resource, item)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(text) = scalar(value) {
                        self.add(name, &text);
                        if NAMES.contains(&name.as_str()) {
                            self.add(&format!("{resource}/"), &text);
                        }
                    }
                    // An object within another is one of the resource that the field is named for.
                    self.take_in(name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The values of a field.
    pub(crate) fn of_field(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// What objects of a resource are named by.
    pub(crate) fn of_resource(&self, resource: &str) -> &[String] {
        self.of_field(&format!("{resource}/"))
    }

    fn add(&mut self, name: &str, text: &str) {
        let values = self.fields.entry(name.to_owned()).or_default();
        if values.len() < VALUES_MAX && !values.iter().any(|value| value == text) {
            values.push(text.to_owned());
        }
    }
}

/// What an object is named by in a path.
const NAMES: [&str; 7] = ["id", "system_id", "name", "username", "filename", "cidr", "osystem"];

fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (text.len() <= TEXT_MAX).then_some(text)
}
