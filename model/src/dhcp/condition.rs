//! What an `if` or a class asks of a client, and whether it is so.

use std::borrow::Cow;

use crate::dhcp::option::{ARCHITECTURE, USER_CLASS};

/// What is known of a client that a condition can ask for.
pub trait ClientFacts {
    /// The value of an option that it sent.
    fn option(&self, code: u8) -> Option<&[u8]>;

    /// Its hardware type, and its hardware address behind it.
    fn hardware(&self) -> Vec<u8>;

    /// Whether it is one that the site has: a machine's, or one with a reserved address.
    fn is_known(&self) -> bool;
}

/// Something that is so or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of these are so.
    All(Vec<Self>),
    /// One of these is so.
    Any(Vec<Self>),
    /// This is not so.
    Not(Box<Self>),
    /// Both are the same. Of an option that is a list (user class, architectures) one entry of it, or
    /// the whole.
    Equal(Bytes, Bytes),
    /// The client sent the option.
    Exists(u8),
    /// The client is one that the site has.
    Known,
}

/// Bytes that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// These.
    Literal(Vec<u8>),
    /// What the client sent as an option.
    Option(u8),
    /// Hardware type and address.
    Hardware,
    /// A part of others.
    Substring {
        /// Of which.
        of: Box<Self>,
        /// How many are left out at the beginning.
        from: u32,
        /// How many at most.
        len: u32,
    },
    /// The end of others.
    Suffix {
        /// Of which.
        of: Box<Self>,
        /// How many at most.
        len: u32,
    },
    /// Others with letters in lower case.
    Lower(Box<Self>),
    /// Others with letters in upper case.
    Upper(Box<Self>),
}

impl Condition {
    /// Whether it is so of a client.
    #[must_use]
    pub fn holds(&self, client: &impl ClientFacts) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(client)),
            Self::Any(any) => any.iter().any(|one| one.holds(client)),
            Self::Not(not) => !not.holds(client),
            Self::Exists(code) => client.option(*code).is_some(),
            Self::Known => client.is_known(),
            Self::Equal(left, right) => {
                let (one, other) = (left.value(client), right.value(client));
                one == other
                    || other.is_some_and(|other| left.has_entry(client, &other))
                    || one.is_some_and(|one| right.has_entry(client, &one))
            }
        }
    }
}

impl Bytes {
    /// The bytes; none when the client did not send what they are made from.
    fn value<'a>(&'a self, client: &'a impl ClientFacts) -> Option<Cow<'a, [u8]>> {
        Some(match self {
            Self::Literal(bytes) => Cow::Borrowed(bytes),
            Self::Option(code) => Cow::Borrowed(client.option(*code)?),
            Self::Hardware => Cow::Owned(client.hardware()),
            Self::Substring { of, from, len } => {
                let bytes = of.value(client)?;
                let start = (*from as usize).min(bytes.len());
                let end = start.saturating_add(*len as usize).min(bytes.len());
                Cow::Owned(bytes[start..end].to_vec())
            }
            Self::Suffix { of, len } => {
                let bytes = of.value(client)?;
                let start = bytes.len().saturating_sub(*len as usize);
                Cow::Owned(bytes[start..].to_vec())
            }
            Self::Lower(of) => Cow::Owned(of.value(client)?.to_ascii_lowercase()),
            Self::Upper(of) => Cow::Owned(of.value(client)?.to_ascii_uppercase()),
        })
    }

    /// Whether it is an option that is a list and has this entry.
    fn has_entry(&self, client: &impl ClientFacts, entry: &[u8]) -> bool {
        match self {
            Self::Option(code @ USER_CLASS) => {
                client.option(*code).is_some_and(|list| classes(list).any(|one| one == entry))
            }
            Self::Option(code @ ARCHITECTURE) => {
                client.option(*code).is_some_and(|list| list.chunks(2).any(|one| one == entry))
            }
            Self::Option(_)
            | Self::Literal(_)
            | Self::Hardware
            | Self::Substring { .. }
            | Self::Suffix { .. }
            | Self::Lower(_)
            | Self::Upper(_) => false,
        }
    }
}

/// The classes of a list with lengths (RFC 3004 §4), up to the first that is cut off.
fn classes(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (class, rest) = rest.split_at_checked(usize::from(*length))?;
        list = rest;
        Some(class)
    })
}
