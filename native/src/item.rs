//! An object as JSON, as queries see it.

use model::mac::MacAddress;
use model::query::field::{FieldKind, Scalar, Subject};
use model::time::Timestamp;
use serde_json::Value;

use crate::field::Fields;
use crate::list::listed::Listed;

/// An object of a resource whose objects are made whole before they are selected.
#[derive(Debug)]
pub struct Item<'a> {
    /// The object.
    pub object: Value,
    /// Its fields.
    pub fields: &'a Fields,
    /// The field that names it.
    pub key: &'static str,
}

impl Subject for Item<'_> {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        let known = self.fields.fields.get(field).zip(self.fields.paths.get(field));
        if let Some((field, path)) = known {
            walk(&self.object, path, field.kind, give);
        }
    }
}

impl Listed for Item<'_> {
    fn key(&self) -> String {
        self.object.get(self.key).map(text_of).unwrap_or_default()
    }
}

fn walk(value: &Value, path: &[String], kind: FieldKind, give: &mut dyn FnMut(Scalar<'_>)) {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().for_each(|item| walk(item, path, kind, give)),
        (_, Some((member, rest))) => {
            if let Some(value) = value.get(member) {
                walk(value, rest, kind, give);
            }
        }
        (Value::Null, None) => {}
        (value, None) => {
            if !give_as(value, kind, give) {
                give(Scalar::Text(&text_of(value)));
            }
        }
    }
}

/// Gives a value as its kind; false when it is not of that kind.
fn give_as(value: &Value, kind: FieldKind, give: &mut dyn FnMut(Scalar<'_>)) -> bool {
    let text = value.as_str().unwrap_or_default();
    let scalar = match kind {
        FieldKind::Number => value.as_f64().map(Scalar::Number),
        FieldKind::Boolean => value.as_bool().map(Scalar::Boolean),
        FieldKind::Time => moment(text).map(Scalar::Time),
        FieldKind::Address => text.parse().ok().map(Scalar::Address),
        FieldKind::Mac => text.parse::<MacAddress>().ok().map(Scalar::Mac),
        FieldKind::Text => None,
    };
    scalar.map(give).is_some()
}

/// A value as it stands in a path.
#[must_use]
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok().map(Timestamp::from_unix_ms)
}
