//! Why a use case was refused, where its reasons are those of every plain object: wrong fields,
//! nothing there, in use, not allowed.

use api::field_errors::FieldErrors;
use model::access::Denied;
use model::error::Kind;

use tables::error::TableError;

/// What MAAS says of a name that nothing has.
pub(crate) const NO_CHOICE: &str =
    "Select a valid choice. That choice is not one of the available choices.";

/// Why an operation on an object was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Wrong values, by field.
    #[error("invalid fields: {0}")]
    Fields(FieldErrors),
    /// No such object, by MAAS's name for its kind.
    #[error("no {model} matches")]
    NotFound {
        /// `Subnet`, `VLAN`, ….
        model: &'static str,
    },
    /// The actor may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Anything else, with MAAS's words.
    #[error("{message}")]
    Message {
        /// What the caller can do about it.
        kind: Kind,
        /// What MAAS says.
        message: String,
    },
    /// The tables refused it.
    #[error(transparent)]
    Tables(#[from] TableError),
}

/// A key of a unique index that another object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate<'a> {
    /// The index's name, `subnet.cidr`.
    pub index: &'static str,
    /// The key, readable.
    pub key: &'a str,
    /// The key of the row that has it, `t/subnet/00000001`.
    pub holder: &'a str,
}

impl Refusal {
    /// A wrong value of one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Fields(FieldErrors::one(field, message))
    }

    /// A refusal with a text.
    pub fn with_message(kind: Kind, message: impl Into<String>) -> Self {
        Self::Message { kind, message: message.into() }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Fields(_) => Kind::Invalid,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Denied(denied) => denied.kind(),
            Self::Message { kind, .. } => *kind,
            Self::Tables(error) => error.kind(),
        }
    }

    /// The key that another object has, when that is the reason.
    #[must_use]
    pub fn duplicate(&self) -> Option<Duplicate<'_>> {
        match self {
            Self::Tables(TableError::Duplicate { index, key, holder }) => {
                Some(Duplicate { index, key, holder })
            }
            Self::Tables(_)
            | Self::Fields(_)
            | Self::NotFound { .. }
            | Self::Denied(_)
            | Self::Message { .. } => None,
        }
    }

    /// Whether the change may have been made all the same.
    #[must_use]
    pub fn is_outcome_open(&self) -> bool {
        matches!(self, Self::Tables(TableError::Unavailable { outcome_open: true, .. }))
    }
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}
