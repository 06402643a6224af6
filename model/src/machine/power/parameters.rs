//! The parameters of a power driver. All values are kept as secrets; the table of drivers says
//! which of them may be shown.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::power::driver::is_public;
use crate::secret::Secret;

/// Parameters such as `power_address`, `power_user` and `power_pass`, by name.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PowerParameters(BTreeMap<String, Secret>);

impl PowerParameters {
    /// The value of a parameter that may be shown; none when it is absent or secret.
    #[must_use]
    pub fn public(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|_| is_public(name)).map(|value| value.expose().as_str())
    }

    /// The value of a parameter, secret or not.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Sets a parameter.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Secret>) {
        self.0.insert(name.into(), value.into());
    }

    /// All parameters, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PowerParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in &self.0 {
            match self.public(name) {
                Some(text) => map.entry(name, &text),
                None => map.entry(name, value),
            };
        }
        map.finish()
    }
}

impl<N: Into<String>, V: Into<Secret>> FromIterator<(N, V)> for PowerParameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<String>, V: Into<Secret>> Extend<(N, V)> for PowerParameters {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, pairs: I) {
        self.0.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl<N: Into<String>, V: Into<Secret>, const LENGTH: usize> From<[(N, V); LENGTH]>
    for PowerParameters
{
    fn from(pairs: [(N, V); LENGTH]) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> PowerParameters {
        [("power_address", "10.0.0.1"), ("power_pass", "hunter2"), ("unknown", "hunter2")].into()
    }

    #[test]
    fn only_public_parameters_are_printed() {
        let printed = format!("{:?}", parameters());
        assert_eq!(printed, r#"{"power_address": "10.0.0.1", "power_pass": ***, "unknown": ***}"#);
    }

    #[test]
    fn only_public_parameters_are_read_without_exposing() {
        assert_eq!(parameters().public("power_address"), Some("10.0.0.1"));
        assert_eq!(parameters().public("power_pass"), None);
        assert!(parameters().get("power_pass").is_some_and(|value| value.matches(b"hunter2")));
    }

    #[test]
    fn stored_form_is_a_plain_map() {
        let text = serde_json::to_string(&parameters()).unwrap();
        let plain = r#"{"power_address":"10.0.0.1","power_pass":"hunter2","unknown":"hunter2"}"#;
        assert_eq!(text, plain);
        assert_eq!(serde_json::from_str::<PowerParameters>(plain).unwrap(), parameters());
    }
}
