//! Why something is not taken back.

use model::error::Kind as ErrorKind;
use tables::error::TableError;

use crate::error::Refusal;
use crate::site::undo::changed_since::Changed;

/// Why a transaction that takes something back failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// An object is not as the revision left it.
    Changed(Changed),
    /// A rule is against it.
    Refused(Refusal),
}

impl Failure {
    /// The same of an object: not for what was asked for, but for how the site is now.
    pub(super) fn of(self, kind: &str, name: &str) -> Self {
        let Self::Refused(refusal) = self else { return self };
        let reason = match refusal {
            Refusal::Fields(errors) => {
                let messages: Vec<String> = errors.by_field().values().flatten().cloned().collect();
                messages.join(" ")
            }
            Refusal::NotFound { model } => {
                format!("The {model} that it needs is not there any more.")
            }
            Refusal::Message { message, .. } => message,
            Refusal::Tables(TableError::Duplicate { index, holder, .. }) => {
                format!("{holder} has what it had: its {index}.")
            }
            other @ (Refusal::Denied(_) | Refusal::Tables(_)) => return Self::Refused(other),
        };
        let message = format!("{kind} {name} cannot be taken back. {reason}");
        Self::Refused(Refusal::with_message(ErrorKind::Conflict, message))
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
