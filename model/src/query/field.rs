//! What objects are asked for by: their fields, and the values that an object has of each.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::mac::MacAddress;
use crate::time::Timestamp;

/// What kind of values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Words, compared as a whole and without regard to case.
    Text,
    /// Numbers; sizes are in bytes, so that `8GiB` means what it says.
    Number,
    /// Yes or no.
    Boolean,
    /// Points in time.
    Time,
    /// IP addresses.
    Address,
    /// Hardware addresses.
    Mac,
}

impl FieldKind {
    /// Its name, as documents and interfaces have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::Address => "address",
            Self::Mac => "mac",
        }
    }

    /// Whether one value can be more than another.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Time | Self::Address)
    }
}

/// Something that objects can be asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, `vlan.vid`: a letter first, then letters, digits, `_`, `-` and `.`.
    pub name: Cow<'static, str>,
    /// Its other names.
    pub aliases: Vec<Cow<'static, str>>,
    /// What its values are.
    pub kind: FieldKind,
    /// Whether free text is searched in it.
    pub searched: bool,
    /// What it says of an object, in a sentence.
    pub doc: Cow<'static, str>,
}

impl Field {
    /// A field without other names that free text is not searched in.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: FieldKind,
        doc: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (name, doc) = (name.into(), doc.into());
        Self { name, aliases: Vec::new(), kind, searched: false, doc }
    }

    /// The same with another name.
    #[must_use]
    pub fn alias(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.aliases.push(name.into());
        self
    }

    /// The same, searched for free text.
    #[must_use]
    pub fn searched(mut self) -> Self {
        self.searched = true;
        self
    }

    /// Whether that is one of its names, in either case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        names.into_iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// Words. Empty ones count as no value.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A point in time.
    Time(Timestamp),
    /// An IP address.
    Address(IpAddr),
    /// A hardware address.
    Mac(MacAddress),
}

/// An object that a filter looks at.
pub trait Subject {
    /// Gives each value that it has of a field, which is named by its place in the list of fields; none when it has none.
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>));
}
