//! The target *query*: whatever the text of a filter or a selector is, it is understood as it is printed, or refused at a place
//! in it; and looking at an object ends.

use model::mac::MacAddress;
use model::query::Query;
use model::query::error::QueryError;
use model::query::field::{Field, FieldKind, Scalar, Subject};
use model::query::selector::{Named, Selector};
use model::time::Timestamp;

use crate::draws::Draws;

const KINDS: [(&str, FieldKind); 6] = [
    ("name", FieldKind::Text),
    ("cpus", FieldKind::Number),
    ("locked", FieldKind::Boolean),
    ("created", FieldKind::Time),
    ("ip", FieldKind::Address),
    ("mac", FieldKind::Mac),
];

/// What filters are made of.
const PIECES: &[&str] = &[
    " ",
    " ",
    "(",
    ")",
    "-",
    "!",
    "\"",
    "\\",
    "*",
    ",",
    ":",
    "=",
    "<",
    ">",
    "..",
    "@",
    "[",
    "]",
    "OR",
    "AND",
    "NOT",
    "name:",
    "cpus:",
    "locked:",
    "created:",
    "ip:",
    "mac:",
    "nmae:",
    "web",
    "İ",
    "ς",
    "\u{0}",
    "8",
    "007",
    "1.5",
    "GiB",
    "1h",
    "7d",
    "2026-02-29",
    "2024-02-29T23:59:60.5-23:59",
    "yes",
    "10.0.0.1",
    "10.0.0.0/8",
    "::ffff:10.0.0.1",
    "fd00::",
    "/129",
    "52:54:00:00:00:01",
    "5254.0000.0001",
    "[1-3]",
    "99999999999999999999",
];

struct Object {
    name: String,
    number: u64,
}

impl Subject for Object {
    fn each(&self, field: usize, give: &mut dyn FnMut(Scalar<'_>)) {
        let Self { name, number } = self;
        let [_, _, mac @ ..] = number.to_be_bytes();
        match KINDS[field].1 {
            FieldKind::Text => name.split(' ').for_each(|word| give(Scalar::Text(word))),
            FieldKind::Number => {
                give(Scalar::Number(f64::from(u32::try_from(*number).unwrap_or(7))));
            }
            FieldKind::Boolean => give(Scalar::Boolean(number % 2 == 0)),
            FieldKind::Time => give(Scalar::Time(Timestamp::from_unix_ms(*number))),
            FieldKind::Address => give(Scalar::Address(u128::from(*number).to_be_bytes().into())),
            FieldKind::Mac => give(Scalar::Mac(MacAddress(mac))),
        }
    }
}

/// Reads one text as a filter and as a selector.
pub(crate) fn run(draws: &mut Draws) {
    let text = text(draws);
    let fields: Vec<Field> =
        KINDS.iter().map(|(name, kind)| Field::new(*name, *kind, "").searched()).collect();
    let now = Timestamp::from_unix_ms(1_796_040_000_000);
    let subject = Object { name: self::text(draws), number: draws.below(1 << 20) as u64 };
    match Query::parse(&text, &fields, now) {
        Err(error) => check_place(&text, &error),
        Ok(query) => {
            let printed = query.to_string();
            let again = Query::parse(&printed, &fields, now);
            assert_eq!(again.as_ref(), Ok(&query), "{text:?} is printed as {printed:?}");
            let found = query.matches(&subject);
            if !query.is_empty() {
                let negated = Query::parse(&format!("-({printed})"), &fields, now);
                assert!(
                    negated.map_or(true, |negated| negated.matches(&subject) != found),
                    "{text:?} finds as much as its opposite"
                );
            }
        }
    }
    match Selector::parse(&text) {
        Err(error) => check_place(&text, &error),
        Ok(Selector::Filter(filter)) => assert_eq!(filter, text),
        Ok(selector) => {
            let filter = selector.filter(&Named { names: &["name"], groups: &["name"] });
            if let Ok(query) = Query::parse(&filter, &fields, now) {
                let _ = query.matches(&subject);
            }
        }
    }
}

fn text(draws: &mut Draws) -> String {
    let mut text = String::new();
    for _ in 0..draws.below(24) {
        let piece: &&str = draws.pick(PIECES);
        text.push_str(piece);
    }
    text
}

fn check_place(text: &str, error: &QueryError) {
    let place = error.offset.checked_add(error.length).and_then(|end| text.get(error.offset..end));
    assert!(place.is_some(), "{error:?} is not within {text:?}");
}
