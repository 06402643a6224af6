//! The order of a list: by the values of some fields, then by the key. What has no value comes last, in both
//! directions.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::net::IpAddr;

use model::query::field::{Scalar, Subject};
use serde::{Deserialize, Serialize};

use crate::list::listed::Listed;

/// A value that objects are ordered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SortValue {
    /// Yes or no.
    Boolean(bool),
    /// A number or a time.
    Number(Total),
    /// A text in lower case, and its digits as numbers.
    Text(Vec<Piece>),
    /// An address.
    Address(IpAddr),
    /// There is none.
    Nothing,
}

/// A part of a text: `rack-10` comes after `rack-9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Piece {
    /// Digits, as a number; longer ones than fit are words.
    Digits(u64),
    /// Anything else.
    Word(String),
}

/// A number with a total order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Total(pub f64);

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// One field of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Directed {
    /// The least comes first.
    Up(SortValue),
    /// The greatest comes first.
    Down(Reverse<SortValue>),
    /// None comes last.
    Last,
}

/// Where an object stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SortKey {
    /// The values of the fields that the list is sorted by.
    pub values: Vec<Directed>,
    /// The object's key.
    pub key: String,
}

/// Where an object stands in a list with these groups and this order.
pub(crate) fn sort_key(
    item: &impl Listed,
    group: Option<usize>,
    sort: &[(usize, bool)],
) -> SortKey {
    let group = group.map(|field| (field, false));
    let fields = group.into_iter().chain(sort.iter().copied());
    let values = fields.map(|(field, down)| match (first_of(item, field), down) {
        (SortValue::Nothing, _) => Directed::Last,
        (value, false) => Directed::Up(value),
        (value, true) => Directed::Down(Reverse(value)),
    });
    SortKey { values: values.collect(), key: item.key() }
}

/// The least value that an object has of a field.
pub(crate) fn first_of(item: &(impl Subject + ?Sized), field: usize) -> SortValue {
    let mut least = SortValue::Nothing;
    item.each(field, &mut |scalar| {
        if !is_empty(&scalar) {
            least = value_of(&scalar).min(std::mem::replace(&mut least, SortValue::Nothing));
        }
    });
    least
}

fn value_of(scalar: &Scalar<'_>) -> SortValue {
    match scalar {
        Scalar::Text(text) => SortValue::Text(pieces(text)),
        Scalar::Number(number) => SortValue::Number(Total(*number)),
        Scalar::Boolean(yes) => SortValue::Boolean(*yes),
        // Exact: milliseconds of this era have less than 53 bits.
        #[expect(clippy::cast_precision_loss, reason = "times have less than 53 bits")]
        Scalar::Time(time) => SortValue::Number(Total(time.unix_ms as f64)),
        Scalar::Address(ip) => SortValue::Address(*ip),
        Scalar::Mac(mac) => SortValue::Text(vec![Piece::Word(mac.to_string())]),
    }
}

/// The same as text; none when there is none.
pub(crate) fn first_text(item: &(impl Subject + ?Sized), field: usize) -> Option<String> {
    let mut least: Option<(SortValue, String)> = None;
    item.each(field, &mut |scalar| {
        let Some(text) = text_of(&scalar) else { return };
        let value = value_of(&scalar);
        if least.as_ref().is_none_or(|(known, _)| value < *known) {
            least = Some((value, text.into_owned()));
        }
    });
    least.map(|(_, text)| text)
}

fn is_empty(scalar: &Scalar<'_>) -> bool {
    matches!(scalar, Scalar::Text(""))
}

/// A value as text; none for an empty one.
pub(crate) fn text_of<'a>(scalar: &Scalar<'a>) -> Option<Cow<'a, str>> {
    let text = match scalar {
        Scalar::Text("") => return None,
        Scalar::Text(text) => return Some(Cow::Borrowed(text)),
        Scalar::Number(number) => number.to_string(),
        Scalar::Boolean(yes) => yes.to_string(),
        Scalar::Time(time) => {
            let at = i64::try_from(time.unix_ms).ok().map(jiff::Timestamp::from_millisecond);
            at.and_then(Result::ok)?.to_string()
        }
        Scalar::Address(ip) => ip.to_string(),
        Scalar::Mac(mac) => mac.to_string(),
    };
    Some(Cow::Owned(text))
}

fn pieces(text: &str) -> Vec<Piece> {
    let lower = text.to_lowercase();
    let mut pieces = Vec::new();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        let digits = piece.parse().ok().filter(|_| is_digit);
        pieces.push(digits.map_or_else(|| Piece::Word(piece.to_owned()), Piece::Digits));
        rest = after;
    }
    pieces
}
