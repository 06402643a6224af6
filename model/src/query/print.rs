//! The canonical text of a filter: what is understood as the same filter.

use std::fmt::{self, Display, Formatter};
use std::ops::Bound;

use crate::query::Query;
use crate::query::expression::Expression;
use crate::query::moment::Age;
use crate::query::pattern::Pattern;
use crate::query::term::{Term, Values};
use crate::query::value::{Span, Value};

/// What needs no quotation marks, besides letters and digits.
const PLAIN: &str = "_-./@+%#~";

/// What needs none behind the name of a field.
const PLAIN_IN_VALUES: &str = "_-./@+%#~:";

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(all) => separated(f, all, " ", |part| matches!(part, Self::Any(_))),
            Self::Any(any) => separated(f, any, " OR ", |_| false),
            Self::Not(part) => match part.as_ref() {
                Self::All(_) | Self::Any(_) => write!(f, "-({part})"),
                Self::Not(_) | Self::Term(_) | Self::Free(_) => write!(f, "-{part}"),
            },
            Self::Term(term) => term.fmt(f),
            Self::Free(pattern) => pattern.fmt(f),
        }
    }
}

fn separated(
    f: &mut Formatter<'_>,
    parts: &[Expression],
    between: &str,
    is_nested: impl Fn(&Expression) -> bool,
) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        if is_nested(part) {
            write!(f, "({part})")?;
        } else {
            part.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut sign = ':';
        f.write_str(&self.name)?;
        let of = |values: &Values| -> Vec<String> {
            let words = values.words.iter().map(|word| quoted(word, PLAIN_IN_VALUES));
            words.chain(values.others.iter().map(Value::to_string)).collect()
        };
        let unwanted = of(&self.none).into_iter().map(|value| format!("!{value}"));
        for value in of(&self.any).into_iter().chain(unwanted) {
            write!(f, "{sign}{value}")?;
            sign = ',';
        }
        Ok(())
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Nothing at an end is nothing, and not an empty text.
        let shown = |part: &String| {
            if part.is_empty() { String::new() } else { quoted(part, PLAIN) }
        };
        f.write_str(&self.parts().iter().map(shown).collect::<Vec<_>>().join("*"))
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => f.write_str("*"),
            Self::Like(pattern) => pattern.fmt(f),
            Self::Exactly(text) => write!(f, "={}", quoted(text, PLAIN_IN_VALUES)),
            Self::Number(span) => spanned(f, span, |number| number.to_string()),
            Self::Boolean(yes) => f.write_str(if *yes { "yes" } else { "no" }),
            Self::Time(span) => spanned(f, span, ToString::to_string),
            Self::Age((Bound::Included(from), Bound::Included(to))) => {
                write!(f, "{}..{}", Age(*from), Age(*to))
            }
            Self::Age(span) => spanned(f, span, |age| Age(*age).to_string()),
            Self::Address(span) => spanned(f, span, ToString::to_string),
            Self::Network(network) => network.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

fn spanned<T: PartialEq>(
    f: &mut Formatter<'_>,
    span: &Span<T>,
    print: impl Fn(&T) -> String,
) -> fmt::Result {
    match span {
        (Bound::Included(from), Bound::Included(to)) if from == to => f.write_str(&print(from)),
        (Bound::Included(from), Bound::Unbounded) => write!(f, ">={}", print(from)),
        (Bound::Excluded(from), Bound::Unbounded) => write!(f, ">{}", print(from)),
        (Bound::Unbounded, Bound::Included(to)) => write!(f, "<={}", print(to)),
        (Bound::Unbounded, Bound::Excluded(to)) => write!(f, "<{}", print(to)),
        (
            Bound::Included(from) | Bound::Excluded(from),
            Bound::Included(to) | Bound::Excluded(to),
        ) => {
            write!(f, "{}..{}", print(from), print(to))
        }
        (Bound::Unbounded, Bound::Unbounded) => f.write_str("*"),
    }
}

/// A text as the value of a field can be written in a filter.
#[must_use]
pub fn value(text: &str) -> String {
    quoted(text, PLAIN_IN_VALUES)
}

fn quoted(text: &str, plain: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || plain.contains(letter);
    let keeps_its_meaning = !text.is_empty() && !text.starts_with('-') && !text.contains("..");
    if keeps_its_meaning && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
