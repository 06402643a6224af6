//! Why a use case was refused, where its reasons are those of every plain object: wrong fields,
//! nothing there, in use, not allowed.

use api::field_errors::FieldErrors;
use model::error::Kind;

use tables::error::TableError;

/// Why an operation on an object was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Wrong values, by field.
    #[error("invalid fields: {0:?}")]
    Fields(FieldErrors),
    /// No such object, by MAAS's name for its kind.
    #[error("no {model} matches")]
    NotFound {
        /// `Subnet`, `VLAN`, ….
        model: &'static str,
    },
    /// Anything else, with MAAS's words.
    #[error("{message}")]
    Said {
        /// What the caller can do about it.
        kind: Kind,
        /// What MAAS says.
        message: String,
    },
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
}

impl Refusal {
    /// A wrong value of one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Fields(FieldErrors::one(field, message))
    }

    /// A refusal with a text.
    pub fn said(kind: Kind, message: impl Into<String>) -> Self {
        Self::Said { kind, message: message.into() }
    }
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}
