//! A value that is asked for: how it is read, and whether what an object has is it.

use std::net::IpAddr;
use std::ops::{Bound, RangeBounds};

use ipnet::IpNet;

use crate::mac::MacAddress;
use crate::query::error::Problem;
use crate::query::field::{Field, FieldKind, Scalar};
use crate::query::glyph::{Glyph, text_of};
use crate::query::moment::{self, Moment};
use crate::query::pattern::Pattern;
use crate::time::Timestamp;

/// From one value to another.
pub(crate) type Span<T> = (Bound<T>, Bound<T>);

/// What a value of an object may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Whatever it is.
    Anything,
    /// A text, a number or an address that is written like that.
    Like(Pattern),
    /// That very text.
    Exactly(String),
    Number(Span<f64>),
    Boolean(bool),
    /// Between two moments, each of which may last.
    Time(Span<Moment>),
    /// How long ago it is, in milliseconds.
    Age(Span<u64>),
    Address(Span<IpAddr>),
    Network(IpNet),
    Mac(MacAddress),
}

impl Value {
    /// The value in some letters, which are at least one; `Err` when it is none of that field.
    pub(crate) fn read(glyphs: &[Glyph], field: &Field) -> Result<Self, Problem> {
        if glyphs.iter().all(|glyph| glyph.means('*')) {
            return Ok(Self::Anything);
        }
        let written = Written::of(glyphs);
        let no_order = || Problem::NoOrder { field: field.name.to_string(), kind: field.kind };
        if !written.is_single() && !field.kind.is_ordered() {
            return Err(no_order());
        }
        if written.is_empty() {
            return Err(Problem::NoValue { field: field.name.to_string() });
        }
        let read = match field.kind {
            FieldKind::Text => Some(text(&written)),
            FieldKind::Number => written.span(number).map(Self::Number),
            FieldKind::Boolean => written.one().and_then(|glyphs| boolean(&text_of(glyphs))),
            FieldKind::Time => time(&written),
            FieldKind::Address => address(&written),
            FieldKind::Mac => written.one().and_then(mac),
        };
        read.ok_or_else(|| Problem::BadValue {
            field: field.name.to_string(),
            value: text_of(glyphs),
            wanted: wanted(field.kind),
        })
    }

    /// Whether a value of an object is that; `text` is how it is written, in lower case.
    pub(crate) fn is(&self, scalar: &Scalar<'_>, text: Option<&str>, now: Timestamp) -> bool {
        match (self, scalar) {
            (Self::Anything, _) => true,
            (Self::Like(pattern), _) => text.is_some_and(|text| pattern.is_whole(text)),
            (Self::Exactly(wanted), Scalar::Text(text)) => wanted == text,
            (Self::Number(span), Scalar::Number(number)) => span.contains(number),
            (Self::Boolean(wanted), Scalar::Boolean(is)) => wanted == is,
            (Self::Time(span), Scalar::Time(time)) => moment::is_within(span, *time),
            (Self::Age(span), Scalar::Time(time)) => span.contains(&now.since_ms(*time)),
            (Self::Address(_) | Self::Network(_) | Self::Mac(_), _) => is_address(self, scalar),
            (
                Self::Exactly(_)
                | Self::Number(_)
                | Self::Boolean(_)
                | Self::Time(_)
                | Self::Age(_),
                _,
            ) => false,
        }
    }

    /// The one text that all values have that are it, and no others, in lower case.
    pub(crate) fn word(&self) -> Option<String> {
        match self {
            Self::Like(pattern) => pattern.literal().map(str::to_owned),
            Self::Mac(mac) => Some(mac.to_string()),
            Self::Address((Bound::Included(least), Bound::Included(most))) if least == most => {
                Some(least.to_string())
            }
            Self::Anything
            | Self::Exactly(_)
            | Self::Number(_)
            | Self::Boolean(_)
            | Self::Time(_)
            | Self::Age(_)
            | Self::Address(_)
            | Self::Network(_) => None,
        }
    }
}

/// The hardware or IP address that a text is, as a value.
pub(crate) fn address_of_either_kind(text: &str) -> Option<Value> {
    let ip = || one_address(text).map(|ip| Value::Address(only(ip)));
    any_mac(text).map(Value::Mac).or_else(ip)
}

