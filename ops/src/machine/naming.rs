//! Names and descriptions: all that zones and resource pools have.

use crate::error::Refusal;
use crate::machine::tags;

/// What shall be set of a zone or pool; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// Its unique name.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

impl Naming {
    /// The name, if there is one.
    ///
    /// # Errors
    /// [`Refusal::Fields`] when it is empty or no name.
    pub fn checked_name(&self) -> Result<Option<String>, Refusal> {
        match self.name.as_deref() {
            None => Ok(None),
            Some("") => Err(required()),
            Some(name) if tags::is_name(name) => Ok(Some(name.to_owned())),
            Some(name) => Err(Refusal::field("name", format!("Invalid name: {name}."))),
        }
    }

    /// The name, which must be there.
    ///
    /// # Errors
    /// [`Refusal::Fields`].
    pub fn required_name(&self) -> Result<String, Refusal> {
        self.checked_name()?.ok_or_else(required)
    }
}

fn required() -> Refusal {
    Refusal::field("name", "This field is required.")
}
