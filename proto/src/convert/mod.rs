//! Where the wire meets the model: one file per message, and nowhere else.
//!
//! Model values are destructured without `..`, so that a new field breaks the build here until
//! somebody decided whether racks need it. What the wire leaves out (free texts, users) is named.
//! Values that only a later version knows are read as the safe one that `unknown.rs` names.

mod address;
mod binding;
mod block;
mod boot_files;
mod controller;
mod dnsresource;
mod domain;
mod iprange;
mod machine;
mod object;
mod power;
mod setting;
mod subnet;
mod unknown;
mod user_reserved;
mod vlan;

pub use address::{ip_from_bytes, ip_to_bytes, mac_from_bytes, mac_to_bytes};
pub use object::{Key, Received, Served, key_of_object};
pub use power::{power_state_from_wire, power_state_to_wire};
pub use unknown::Unknown;

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
    fn invalid(
        message: &'static str,
        field: &'static str,
    ) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Invalid { message, field, reason: reason.to_string() }
    }
}

/// Reads a field whose text or number has the form of a model type.
fn parse<T, U>(message: &'static str, field: &'static str, value: U) -> Result<T, ConvertError>
where
    T: TryFrom<U>,
    T::Error: std::fmt::Display,
{
    T::try_from(value).map_err(|error| ConvertError::invalid(message, field)(&error))
}

/// Reads a field whose text has the form of a model type.
fn parse_text<T>(message: &'static str, field: &'static str, text: &str) -> Result<T, ConvertError>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| ConvertError::invalid(message, field)(&error))
}
