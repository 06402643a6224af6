//! Values that this version does not know, because a later one has them.
//!
//! What they are read as:
//! - a machine's phase: kept as it was written; such a machine boots its own disk and nothing else;
//! - an interface whose hardware address has another form than ours: left out, with what is assigned
//!   to it; an assigned address of another form: left out;
//! - a binding's state: declined, so nobody gets the address and no name means it;
//! - a subnet's mode of reverse DNS: disabled, so nothing is claimed;
//! - what a VLAN's racks advertise: nothing;
//! - a subnet's gateway or DNS server, or a server that a VLAN is relayed to, that is no address of ours: left out;
//! - a power state that a rack reports: unknown;
//! - a power action, and a kind of object: not read at all. A region that hears nothing of a power
//!   job gives it to somebody else.

use std::fmt;

/// A value of a field that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The message.
    pub message: &'static str,
    /// Its field.
    pub field: &'static str,
    /// The value, as it can be printed.
    pub value: String,
}

impl Unknown {
    pub(super) fn new(
        message: &'static str,
        field: &'static str,
        value: impl fmt::Display,
    ) -> Self {
        Self { message, field, value: value.to_string() }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value `{}` of field {} of message {}", self.value, self.field, self.message)
    }
}
