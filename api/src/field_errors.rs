//! What was wrong with a request, field by field, as MAAS's forms say it.

use std::collections::BTreeMap;
use std::fmt;

/// What was wrong with a request, by field; `__all__` is about the fields together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// One error of one field.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds an error of a field.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(message.into());
    }

    /// Whether a field has an error.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Fails when an error was added.
    ///
    /// # Errors
    /// The errors themselves.
    pub fn finish(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The messages by field.
    #[must_use]
    pub fn by_field(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }
}

/// For people who sent no form: `password: This password is too common.`
impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (field, messages)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{field}: {}", messages.join(" "))?;
        }
        Ok(())
    }
}
