//! Parameters of a request: names with one or more values, and files.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Parameters of query and body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, Vec<String>>,
    files: BTreeMap<String, Bytes>,
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
        self.values.get(name)?.last().map(String::as_str)
    }

    /// All values of a parameter.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// All items of a parameter that is a list: repeated, or separated by commas or blanks.
    #[must_use]
    pub fn items(&self, name: &str) -> Option<Vec<String>> {
        let values = self.values.get(name)?;
        let items = values.iter().flat_map(|value| value.split([',', ' ', '\t', '\n']));
        Some(items.filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    /// All parameters with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.values.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// An uploaded file, or a plain value as one.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<Bytes> {
        let value = || self.get(name).map(|text| Bytes::copy_from_slice(text.as_bytes()));
        self.files.get(name).cloned().or_else(value)
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
