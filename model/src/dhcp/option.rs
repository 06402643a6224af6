//! Options by the names that ISC's server gives them, their types, and who sets them.

mod standard;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dhcp::option::standard::{OWNED, STANDARD};

/// The code of the subnet mask.
pub const SUBNET_MASK: u8 = 1;
/// The code of the classless static routes (RFC 3442).
pub const CLASSLESS_ROUTES: u8 = 121;
/// The code that older Windows has for them.
pub const CLASSLESS_ROUTES_WINDOWS: u8 = 249;
/// The code of the user class (RFC 3004), which may be a list.
pub const USER_CLASS: u8 = 77;
/// The code of the architectures that a client boots (RFC 4578), which is a list.
pub const ARCHITECTURE: u8 = 93;

/// One value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atom {
    /// An IPv4 address (`I`).
    Address,
    /// Text in quotes (`t`).
    Text,
    /// Text in quotes, or bytes in hexadecimal (`X`).
    Bytes,
    /// On or off (`f`).
    Flag,
    /// A whole number of so many bytes, with a sign or without (`B` `S` `L`, `b` `s` `l`).
    Number {
        /// 1, 2 or 4.
        bytes: u8,
        /// Whether it may be negative.
        signed: bool,
    },
    /// A DNS name in quotes (`d`).
    Name,
    /// DNS names in quotes, with commas between them (`D`).
    Names,
}

/// What of a type may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing.
    Nothing,
    /// All of it (`A`).
    All,
    /// Its last value (`a`).
    Last,
}

/// The type of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionType {
    /// Its values, one behind the other.
    pub atoms: Vec<Atom>,
    /// What of it may come again.
    pub repeat: Repeat,
}

impl OptionType {
    /// The type that ISC's format codes mean; none when they mean none.
    #[must_use]
    pub fn of_format(format: &str) -> Option<Self> {
        let mut atoms = Vec::new();
        let mut repeat = Repeat::Nothing;
        for code in format.chars() {
            let number = |bytes, signed| Atom::Number { bytes, signed };
            let atom = match code {
                'I' => Atom::Address,
                't' => Atom::Text,
                'X' => Atom::Bytes,
                'f' => Atom::Flag,
                'B' => number(1, false),
                'S' => number(2, false),
                'L' => number(4, false),
                'b' => number(1, true),
                's' => number(2, true),
                'l' => number(4, true),
                'd' => Atom::Name,
                'D' => Atom::Names,
                'A' | 'a' if repeat == Repeat::Nothing && !atoms.is_empty() => {
                    repeat = if code == 'A' { Repeat::All } else { Repeat::Last };
                    continue;
                }
                _ => return None,
            };
            // What comes again is the end of the type.
            if repeat != Repeat::Nothing {
                return None;
            }
            atoms.push(atom);
        }
        (!atoms.is_empty()).then_some(Self { atoms, repeat })
    }

    /// Whether bytes are a value of the type.
    #[must_use]
    pub fn takes(&self, value: &[u8]) -> bool {
        let again = match self.repeat {
            Repeat::Nothing => &[],
            Repeat::All => self.atoms.as_slice(),
            Repeat::Last => self.atoms.last().map(std::slice::from_ref).unwrap_or_default(),
        };
        let mut rest = after_all(&self.atoms, value);
        while let Some(left) = rest.filter(|left| !left.is_empty() && !again.is_empty()) {
            rest = after_all(again, left);
        }
        rest.is_some_and(<[u8]>::is_empty)
    }
}

/// What is left of bytes behind values of these types.
fn after_all<'a>(atoms: &[Atom], bytes: &'a [u8]) -> Option<&'a [u8]> {
    atoms.iter().try_fold(bytes, |rest, atom| match atom {
        Atom::Address => rest.get(4..),
        Atom::Flag => rest.split_first().filter(|(flag, _)| **flag <= 1).map(|(_, rest)| rest),
        Atom::Number { bytes, .. } => rest.get(usize::from(*bytes)..),
        // They go to the end.
        Atom::Text | Atom::Bytes => (!rest.is_empty()).then_some(&rest[rest.len()..]),
        Atom::Name => after_name(rest),
        Atom::Names => {
            let mut rest = after_name(rest)?;
            while !rest.is_empty() {
                rest = after_name(rest)?;
            }
            Some(rest)
        }
    })
}

/// What is left of bytes behind a DNS name, which may end in a pointer to another one (RFC 1035 §4.1.4).
fn after_name(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0 => Some(rest),
        1..=63 => after_name(rest.get(usize::from(*first)..)?),
        192.. => rest.get(1..),
        64..=191 => None,
    }
}

