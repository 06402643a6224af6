//! A parameter of an operation, declared once: its name and documentation for `describe/`, and how
//! its value is read.
//!
//! An operation lists its parameters; a handler reads their values through the same declarations.
//! What a request sends besides is dropped before the handler runs, so that nothing has an effect
//! that is not described.
//!
//! ```text
//! const VID: Param<u16> = Param::parsed("vid", "The 802.1Q tag.", "VID must be between 0 and 4094.");
//! const NAME: Param<String> = Param::text("name", "The VLAN's name.");
//!
//! Operation::post(…).params(&[VID.needed(), NAME.optional()])
//!
//! let change = VlanChange { vid: VID.of(params)?, name: NAME.of(params)?, … };
//! ```

use std::fmt::{self, Write};
use std::str::FromStr;

use model::error::Kind;

use crate::params::{Params, parse_boolean};
use crate::problem::Problem;

/// What is said of a number that is none.
const NO_NUMBER: &str = "Enter a whole number.";

/// What is said of an address that is none.
const NO_ADDRESS: &str = "Enter a valid IPv4 or IPv6 address.";

/// A parameter as an operation takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Its name; what ends in `{param}` stands for all names that begin so.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Whether and how often it is sent.
    pub presence: Presence,
}

/// Whether and how often a parameter is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Once.
    Required,
    /// Once or not.
    Optional,
    /// Any number of times, or as a list with commas or blanks.
    Repeated,
}

/// A parameter whose value is a `T`.
#[derive(Debug, Clone, Copy)]
pub struct Param<T> {
    name: &'static str,
    doc: &'static str,
    read: fn(&str) -> Option<T>,
    /// What is said of a value that cannot be read.
    message: Message,
    /// Whether an empty value counts as none.
    empty_is_absent: bool,
}

/// What is said of a value that cannot be read.
#[derive(Debug, Clone, Copy)]
enum Message {
    /// Always the same; `{}` stands for the value.
    Text(&'static str),
    /// What follows from the value.
    Of(fn(&str) -> String),
}

/// A type of whole numbers, with its bounds.
pub trait Whole: FromStr {
    /// The least.
    const MIN: i128;
    /// The greatest.
    const MAX: i128;
}

impl Whole for u8 {
    const MIN: i128 = 0;
    const MAX: i128 = 0xff;
}

impl Whole for u16 {
    const MIN: i128 = 0;
    const MAX: i128 = 0xffff;
}

impl Whole for u32 {
    const MIN: i128 = 0;
    const MAX: i128 = 0xffff_ffff;
}

impl Whole for u64 {
    const MIN: i128 = 0;
    const MAX: i128 = 0xffff_ffff_ffff_ffff;
}

impl Whole for usize {
    const MIN: i128 = 0;
    const MAX: i128 = 0xffff_ffff_ffff_ffff;
}

impl Spec {
    /// Whether a parameter of that name is meant.
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        match self.name.split_once("{param}") {
            Some((prefix, _)) => name.starts_with(prefix),
            None => name == self.name,
        }
    }

    /// Adds its `:param` line to a documentation.
    pub fn describe(&self, doc: &mut String) {
        let suffix = match self.presence {
            Presence::Required => "",
            Presence::Optional => " Optional.",
            Presence::Repeated => " Optional; may be repeated.",
        };
        let _ = write!(doc, "\n:param {}: {}{suffix}", self.name, self.doc);
    }
}

