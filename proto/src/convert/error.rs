//! What is wrong with a message, and reading the fields that can be.

/// A message does not say what its definition promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A part that must be there is not.
    #[error("message {message} has no {field}")]
    Missing {
        /// The message.
        message: &'static str,
        /// Its field.
        field: &'static str,
    },
    /// A field's value cannot be read.
    #[error("field {field} of message {message} is not valid: {reason}")]
    Invalid {
        /// The message.
        message: &'static str,
        /// Its field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl ConvertError {
    pub(super) fn invalid(
        message: &'static str,
        field: &'static str,
    ) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Invalid { message, field, reason: reason.to_string() }
    }
}

/// Reads a field whose text or number has the form of a model type.
pub(super) fn parse<T, U>(
    message: &'static str,
    field: &'static str,
    value: U,
) -> Result<T, ConvertError>
where
    T: TryFrom<U>,
    T::Error: std::fmt::Display,
{
    T::try_from(value).map_err(|error| ConvertError::invalid(message, field)(&error))
}

/// Reads a field whose text has the form of a model type.
pub(super) fn parse_text<T>(
    message: &'static str,
    field: &'static str,
    text: &str,
) -> Result<T, ConvertError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| ConvertError::invalid(message, field)(&error))
}