impl fmt::Display for OptionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, atom) in self.atoms.iter().enumerate() {
            let before = if at == 0 { "" } else { " and " };
            write!(f, "{before}{atom}")?;
        }
        f.write_str(match self.repeat {
            Repeat::Nothing => "",
            Repeat::All | Repeat::Last => ", once or several times",
        })
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("an IPv4 address"),
            Self::Text => f.write_str("text in quotes"),
            Self::Bytes => f.write_str("text in quotes or bytes like 01:2f:a0"),
            Self::Flag => f.write_str("on or off"),
            Self::Number { bytes, signed } => {
                let sign = if *signed { "signed" } else { "unsigned" };
                write!(f, "a whole number, {sign}, of {} bits", 8 * u32::from(*bytes))
            }
            Self::Name => f.write_str("a DNS name in quotes"),
            Self::Names => f.write_str("DNS names in quotes with commas between them"),
        }
    }
}

/// An option as a name means it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Definition {
    /// The name, in lower case.
    pub name: String,
    /// The code.
    pub code: u8,
    /// The type, in ISC's format codes.
    pub format: String,
}

/// The option of a standard name, or of `option-N` and `unknown-N`.
#[must_use]
pub fn standard(name: &str) -> Option<Definition> {
    let defined =
        |code, format: &str| Definition { name: name.to_owned(), code, format: format.to_owned() };
    if let Some((_, code, format)) = STANDARD.iter().find(|(own, _, _)| *own == name) {
        return Some(defined(*code, format));
    }
    let number = name.strip_prefix("option-").or_else(|| name.strip_prefix("unknown-"))?;
    number.parse().ok().map(|code| defined(code, "X"))
}

/// What the value of an option has to be, when clients would not understand this one: those of known
/// codes have the standard type, whatever name and type a snippet gives them.
#[must_use]
pub fn unfit(code: u8, value: &[u8]) -> Option<String> {
    let (name, _, format) = STANDARD.iter().find(|(_, own, _)| *own == code)?;
    let kind = OptionType::of_format(format)?;
    if !kind.takes(value) {
        return Some(format!("of the type of `{name}`, {kind}"));
    }
    let is_mask = |bytes: [u8; 4]| {
        bytes != [0; 4]
            && u32::from_be_bytes(bytes).leading_ones() + u32::from_be_bytes(bytes).trailing_zeros()
                == 32
    };
    let is_wrong = code == SUBNET_MASK && !value.try_into().is_ok_and(is_mask);
    is_wrong.then(|| "a subnet mask: ones and then zeros, like 255.255.255.0".to_owned())
}

/// All standard names with their codes, in the order of the codes.
pub fn standard_names() -> impl Iterator<Item = (&'static str, u8)> {
    STANDARD.iter().map(|(name, code, _)| (*name, *code))
}

/// Who says an option that no snippet sets, and what to do instead; none for all others.
#[must_use]
pub fn owned(code: u8) -> Option<&'static str> {
    OWNED.iter().find(|(own, _)| *own == code).map(|(_, instead)| *instead)
}

/// All codes that no snippet sets, with what to do instead.
pub fn owned_codes() -> impl Iterator<Item = (u8, &'static str)> {
    OWNED.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_type_is_one_and_names_stand_once() {
        let mut names: Vec<&str> = Vec::new();
        for (name, _, format) in STANDARD {
            assert!(OptionType::of_format(format).is_some(), "{name}: {format}");
            assert!(!names.contains(name), "{name} stands twice");
            names.push(name);
        }
        assert!(STANDARD.is_sorted_by_key(|(_, code, _)| *code), "in the order of the codes");
        assert!(OWNED.is_sorted_by_key(|(code, _)| *code), "in the order of the codes");
    }

    #[test]
    fn formats_that_mean_nothing_are_no_types() {
        for format in ["", "A", "IAA", "IAI", "E.", "6", "IaS"] {
            assert_eq!(OptionType::of_format(format), None, "{format}");
        }
        let last = OptionType { atoms: vec![Atom::Flag, Atom::Address], repeat: Repeat::Last };
        assert_eq!(OptionType::of_format("fIa"), Some(last));
    }

    #[test]
    fn codes_have_names_of_their_own() {
        assert_eq!(standard("option-224").map(|found| found.code), Some(224));
        assert_eq!(standard("unknown-9").map(|found| found.format), Some("X".to_owned()));
        assert_eq!(standard("option-256"), None);
        assert_eq!(standard("routers").map(|found| found.code), Some(3));
    }
}
