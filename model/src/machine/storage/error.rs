//! Why a change of storage is refused, in MAAS's words and forms.

use std::collections::BTreeMap;

/// What MAAS says about all fields together.
pub const ALL_FIELDS: &str = "__all__";

/// Why a change of storage is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Wrong values, by field.
    #[error("{0}")]
    Fields(Wrong),
    /// A sentence.
    #[error("{0}")]
    Text(String),
    /// There is no such object, by MAAS's name for its kind.
    #[error("no {0} matches")]
    NotFound(&'static str),
}

/// What is wrong with the values of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrong(pub BTreeMap<String, Vec<String>>);

impl Wrong {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is wrong with a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.entry(field.to_owned()).or_default().push(message.into());
    }

    /// Whether a field is wrong.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// A value, or none with what is wrong with it added.
    pub fn take<T>(&mut self, field: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
    }

    /// Fails when something is wrong.
    ///
    /// # Errors
    /// [`StorageError::Fields`].
    pub fn finish(self) -> Result<(), StorageError> {
        if self.0.is_empty() { Ok(()) } else { Err(StorageError::Fields(self)) }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (field, messages)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{field}: {}", messages.join(" "))?;
        }
        Ok(())
    }
}

impl StorageError {
    /// One field is wrong.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let mut wrong = Wrong::new();
        wrong.add(field, message);
        Self::Fields(wrong)
    }

    /// The fields together are wrong.
    pub fn all(message: impl Into<String>) -> Self {
        Self::field(ALL_FIELDS, message)
    }

    /// A sentence.
    pub fn text(message: impl Into<String>) -> Self {
        Self::Text(message.into())
    }
}
