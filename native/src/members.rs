//! The members of an object, each as the text of its JSON: what is made only to be sent is never a tree of values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// An object as it is sent. A tree of the same takes several times as long to make, to keep and to drop.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Members(BTreeMap<String, Box<RawValue>>);

/// A form that shapes are made in.
pub trait Form: Send + 'static {
    /// An object in this form.
    fn of(object: &impl Serialize) -> Self;
}

impl Form for Value {
    fn of(object: &impl Serialize) -> Self {
        serde_json::to_value(object).unwrap_or_default()
    }
}

impl Form for Members {
    fn of(object: &impl Serialize) -> Self {
        let written = serde_json::to_string(object);
        written.and_then(|json| serde_json::from_str(&json)).unwrap_or_default()
    }
}

impl Members {
    /// The value of a member; none when there is no such member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// Adds members, or replaces them.
    pub fn extend(&mut self, members: impl IntoIterator<Item = (String, Value)>) {
        let written = members
            .into_iter()
            .filter_map(|(name, value)| Some((name, to_raw_value(&value).ok()?)));
        self.0.extend(written);
    }

    /// Keeps some members only.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_kept(name));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_told_changed_and_written_without_the_others() {
        let mut members = Members::of(&json!({ "b": { "c": [1, 2.5] }, "a": "x", "gone": null }));
        assert_eq!(members.get("b"), Some(json!({ "c": [1, 2.5] })));
        assert_eq!(members.get("d"), None);
        members.extend([("a".to_owned(), json!("y")), ("e".to_owned(), json!(7))]);
        members.retain(|name| name != "gone");
        let written = serde_json::to_string(&members).unwrap();
        assert_eq!(written, r#"{"a":"y","b":{"c":[1,2.5]},"e":7}"#);
    }
}