/// Whether a value of an object is that address, or one of those.
pub(crate) fn is_address(wanted: &Value, scalar: &Scalar<'_>) -> bool {
    match (wanted, scalar) {
        (Value::Mac(wanted), Scalar::Mac(mac)) => wanted == mac,
        (Value::Network(network), Scalar::Address(ip)) => network.contains(&ip.to_canonical()),
        (Value::Address(span), Scalar::Address(ip)) => {
            let ip = ip.to_canonical();
            // Addresses of one family come before all of the other, which nobody means.
            let family = |bound: &Bound<IpAddr>| match bound {
                Bound::Included(known) | Bound::Excluded(known) => known.is_ipv4() == ip.is_ipv4(),
                Bound::Unbounded => true,
            };
            family(&span.0) && family(&span.1) && span.contains(&ip)
        }
        _ => false,
    }
}

/// A value as it is written: one, or from one to another.
enum Written<'a> {
    One(&'a [Glyph]),
    Exactly(&'a [Glyph]),
    Between(Bound<&'a [Glyph]>, Bound<&'a [Glyph]>),
}

impl<'a> Written<'a> {
    fn of(glyphs: &'a [Glyph]) -> Self {
        let starts = |sign: &str| {
            let letters = sign.chars().zip(glyphs);
            letters.clone().count() == sign.len() && letters.into_iter().all(|(c, g)| g.means(c))
        };
        if starts(">=") {
            return Self::Between(Bound::Included(&glyphs[2..]), Bound::Unbounded);
        }
        if starts("<=") {
            return Self::Between(Bound::Unbounded, Bound::Included(&glyphs[2..]));
        }
        if starts(">") {
            return Self::Between(Bound::Excluded(&glyphs[1..]), Bound::Unbounded);
        }
        if starts("<") {
            return Self::Between(Bound::Unbounded, Bound::Excluded(&glyphs[1..]));
        }
        if starts("=") {
            return Self::Exactly(&glyphs[1..]);
        }
        let is_range = |pair: &[Glyph]| pair.iter().all(|glyph| glyph.means('.'));
        let Some(at) = glyphs.windows(2).position(is_range) else { return Self::One(glyphs) };
        let (from, to) = (&glyphs[..at], &glyphs[at + 2..]);
        let end = |end: &'a [Glyph]| {
            if end.is_empty() { Bound::Unbounded } else { Bound::Included(end) }
        };
        Self::Between(end(from), end(to))
    }

    fn is_single(&self) -> bool {
        matches!(self, Self::One(_) | Self::Exactly(_))
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::One(glyphs) | Self::Exactly(glyphs) => glyphs.is_empty(),
            Self::Between(Bound::Unbounded, Bound::Unbounded) => true,
            Self::Between(from, to) => [from, to].into_iter().any(|bound| match bound {
                Bound::Included(glyphs) | Bound::Excluded(glyphs) => glyphs.is_empty(),
                Bound::Unbounded => false,
            }),
        }
    }

    fn one(&self) -> Option<&'a [Glyph]> {
        match self {
            Self::One(glyphs) | Self::Exactly(glyphs) => Some(glyphs),
            Self::Between(..) => None,
        }
    }

    /// What it spans, when each of its ends can be read and it has something between them.
    fn span<T: PartialOrd + Copy>(&self, read: impl Fn(&str) -> Option<T>) -> Option<Span<T>> {
        let end = |bound: &Bound<&[Glyph]>| {
            Some(match bound {
                Bound::Included(glyphs) => Bound::Included(read(&text_of(glyphs))?),
                Bound::Excluded(glyphs) => Bound::Excluded(read(&text_of(glyphs))?),
                Bound::Unbounded => Bound::Unbounded,
            })
        };
        match self {
            Self::One(glyphs) | Self::Exactly(glyphs) => read(&text_of(glyphs)).map(only),
            Self::Between(from, to) => {
                let span = (end(from)?, end(to)?);
                let turned = matches!(
                    &span,
                    (Bound::Included(from), Bound::Included(to)) if from > to
                );
                (!turned).then_some(span)
            }
        }
    }
}

/// From a value to itself.
fn only<T: Copy>(value: T) -> Span<T> {
    (Bound::Included(value), Bound::Included(value))
}

fn text(written: &Written<'_>) -> Value {
    match written {
        Written::Exactly(glyphs) => Value::Exactly(text_of(glyphs)),
        Written::One(glyphs) => Value::Like(Pattern::of(glyphs)),
        Written::Between(..) => Value::Anything,
    }
}

