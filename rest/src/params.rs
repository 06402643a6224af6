//! Parameters of a request: names with one or more values, and files.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

/// Parameters of query and body. Their values may be passwords, so only names are printed.
#[derive(Clone, Default)]
pub struct Params {
    values: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Bytes>,
    /// What was asked for, for the test that nothing is declared in vain.
    #[cfg(test)]
    pub(crate) asked: asked::Asked,
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).entries(self.files.keys()).finish()
    }
}

impl Params {
    /// Adds a value of a parameter.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.entry(name.into()).or_default().push(value.into());
    }

    /// Adds a file.
    pub fn add_file(&mut self, name: impl Into<String>, content: Bytes) {
        self.files.insert(name.into(), content);
    }

    /// Removes a parameter; returns its last value.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name).and_then(|mut values| values.pop())
    }

    /// Whether there is neither a value nor a file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.files.is_empty()
    }

    /// The last value of a parameter, as Django reads it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.sent(name)?.last().map(String::as_str)
    }

    /// All values of a parameter.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.sent(name).unwrap_or_default()
    }

    /// All items of a parameter that is a list: repeated, or separated by commas or blanks.
    #[must_use]
    pub fn items(&self, name: &str) -> Option<Vec<String>> {
        let values = self.sent(name)?;
        let items = values.iter().flat_map(|value| value.split([',', ' ', '\t', '\n']));
        Some(items.filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    /// All parameters with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.values.keys().filter_map(|name| Some((name.as_str(), self.sent(name)?)))
    }

    /// An uploaded file, or a plain value as one.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<Bytes> {
        let value = || self.get(name).map(|text| Bytes::copy_from_slice(text.as_bytes()));
        self.files.get(name).cloned().or_else(value)
    }

    /// Whether a file of that name was uploaded.
    #[must_use]
    pub fn has_file(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The values under a name; the one place where any is looked up.
    fn sent(&self, name: &str) -> Option<&[String]> {
        #[cfg(test)]
        self.asked.note(name);
        self.values.get(name).map(Vec::as_slice)
    }

    /// Keeps only the parameters that `is_known` names.
    pub fn keep(&mut self, is_known: impl Fn(&str) -> bool) {
        self.values.retain(|name, _| is_known(name));
        self.files.retain(|name, _| is_known(name));
    }
}

/// A boolean as MAAS's forms read it.
#[must_use]
pub fn parse_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "t" => Some(true),
        "false" | "0" | "no" | "n" | "off" | "f" | "" => Some(false),
        _ => None,
    }
}

/// The names that were looked up.
#[cfg(test)]
pub(crate) mod asked {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex, PoisonError};

    /// Shared by the copies of the same parameters.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Asked(Arc<Mutex<BTreeSet<String>>>);

    impl Asked {
        pub(super) fn note(&self, name: &str) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        }

        /// Whether a name was looked up.
        pub(crate) fn has(&self, name: &str) -> bool {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_has_names_and_no_values() {
        let mut params = Params::default();
        params.add("password", "marker-of-a-value");
        params.add_file("user_data", Bytes::from_static(b"marker-of-a-file"));
        assert_eq!(format!("{params:?}"), r#"{"password", "user_data"}"#);
    }
}