/// One list of parameters after another; `N` is the sum of `A` and `B`, which a build checks.
#[must_use]
pub const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [Spec; A],
    second: [Spec; B],
) -> [Spec; N] {
    assert!(A + B == N, "N is not the sum of A and B");
    let mut all = [first[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < A { first[at] } else { second[at - A] };
        at += 1;
    }
    all
}

impl<T> Param<T> {
    const fn new(
        name: &'static str,
        doc: &'static str,
        read: fn(&str) -> Option<T>,
        message: &'static str,
    ) -> Self {
        Self { name, doc, read, message: Message::Text(message), empty_is_absent: true }
    }

    /// The parameter where it must be sent.
    #[must_use]
    pub const fn needed(&self) -> Spec {
        Spec { name: self.name, doc: self.doc, presence: Presence::Required }
    }

    /// The parameter where it may be left out.
    #[must_use]
    pub const fn optional(&self) -> Spec {
        Spec { name: self.name, doc: self.doc, presence: Presence::Optional }
    }

    /// The parameter where it may be sent several times.
    #[must_use]
    pub const fn repeated(&self) -> Spec {
        Spec { name: self.name, doc: self.doc, presence: Presence::Repeated }
    }

    /// The same with another documentation.
    #[must_use]
    pub const fn described(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// Its value; none when it is absent, or empty where that means absent.
    ///
    /// # Errors
    /// 400 that names the field.
    pub fn of(&self, params: &Params) -> Result<Option<T>, Problem> {
        match params.get(self.name) {
            None => Ok(None),
            Some("") if self.empty_is_absent => Ok(None),
            Some(text) => (self.read)(text)
                .map(Some)
                .ok_or_else(|| Problem::field(self.name, self.message.about(text))),
        }
    }

    /// Its value where it must be there.
    ///
    /// # Errors
    /// 400 `No provided <name>!`, or that names the field.
    pub fn required(&self, params: &Params) -> Result<T, Problem> {
        let missing = || Problem::text(Kind::Invalid, format!("No provided {}!", self.name));
        match params.get(self.name) {
            None | Some("") => Err(missing()),
            Some(_) => self.of(params)?.ok_or_else(missing),
        }
    }

    /// Its value where it can be taken away: none when it is absent, an inner none when it is
    /// empty.
    ///
    /// # Errors
    /// 400 that names the field.
    pub fn clearable(&self, params: &Params) -> Result<Option<Option<T>>, Problem> {
        match params.get(self.name) {
            None => Ok(None),
            Some(_) => self.of(params).map(Some),
        }
    }
}

impl<T: FromStr> Param<T> {
    /// A value that reads itself; `message` is said of one that cannot.
    #[must_use]
    pub const fn parsed(name: &'static str, doc: &'static str, message: &'static str) -> Self {
        Self::new(name, doc, |text| text.trim().parse().ok(), message)
    }
}

impl<T: Whole> Param<T> {
    /// A whole number.
    #[must_use]
    pub const fn number(name: &'static str, doc: &'static str) -> Self {
        let mut param = Self::parsed(name, doc, "");
        param.message = Message::Of(|text| out_of_bounds(text, T::MIN, T::MAX));
        param
    }

    /// The same, of which the least is said to be `MIN`; the operation refuses what is less.
    #[must_use]
    pub const fn at_least<const MIN: i128>(mut self) -> Self {
        self.message = Message::Of(|text| out_of_bounds(text, MIN, T::MAX));
        self
    }
}

impl<T: FromStr<Err: fmt::Display>> Param<T> {
    /// A value that says itself why it cannot be read.
    #[must_use]
    pub const fn explained(name: &'static str, doc: &'static str) -> Self {
        let mut param = Self::parsed(name, doc, "");
        param.message = Message::Of(|text| match text.trim().parse::<T>() {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        });
        param
    }
}

impl Message {
    fn about(self, text: &str) -> String {
        match self {
            Self::Text(message) => message.replace("{}", text),
            Self::Of(message) => message(text),
        }
    }
}

/// What MAAS says of a number that is too small or too large, and of what is none.
fn out_of_bounds(text: &str, min: i128, max: i128) -> String {
    match text.trim().parse::<i128>() {
        Ok(number) if number < min => {
            format!("Ensure this value is greater than or equal to {min}.")
        }
        Ok(number) if number > max => format!("Ensure this value is less than or equal to {max}."),
        Ok(_) | Err(_) => NO_NUMBER.to_owned(),
    }
}

impl Param<std::net::IpAddr> {
    /// An address.
    #[must_use]
    pub const fn address(name: &'static str, doc: &'static str) -> Self {
        Self::parsed(name, doc, NO_ADDRESS)
    }
}

impl Param<bool> {
    /// A boolean, as MAAS's forms read it.
    #[must_use]
    pub const fn boolean(name: &'static str, doc: &'static str) -> Self {
        let message = "`{}` is not a valid boolean.";
        Self { empty_is_absent: false, ..Self::new(name, doc, parse_boolean, message) }
    }

    /// Whether it is sent and true.
    ///
    /// # Errors
    /// 400 that names the field.
    pub fn is_set(&self, params: &Params) -> Result<bool, Problem> {
        Ok(self.of(params)?.unwrap_or(false))
    }
}

impl Param<String> {
    /// Any text.
    #[must_use]
    pub const fn text(name: &'static str, doc: &'static str) -> Self {
        Self { empty_is_absent: false, ..Self::new(name, doc, |text| Some(text.to_owned()), "") }
    }

    /// The text as it was sent, if it was.
    #[must_use]
    pub fn given(&self, params: &Params) -> Option<String> {
        params.get(self.name).map(str::to_owned)
    }

    /// The text, if it was sent and is not empty.
    #[must_use]
    pub fn named(&self, params: &Params) -> Option<String> {
        params.get(self.name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The items of a list: repeated, or separated by commas or blanks; none when it is absent.
    #[must_use]
    pub fn items(&self, params: &Params) -> Option<Vec<String>> {
        params.items(self.name)
    }

    /// The values as they were sent.
    #[must_use]
    pub fn all<'a>(&self, params: &'a Params) -> &'a [String] {
        params.all(self.name)
    }

    /// The uploaded file of that name, or the text as one.
    #[must_use]
    pub fn file(&self, params: &Params) -> Option<bytes::Bytes> {
        params.file(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VID: Param<u16> = Param::number("vid", "The tag.");
    const ON: Param<bool> = Param::boolean("on", "Whether.");

    fn params(pairs: &[(&str, &str)]) -> Params {
        let mut params = Params::default();
        for (name, value) in pairs {
            params.add(*name, *value);
        }
        params
    }

    #[test]
    fn a_value_is_read_or_refused_by_name() {
        assert_eq!(VID.of(&params(&[("vid", " 5 ")])), Ok(Some(5)));
        assert_eq!(VID.of(&params(&[("vid", "")])), Ok(None));
        assert_eq!(VID.clearable(&params(&[("vid", "")])), Ok(Some(None)));
        assert_eq!(VID.of(&params(&[("vid", "x")])), Err(Problem::field("vid", NO_NUMBER)));
        for (value, message) in [
            ("65536", "Ensure this value is less than or equal to 65535."),
            ("-1", "Ensure this value is greater than or equal to 0."),
            ("1.5", NO_NUMBER),
        ] {
            assert_eq!(VID.of(&params(&[("vid", value)])), Err(Problem::field("vid", message)));
        }
        const MTU: Param<u16> = Param::number("mtu", "The MTU.").at_least::<552>();
        let small = Problem::field("mtu", "Ensure this value is greater than or equal to 552.");
        assert_eq!(MTU.of(&params(&[("mtu", "-1")])), Err(small));
        let missing = Problem::text(Kind::Invalid, "No provided vid!");
        assert_eq!(VID.required(&params(&[])), Err(missing));
        assert_eq!(ON.of(&params(&[("on", "")])), Ok(Some(false)));
        let wrong = Problem::field("on", "`maybe` is not a valid boolean.");
        assert_eq!(ON.of(&params(&[("on", "maybe")])), Err(wrong));
    }

    #[test]
    fn a_description_says_how_a_parameter_is_sent() {
        let mut doc = String::new();
        for spec in [VID.needed(), ON.optional(), VID.repeated()] {
            spec.describe(&mut doc);
        }
        assert_eq!(
            doc,
            "\n:param vid: The tag.\n:param on: Whether. Optional.\
             \n:param vid: The tag. Optional; may be repeated."
        );
    }
}