/// A number, with or without a suffix for a size.
fn number(text: &str) -> Option<f64> {
    let suffix = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '-'));
    let (digits, suffix) = text.split_at(suffix.unwrap_or(text.len()));
    let (thousand, letter) = match suffix.to_ascii_lowercase().as_str() {
        "" | "b" => (1_f64, 0),
        "k" | "kb" => (1000_f64, 1),
        "m" | "mb" => (1000_f64, 2),
        "g" | "gb" => (1000_f64, 3),
        "t" | "tb" => (1000_f64, 4),
        "ki" | "kib" => (1024_f64, 1),
        "mi" | "mib" => (1024_f64, 2),
        "gi" | "gib" => (1024_f64, 3),
        "ti" | "tib" => (1024_f64, 4),
        _ => return None,
    };
    let number: f64 = digits.parse().ok()?;
    Some(number * thousand.powi(letter)).filter(|number| number.is_finite())
}

fn boolean(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(Value::Boolean(true)),
        "no" | "false" => Some(Value::Boolean(false)),
        _ => None,
    }
}

/// A moment, or an age: that something is of exactly one age means nothing.
fn time(written: &Written<'_>) -> Option<Value> {
    if let Some(span) = written.span(Moment::read) {
        return Some(Value::Time(span));
    }
    if written.is_single() {
        return None;
    }
    written.span(moment::age_ms).map(Value::Age)
}

fn address(written: &Written<'_>) -> Option<Value> {
    if let Some(span) = written.span(one_address) {
        let families = match &span {
            (Bound::Included(from), Bound::Included(to)) => from.is_ipv4() == to.is_ipv4(),
            _ => true,
        };
        return families.then_some(Value::Address(span));
    }
    let glyphs = written.one()?;
    if glyphs.iter().any(|glyph| glyph.means('*')) {
        let is_part = |letter: char| letter.is_ascii_hexdigit() || ".:*".contains(letter);
        let text = text_of(glyphs);
        return text.chars().all(is_part).then(|| like(Pattern::of(glyphs)));
    }
    let network: IpNet = text_of(glyphs).parse().ok()?;
    let bits = network.prefix_len();
    let first = network.network().to_canonical();
    let is_mapped = first.is_ipv4() && network.addr().is_ipv6();
    let bits = if is_mapped { bits.checked_sub(96)? } else { bits };
    IpNet::new(first, bits).ok().map(Value::Network)
}

fn one_address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

fn mac(glyphs: &[Glyph]) -> Option<Value> {
    let text = text_of(glyphs);
    if !glyphs.iter().any(|glyph| glyph.means('*')) {
        return any_mac(&text).map(Value::Mac);
    }
    let is_part = |letter: char| letter.is_ascii_hexdigit() || ":-*".contains(letter);
    let pattern = || Pattern::of(glyphs).map(|part| part.replace('-', ":"));
    text.chars().all(is_part).then(|| like(pattern()))
}

/// A pattern of stars alone is like anything.
fn like(pattern: Pattern) -> Value {
    if pattern.parts().iter().all(String::is_empty) {
        Value::Anything
    } else {
        Value::Like(pattern)
    }
}

/// A hardware address with `:` or `-` between its bytes, `.` between each two of them, or nothing.
fn any_mac(text: &str) -> Option<MacAddress> {
    if let Ok(mac) = text.parse() {
        return Some(mac);
    }
    let groups: Vec<&str> = text.split('.').collect();
    let digits = match groups.as_slice() {
        [one] if one.len() == 12 => (*one).to_owned(),
        [a, b, c] if [a, b, c].iter().all(|group| group.len() == 4) => groups.concat(),
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(&digits, 16).ok()?;
    let [_, _, bytes @ ..] = number.to_be_bytes();
    Some(MacAddress(bytes))
}

fn wanted(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "a text",
        FieldKind::Number => "a number such as 8, 1.5 or 16GiB, >8, or 4..16",
        FieldKind::Boolean => "yes or no",
        FieldKind::Time => {
            "a time such as 2026-11-30 or 2026-11-30T08:00:00Z, or an age such as <1h or >7d"
        }
        FieldKind::Address => {
            "an IP address, a network such as 10.0.0.0/24, or from one to another"
        }
        FieldKind::Mac => "a hardware address such as 52:54:00:12:34:56",
    }
}
